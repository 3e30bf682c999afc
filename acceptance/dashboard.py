"""Reads a dashboard with Grafana's own models and prints the paths of keys that are gone when it is written again.

python dashboard.py FILE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    if isinstance(before, dict):
        taken = after if isinstance(after, dict) else {}
        return [
            one
            for key, value in before.items()
            for one in (lost(value, taken[key], f"{path}.{key}") if key in taken else [f"{path}.{key}"])
        ]
    if isinstance(before, list):
        taken_list = after if isinstance(after, list) else []
        if len(taken_list) != len(before):
            return [path]
        return [one for at, value in enumerate(before) for one in lost(value, taken_list[at], f"{path}[{at}]")]
    return [] if before == after else [f"{path}: {before!r} became {after!r}"]


written = json.loads(Path(sys.argv[1]).read_text())
read = Dashboard.from_json(written)
for path in lost(written, json.loads(JSONEncoder(sort_keys=True).encode(read))):
    print(path)
