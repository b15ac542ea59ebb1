"""Tasks for workflows of field data."""
