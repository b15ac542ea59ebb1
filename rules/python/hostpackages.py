"""Tells which packages this interpreter has, by name and version, as JSON."""
import importlib.metadata
import json
import re

found = {}
for d in importlib.metadata.distributions():
    name = d.metadata["Name"]
    if name:  # what is first on the path is what is imported
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), d.version)
print(json.dumps([{"name": n, "version": found[n] or ""} for n in sorted(found)], indent=1))
