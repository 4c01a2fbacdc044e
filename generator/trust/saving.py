"""How a file of keys/ is written: beside, flushed, then renamed, so that it is there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

BESIDE = ".new"
_FOR_ALL = 0o666
"""What the owner's umask leaves of it."""


def save(path: Path, data: bytes) -> None:
    """Write a file whole; one that already says so is not touched."""
    if not (path.is_file() and path.read_bytes() == data):
        write(path, data, _FOR_ALL)


def write(path: Path, data: bytes, rights: int) -> None:
    """Write a file whole, with some rights, over the one that may be there.

    A file system without rights (a FAT stick) keeps none; nothing here asks for more than names and renames.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = beside(path)
    fresh.unlink(missing_ok=True)  # with whatever rights it was left there
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a rename, so that renames reach the disk in their order; where the system cannot, it is left to it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def beside(path: Path) -> Path:
    """Return the name under which a file is written before it takes its place."""
    return path.with_name(path.name + BESIDE)
