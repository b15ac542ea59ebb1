"""Tasks that read field data."""
