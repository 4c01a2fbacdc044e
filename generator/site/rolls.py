"""The public lists: which entries a notice or an honour list shows on a day, in which order, on how many pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from generator.core.disclosure import PublicEntry, Shown
from generator.core.model import BatchId, Category, Content, Window

PER_PAGE = 100


class NoticeState(StrEnum):
    """Where a notice is on a day; ``PLAIN`` is one without a batch."""

    PLAIN = "plain"
    BEFORE = "before"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Roll:
    """The entries of one category."""

    category: Category
    entries: tuple[PublicEntry, ...]


@dataclass(frozen=True, slots=True)
class RollPage:
    """One page of a roll; pages are counted from one."""

    roll: Roll
    number: int
    count: int
    entries: tuple[PublicEntry, ...]

    @property
    def url(self) -> str:
        """The page's address: lists/a8/, lists/a8/2/."""
        return roll_url(self.roll.category, self.number)


def roll_url(category: Category, number: int = 1) -> str:
    """Return the address of a page of a category's roll."""
    first = f"lists/{category.code.lower()}/"
    return first if number == 1 else f"{first}{number}/"


def notice_state(period: Window | None, as_of: date) -> NoticeState:
    """Return where the notice of a batch is on ``as_of``; without a period it has not started."""
    if period is None or as_of < period.not_before:
        return NoticeState.BEFORE
    return NoticeState.RUNNING if as_of in period else NoticeState.ENDED


def in_notice(content: Content, entries: Iterable[PublicEntry], batch: BatchId, as_of: date) -> tuple[Roll, ...]:
    """Return the entries of a batch whose notice runs on ``as_of``, by category, without the empty categories."""
    shown = (e for e in entries if e.batch == batch and e.shown_as is Shown.IN_NOTICE and e.since <= as_of <= e.until)
    return tuple(roll for roll in _rolls(content, shown) if roll.entries)


def recognised(content: Content, entries: Iterable[PublicEntry], as_of: date) -> tuple[Roll, ...]:
    """Return the entries recognised and valid on ``as_of``: a roll for every category, so that its page stays."""
    return _rolls(content, (e for e in entries if e.shown_as is Shown.RECOGNISED and e.since <= as_of <= e.until))


def pages(roll: Roll) -> tuple[RollPage, ...]:
    """Return a roll cut into pages of a hundred; an empty one has one page."""
    parts = [roll.entries[start : start + PER_PAGE] for start in range(0, len(roll.entries), PER_PAGE)] or [()]
    return tuple(RollPage(roll, number, len(parts), part) for number, part in enumerate(parts, 1))


def _rolls(content: Content, entries: Iterable[PublicEntry]) -> tuple[Roll, ...]:
    """Group entries by category; categories and units in the office's order, then by reference."""
    unit_order = {unit: position for position, unit in enumerate(content.units)}
    by_category: dict[str, list[PublicEntry]] = {code: [] for code in content.categories}
    for entry in sorted(entries, key=lambda e: (unit_order[e.unit], e.reference)):
        by_category[entry.category].append(entry)
    return tuple(Roll(category, tuple(by_category[code])) for code, category in content.categories.items())
