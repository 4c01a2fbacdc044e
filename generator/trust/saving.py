"""How a file of keys/repository/ is written: beside, flushed, then renamed, so that it is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = ".new"


def save(path: Path, data: bytes) -> None:
    """Write a file whole; one that already says so is not touched."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + BESIDE)
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
