"""What tables said when they were last read, so that a second run reads only what changed (ADR 23).

Entries lie in lists/.cache, one file each, for the owner of the folder alone. The name of an entry says which bytes it
was read from and everything else its reading depends on, the program itself included; so an entry is right or it is
never asked for. All of them can be thrown away at any time. One that is damaged counts as absent. A table with faults
leaves no entry: it is read again until it has none.

An entry is lines of JSON: what it is, then the values, a thousand a line, then the SHA-256 of all lines before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import python_calamine
from pydantic import TypeAdapter

from generator.core.model import Nomination, ScreeningReturn, Snapshot

FOLDER = "lists/.cache"
_FORMAT = "xinyi-kept/1"
_A_LINE = 1000
_PROGRAM = Path(__file__).parent.parent
_READERS = ("errors.py", "core/*.py", "sources/*.py")
"""The program's own files that decide what a table says."""

T = TypeVar("T", Nomination, ScreeningReturn, Snapshot)


class Kept:
    """The entries in one folder; without a folder none is found and none is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def name(self, kind: type[T], told_by: Iterable[bytes | str]) -> str:
        """Return the name of the entry for a reading; ``told_by`` is all that it depends on, the program apart."""
        return _name(kind, told_by) if self._folder else ""

    def find(self, kind: type[T], name: str) -> tuple[T, ...] | None:
        """Return the values of an entry, or None where there is none."""
        if self._folder is None:
            return None
        self._used.add(name)
        return _load(self._folder / name, kind)

    def keep(self, kind: type[T], name: str, values: Sequence[T]) -> None:
        """Keep what was read without a fault."""
        if self._folder is not None:
            self._used.add(name)
            _save(self._folder / name, kind, values)

    def drop_others(self) -> None:
        """Remove what was not asked for: it was read from tables that have changed or are gone, as people may be."""
        if self._folder is not None and self._folder.is_dir():
            with contextlib.suppress(OSError):  # another command may be doing the same
                for path in self._folder.iterdir():
                    if path.name not in self._used:
                        path.unlink(missing_ok=True)


NOTHING_KEPT = Kept(None)
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}
"""What turns values of a kind into JSON and back; made once, since making one takes a while."""


def _name(kind: type[T], told_by: Iterable[bytes | str]) -> str:
    """Return the name of an entry: a digest of all it depends on, each part with its length before it."""
    digest = hashlib.sha256()
    for part in (_FORMAT, kind.__name__, _program(), *told_by):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _program() -> str:
    """Return what tells this program from one that might read a table otherwise: its own text, its libraries."""
    digest = hashlib.sha256()
    for path in (path for pattern in _READERS for path in sorted(_PROGRAM.glob(pattern))):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    calamine = Path(python_calamine.__file__).parent
    built = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(calamine.glob("_python*"))]
    return f"{digest.hexdigest()} {built} pydantic {pydantic.VERSION} Unicode {unicodedata.unidata_version}"


def _adapter(kind: type[T]) -> TypeAdapter[list[T]]:
    if kind.__name__ not in _ADAPTERS:
        _ADAPTERS[kind.__name__] = TypeAdapter(list[kind])  # type: ignore[valid-type]
    return _ADAPTERS[kind.__name__]


def _save(path: Path, kind: type[T], values: Sequence[T]) -> None:
    """Write an entry whole, or not at all: where there is no room or no right to write, there is no entry."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent)  # for the owner alone from the first byte on
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for line in _lines(path.name, kind, values):
                    digest.update(line)
                    file.write(line)
                file.write(digest.hexdigest().encode())
            Path(beside).replace(path)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise


def _lines(name: str, kind: type[T], values: Sequence[T]) -> Iterator[bytes]:
    yield json.dumps(_head(name, kind)).encode() + b"\n"
    rest = iter(values)
    while some := list(islice(rest, _A_LINE)):
        yield _adapter(kind).dump_json(some, exclude_defaults=True) + b"\n"


def _head(name: str, kind: type[T]) -> dict[str, Any]:
    return {"format": _FORMAT, "name": name, "kind": kind.__name__}


def _load(path: Path, kind: type[T]) -> tuple[T, ...] | None:
    """Return the values of an entry; None where there is none, or anything about it is not as it was written."""
    values: list[T] = []
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            before = file.readline()
            if json.loads(before) != _head(path.name, kind):
                return None
            for line in file:
                digest.update(before)
                if not line.endswith(b"\n"):
                    return tuple(values) if line == digest.hexdigest().encode() else None
                values += _adapter(kind).validate_json(line)
                before = line
    except (OSError, ValueError, RecursionError):
        return None
    return None
