"""The power goes at every write in turn: what a folder looks like then, for tests to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

WRITES: tuple[tuple[object, str], ...] = ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink"))
"""What changes a disk, or comes before it: files are opened, flushed, renamed, removed."""


class PowerCutError(BaseException):
    """Nothing that is written to handle errors handles this."""


@contextmanager
def power_cut(before: int) -> Iterator[None]:
    """Cut the power before the write with this number, counted from 1."""
    done = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done >= before:
                raise PowerCutError
            return real(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in WRITES:
            patch.setattr(owner, name, counting(getattr(owner, name)))
        yield


def at_every_write(folder: Path, to: Path, action: Callable[[Path], object]) -> Iterator[Path]:
    """Yield a copy of ``folder`` for each write of ``action``, cut short there; then one where it came to its end."""
    for number in count(1):
        copy = shutil.copytree(folder, to / f"cut-{number}")
        try:
            with power_cut(number):
                action(copy)
        except PowerCutError:
            yield copy
            continue
        yield copy
        return
