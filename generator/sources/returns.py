"""Marked copies of the tables that have faults, written into a folder of their own, for whoever sent them.

The copies hold names and numbers: they never go where something is published, nor among the lists, and the folder
starts empty, so that nobody sends back a copy of last week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from generator.core.model import Settings
from generator.errors import Fault, Faults, RefusedError
from generator.sources.annotate import annotated
from generator.sources.lists import BATCHES, SNAPSHOTS, sender_of
from generator.sources.settings import parse_toml

_NOT_HERE = ("content", "lists", "keys", "templates", "build/site", "build/office")


@dataclass(frozen=True, slots=True)
class Returns:
    """The copies written, and the tables of which there is none because they cannot be opened."""

    written: tuple[Path, ...]
    unopened: tuple[str, ...]


def check_destination(root: Path, to: Path, what: str = "副本") -> None:
    """Raise ``RefusedError`` unless a folder is new or empty, and away from what is published and what is ours."""
    target = to.resolve()
    for folder in (*(root / name for name in _NOT_HERE), *_published(root)):
        forbidden = folder.resolve()
        if target == forbidden or forbidden in target.parents or target in forbidden.parents:
            raise RefusedError(f"{what}里有证件号码，不能写进 {to}：那里和 {folder} 是一处。请换一个文件夹")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RefusedError(f"{to} 里已经有东西，分不清哪些是这一次的。请写一个新的文件夹名")


def write_returns(root: Path, to: Path, faults: Sequence[Fault]) -> Returns:
    """Write a marked copy of every table of lists/ that has a fault; ``check_destination`` comes first."""
    check_destination(root, to)
    by_file: dict[str, list[Fault]] = {}
    for fault in faults:
        path = fault.place.path.partition(" › ")[0]  # a table in a zip has a second part
        if path.startswith((BATCHES, SNAPSHOTS)) and not path.endswith(".toml") and (root / path).is_file():
            by_file.setdefault(path, []).append(fault)
    written, unopened = [], []
    for path, found in sorted(by_file.items()):
        sender, password = sender_of(root, path)
        title = f"{'' if sender.isascii() else f'{sender}报来的'}{PurePosixPath(path).name}"
        copy = annotated((root / path).read_bytes(), path, title, found, password)
        if copy is None:
            unopened.append(path)
        else:
            written.append(_write(to, _name(path), copy))
    return Returns(tuple(written), tuple(unopened))


def _published(root: Path) -> list[Path]:
    """Return the folders that site.toml publishes to."""
    path = root / "content" / "site.toml"
    settings = parse_toml(path.read_bytes(), "content/site.toml", Settings, Faults()) if path.is_file() else None
    return [root / target.path for target in settings.targets.values() if target.kind == "folder"] if settings else []


def _name(path: str) -> str:
    """Return what a copy is called: its batch, its own name, and that it is sent back."""
    _, _, group, *folder, name = path.split("/")
    own = name.removesuffix(".xlsx")
    return "-".join([group, *(["筛查"] if folder == ["screening"] else []), own, "退回.xlsx"])


def _write(to: Path, name: str, data: bytes) -> Path:
    """Write a file that only its owner reads."""
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = to / name
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(data)
    return path
