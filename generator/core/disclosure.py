"""What may leave the office about an entry: the only values of lists/ that a page may see.

A ``PublicEntry`` has no number in it and no name that must not be shown, so no template can print one.
Sources: requirements F13–F15.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from generator.core.lifecycle import Stage, Standing
from generator.core.model import BatchId, CategoryCode, MerchantId, PublicationMode, SubjectKind, UnitId
from generator.core.names import display, mask


class Shown(StrEnum):
    """On which kind of list an entry is shown."""

    IN_NOTICE = "in-notice"
    RECOGNISED = "recognised"


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One line of a public list. ``until`` is the last day of the notice, or of validity."""

    batch: BatchId
    reference: str
    name: str
    kind: SubjectKind
    category: CategoryCode
    honour: str
    awarder: str
    unit: UnitId
    shown_as: Shown
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class BundleRecord:
    """A merchant's bundle as the download page and bundles/index.json describe it; ``size`` in bytes."""

    merchant: MerchantId
    name: str
    file: str
    version: int
    issued: date
    expires: date
    size: int
    sha256: str


def public_name(standing: Standing) -> str:
    """Return the name as it may be shown: organisations in full, people masked unless they agreed otherwise."""
    nomination = standing.nomination
    if nomination.subject.kind is SubjectKind.PERSON and nomination.publication is not PublicationMode.FULL:
        return mask(nomination.subject.name)
    return display(nomination.subject.name)


def disclose(standing: Standing, reference: str, as_of: date) -> PublicEntry | None:
    """Return what may be published of an entry on ``as_of``, or None if nothing may be.

    An entry is shown while its notice runs, objected to or not (an objection is no one's business until it is
    decided), and while it is recognised; a withheld one never is.
    """
    nomination, notice, window = standing.nomination, standing.notice, standing.window
    if nomination.publication is PublicationMode.WITHHELD:
        return None
    if standing.stage in (Stage.IN_NOTICE, Stage.OBJECTED) and notice and as_of in notice:
        shown_as, period = Shown.IN_NOTICE, notice
    elif standing.stage is Stage.RECOGNISED and window and as_of in window:
        shown_as, period = Shown.RECOGNISED, window
    else:
        return None
    return PublicEntry(
        batch=nomination.batch,
        reference=reference,
        name=public_name(standing),
        kind=nomination.subject.kind,
        category=nomination.category,
        honour=nomination.honour,
        awarder=nomination.awarder,
        unit=nomination.unit,
        shown_as=shown_as,
        since=period.not_before,
        until=period.not_after,
    )
