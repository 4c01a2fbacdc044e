"""What the last build left behind, and whether the site it made is still what it should be."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.build.agenda import publishing_days, shown
from generator.build.office import Office
from generator.core import wording
from generator.core.audience import in_force
from generator.core.lifecycle import Stage

STANDINGS = "build/office/standings.csv"
TIMESTAMP = "keys/repository/metadata/timestamp.json"
_ON_NOTICE = frozenset((wording.STAGES[Stage.IN_NOTICE], wording.STAGES[Stage.OBJECTED]))


@dataclass(frozen=True, slots=True)
class Built:
    """What the last build left behind: the day it was for, and the row it wrote for each standing, if it did."""

    day: date | None
    rows: tuple[tuple[str, str] | None, ...]
    """The reference and the stage in words of every standing."""
    gone: int
    """How many rows belong to no standing any more."""

    def reference(self, place: int) -> str:
        """Return the reference of a standing, or nothing."""
        row = self.rows[place]
        return row[0] if row else ""


def read_built(office: Office, root: Path, zone: ZoneInfo) -> Built:
    """Return what the last build left behind; less where files are missing: build/ may be thrown away."""
    rows = _rows(root / STANDINGS)
    keys = [f"{s.nomination.batch} {s.nomination.place}" for s in office.standings]
    gone = len(rows.keys() - set(keys))
    return Built(
        _day_of_build(root / TIMESTAMP, zone),
        tuple(rows.get(key) for key in keys) if rows else (None,) * len(keys),
        gone,
    )


def _rows(path: Path) -> dict[str, tuple[str, str]]:
    """Return reference and stage by batch and place, as the last build wrote them."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text))
        return {f"{row['批次']} {row['来源']}": (row["编号"], row["状态"]) for row in rows}
    except (OSError, ValueError, KeyError, csv.Error):
        return {}


def _day_of_build(path: Path, zone: ZoneInfo) -> date | None:
    try:
        issued = json.loads(path.read_bytes())["signed"]["x-xinyi-issued"]
        return datetime.fromisoformat(issued).astimezone(zone).date()
    except (OSError, ValueError, LookupError, TypeError):
        return None


def outdated(office: Office, built: Built) -> Iterator[str]:
    """Yield why the site that was built last is not what it should be on the day asked about.

    Of a day before it was built there is nothing to say.
    """
    if built.day is None or built.day > office.as_of:
        return
    if any(built.rows):
        moved = sum(
            _was_shown(row[1] if row else "") != _is_shown(office, place) for place, row in enumerate(built.rows)
        )
        if moved + built.gone:
            yield f"名单里有{moved + built.gone}条变了"
    ended = [
        batch for batch, notice in office.notices.items() if built.day in notice and notice.not_after < office.as_of
    ]
    yield from (f"批次{batch}公示期满，公示要撤下" for batch in ended)
    before, after = (
        {snapshot.id for snapshot in in_force(office.lists.snapshots, day)} for day in (built.day, office.as_of)
    )
    if before != after:
        yield f"快照换了或到期了（{'、'.join(sorted(before ^ after))}）"
    fresh = sum(built.day < day <= office.as_of for day in publishing_days(office))
    if fresh:
        yield f"{fresh}篇公告或案例到了发布日期"


def _was_shown(stage: str) -> str:
    return "notice" if stage in _ON_NOTICE else "list" if stage == wording.STAGES[Stage.RECOGNISED] else ""


def _is_shown(office: Office, place: int) -> str:
    """Return on which page an entry stands; one objected to stays what it was until its notice ends."""
    standing = office.standings[place]
    return "notice" if standing.stage is Stage.OBJECTED else shown(standing, office.as_of)
