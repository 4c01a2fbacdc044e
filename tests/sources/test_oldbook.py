"""The reader of old workbooks is a process that damage could take over: nothing secret is within its reach."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from generator.errors import Faults
from generator.sources import oldbook
from generator.sources.sheets import read_sheets

BIFF = (Path(__file__).parent / "data" / "biff.xls").read_bytes()
SPY = """\
import json, os, sys
sys.stdin.buffer.read()
sheet = {"name": " ".join(sorted(os.environ)), "hidden": False, "merged": [], "rows": []}
json.dump({"sheets": [sheet]}, sys.stdout)
"""


def test_the_office_passphrase_does_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYI_PASSPHRASE", "not for readers of tables")
    assert read_sheets(BIFF, "a.xls", Faults())  # nothing of the environment is missed
    (tmp_path / "spy.py").write_text(SPY, "utf-8")
    monkeypatch.setattr(oldbook, "__file__", str(tmp_path / "spy.py"))
    (sheet,) = read_sheets(BIFF, "a.xls", Faults())
    assert "XINYI_PASSPHRASE" not in sheet.name
    if sys.platform == "linux":
        assert set(sheet.name.split()) <= {"LC_CTYPE"}  # which Python sets for itself
