"""One writer at a time: a build and a recorded decision must not cross in one office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from generator.errors import RefusedError

LOCK = "lists/.lock"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the office's lock; raise ``RefusedError`` while another program holds it. It dies with its holder."""
    try:
        with FileLock(root / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise RefusedError("另一个窗口或另一位同事正在生成或记录，请等它做完再试") from error
