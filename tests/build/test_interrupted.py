"""A build that is interrupted, at whatever step, costs nothing: see ``tests/build/interrupted.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")
def test_killed_at_every_step_on_the_disk() -> None:
    command = [sys.executable, "-m", "tests.build.interrupted"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["steps"] == len(found["seen"]) > 150
    assert found["seen"] == sorted(found["seen"], reverse=True)  # first the old release, from one step on the new
    assert min(found["seen"].count(release) for release in ("old", "new")) > 40
