"""Files that only their owner reads: letters on demand and exports, with names and numbers in them."""

from __future__ import annotations

import os
from pathlib import Path

_OWNER_ONLY = 0o600


def write(path: Path, data: bytes) -> None:
    """Write a file whole, readable by its owner alone from its first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:  # noqa: PTH123
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
