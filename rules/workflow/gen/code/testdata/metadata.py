"""What the workflow is. Nothing here imports a task."""

import json
import re
from pathlib import Path
from typing import Any

ID = "tour"
NAME = "wt-tour-workflow"
TITLE = "A tour of all forms"
VERSION = "1.2.0"
SPEC_SHA256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
ENV: list[str] = ["SKY_TOKEN"]
TASKS: list[dict[str, Any]] = [
    {
        "id": "seen",
        "name": "Get what was\nseen — 🌙",
        "task": "ext_sky.tasks.io.fetch",
        "method": "call",
        "needs": [],
        "skipif": [],
        "open": ["since", "limit"],
        "io": True,
    },
    {
        "id": "params",
        "name": "Counts",
        "task": "ext_sky.tasks.count",
        "method": "map",
        "needs": ["seen"],
        "skipif": [],
        "open": [],
        "io": False,
    },
    {
        "id": "by_group",
        "name": "",
        "task": "ext_sky.more.count",
        "method": "mapvalues",
        "needs": ["seen", "params"],
        "skipif": ["ext_sky.tasks.is_empty"],
        "open": [],
        "io": False,
    },
    {
        "id": "picture",
        "name": "Draw",
        "task": "ext_old.tasks.draw",
        "method": "call",
        "needs": ["by_group", "seen"],
        "skipif": [],
        "open": ["limit"],
        "io": False,
    },
]
