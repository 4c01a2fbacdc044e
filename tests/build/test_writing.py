"""A folder is replaced as a whole: wherever it fails, the old one stands or the new one does."""

from __future__ import annotations

import csv
import io
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from generator.build.writing import standings_csv, swap_in
from tests.core.builders import lists, nomination, where

OLD = {"index.html": b"old", "lists/expired.html": b"old name"}
NEW = {"index.html": b"new", "bundles/jia.zip": b"PK"}


class BrokenDiskError(OSError):
    """What a test lets happen; the program sees it and may tidy up."""


class PowerCutError(BaseException):
    """What a test lets happen; nothing in the program sees it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "build/site", OLD)
    return tmp_path / "build/site"


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def read(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def fail_after(steps: int, patch: pytest.MonkeyPatch, error: type[BaseException]) -> list[object]:
    """Let some steps on the disk happen, then fail once; the list returned says whether it came to that."""
    left = iter(range(steps))
    failed: list[object] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            if not failed and next(left, None) is None:
                failed.append(real)
                raise error
            return real(*arguments, **named)

        return step

    for name in ("write_bytes", "mkdir", "rename"):
        patch.setattr(Path, name, counted(getattr(Path, name)))
    for name in ("unlink", "rmdir"):
        patch.setattr(os, name, counted(getattr(os, name)))
    return failed


def test_replaced_as_a_whole(folder: Path) -> None:
    swap_in(folder, NEW)
    assert read(folder.parent) == {f"site/{name}": data for name, data in NEW.items()}


def test_the_first_time(tmp_path: Path) -> None:
    swap_in(tmp_path / "build/site", NEW)
    assert read(tmp_path / "build/site") == NEW


def test_what_is_for_the_office_alone(tmp_path: Path) -> None:
    files = {"standings.csv": b"names", "letters/2026/a.docx": b"PK"}
    swap_in(tmp_path / "build/office", files, owner_only=True)
    assert read(tmp_path / "build/office") == files
    made = [tmp_path / "build/office", *(tmp_path / "build/office").rglob("*")]
    assert {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in made} == {(True, 0o700), (False, 0o600)}


def test_the_table_of_standings_has_no_formulas() -> None:
    facts = lists([replace(nomination(), honour="=1+1")])
    (row,) = csv.DictReader(io.StringIO(standings_csv([where(facts, date(2026, 2, 2))], ["R"]).decode("utf-8-sig")))
    assert row["荣誉"] == "'=1+1"


def test_by_nothing(folder: Path) -> None:
    swap_in(folder, {})
    assert folder.is_dir()
    assert read(folder.parent) == {}


@pytest.mark.parametrize("leftovers", [(".new",), (".old",), (".new", ".old")])
def test_what_a_crash_left_is_cleared(folder: Path, leftovers: tuple[str, ...]) -> None:
    for suffix in leftovers:
        write(folder.with_name(folder.name + suffix), {"half.html": b"half"})
    swap_in(folder, NEW)
    assert read(folder.parent) == {f"site/{name}": data for name, data in NEW.items()}


def test_a_crash_between_the_renames_is_mended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old folder is put back before anything else, so that a fault in this run leaves it as it was."""
    folder.rename(folder.with_name("site.old"))
    write(folder.with_name("site.new"), {"half.html": b"half"})
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda *_: (_ for _ in ()).throw(BrokenDiskError()))
        with pytest.raises(BrokenDiskError):
            swap_in(folder, NEW)
    assert read(folder) == OLD


def test_a_disk_that_fails_at_any_step(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shutil.copytree(folder, tmp_path / "before")
    for step in range(50):
        shutil.rmtree(folder.parent)
        shutil.copytree(before, folder)
        write(folder.with_name("site.new"), {"half.html": b"half"})
        with monkeypatch.context() as patch:
            failed = fail_after(step, patch, BrokenDiskError)
            try:
                swap_in(folder, NEW)
            except BrokenDiskError:
                assert read(folder) == OLD
            else:
                assert read(folder) == NEW
        if not failed:
            break
        swap_in(folder, NEW)
        assert read(folder.parent) == {f"site/{name}": data for name, data in NEW.items()}
    assert step > 10


def test_a_power_cut_at_any_step(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shutil.copytree(folder, tmp_path / "before")
    for step in range(50):
        shutil.rmtree(folder.parent)
        shutil.copytree(before, folder)
        with monkeypatch.context() as patch:
            failed = fail_after(step, patch, PowerCutError)
            try:
                swap_in(folder, NEW)
            except PowerCutError:
                whole = [read(p) for p in (folder, folder.with_name("site.old")) if p.exists()]
                assert OLD in whole or NEW in whole
        if not failed:
            break
        swap_in(folder, NEW)
        assert read(folder.parent) == {f"site/{name}": data for name, data in NEW.items()}
    assert step > 10
