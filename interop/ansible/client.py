"""Runs playbook.yml, and prints the outcome of each of its checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

Path("disk.raw").write_bytes(os.urandom(100_000))
done = subprocess.run(
    ["venv/bin/ansible-playbook", "playbook.yml"],
    env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_LOCALHOST_WARNING": "false"},
    capture_output=True,
    text=True,
)
broken = 0
for task in json.loads(done.stdout)["plays"][0]["tasks"]:
    result = task["hosts"]["localhost"]
    outcome, colon, check = task["task"]["name"].partition(": ")
    if not colon:
        continue
    note = "" if outcome == "works" else result["msg"].strip()
    if result.get("failed"):
        print(json.dumps(result, indent=2), file=sys.stderr)
        outcome, note = "broken", result.get("msg", "failed_when")
        broken += 1
    print(json.dumps({"check": check, "outcome": outcome, **({"note": note} if note else {})}))
raise SystemExit(1 if broken else 0)
