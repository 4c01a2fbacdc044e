"""What can go wrong, as one tree.

GeneratorError
├── InputFaultsError     the input has faults: all of them, each with its place and a way to mend it
├── KeysError            keys are missing, do not open, or do not belong together
├── LeakError            the privacy gate found something that must not be published
└── RefusedError         the state of things forbids what was asked (an older day, a fork, a demo build …)

Messages are Chinese, for staff; they say where, what is wrong and what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, and in it a line, a field, or a sheet and a cell."""

    path: str
    line: int = 0
    sheet: str = ""
    cell: str = ""
    field: str = ""

    def __lt__(self, other: Place) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, str, tuple[int, int, str], str]:
        """What places are sorted by; cells from top to bottom, then from left to right: B2, C2, AA2, B10."""
        found = re.fullmatch("([A-Z]+)([0-9]+)", self.cell)
        cell = (int(found[2]), len(found[1]), found[1]) if found else (0, 0, self.cell)
        return self.path, self.line, self.sheet, cell, self.field

    def __str__(self) -> str:
        """Return ``file:line``, ``file › sheet › cell`` or ``file › field``."""
        head = f"{self.path}:{self.line}" if self.line else self.path
        return " › ".join(part for part in (head, self.sheet, self.cell, self.field) if part)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in the input: where, what, and what to do about it."""

    place: Place
    message: str
    advice: str = ""

    def __str__(self) -> str:
        """Return one line for people: place, what is wrong, what to do."""
        text = f"{self.place}：{self.message}"
        return f"{text}。{self.advice}" if self.advice else text


@dataclass(slots=True)
class Faults:
    """Collects every fault of a run, so that staff see all of them at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, place: Place, message: str, advice: str = "") -> None:
        """Note one more fault; neither text ends with a full stop."""
        self.found.append(Fault(place, message, advice))

    def stop_if_any(self) -> None:
        """Raise ``InputFaultsError`` with all faults, if there are any."""
        if self.found:
            raise InputFaultsError(self.found)


class GeneratorError(Exception):
    """Anything the program refuses or cannot do, with a message for staff."""


class InputFaultsError(GeneratorError):
    """The input has faults; ``faults`` holds all of them, sorted by place."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class KeysError(GeneratorError):
    """Keys are missing, do not open with the passphrase, or do not belong together."""


class LeakError(GeneratorError):
    """The gate found personal data in what was about to be published; ``leaks`` names files, never the data."""

    def __init__(self, leaks: Iterable[str]) -> None:
        self.leaks = tuple(sorted(set(leaks)))
        super().__init__("\n".join(self.leaks))


class RefusedError(GeneratorError):
    """What was asked is understood, but the state of things forbids it."""
