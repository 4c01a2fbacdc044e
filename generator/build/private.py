"""Files that only their owner reads: letters on demand and exports, with names and numbers in them."""

from __future__ import annotations

from pathlib import Path

from generator.trust import saving

_OWNER_ONLY = 0o600


def write(path: Path, data: bytes) -> None:
    """Write a file whole, readable by its owner alone from its first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    saving.write(path, data, _OWNER_ONLY)
