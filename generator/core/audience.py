"""Who may use a scenario, until which day, and on what grounds: audiences decided over a subject's profile.

A profile is what is known of one subject on one day: scores, tax classes and ratings of the snapshots in force, and
the honours it stands recognised for. Sources: requirements Z06 and F01.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from generator.core.lifecycle import Stage, Standing
from generator.core.model import (
    AllOf,
    AnyOf,
    Audience,
    CategoryCode,
    Honour,
    KindIs,
    RatingAtLeast,
    ScoreAtLeast,
    Snapshot,
    Subject,
    SubjectKey,
    TaxClass,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value of a snapshot in force and the last day it is good for."""

    kind: Literal["score", "tax", "rating"]
    value: str
    not_after: date


@dataclass(frozen=True, slots=True)
class Honoured:
    """A recognised honour and the last day of its validity."""

    category: CategoryCode
    not_after: date


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one subject on one day."""

    subject: Subject
    attributes: tuple[Attribute, ...] = ()
    honours: tuple[Honoured, ...] = ()


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Whether a subject is in an audience; if so, the last day (None: no end) and the grounds."""

    eligible: bool
    not_after: date | None = None
    grounds: tuple[str, ...] = ()


NO = Entitlement(eligible=False)


def profiles(snapshots: Iterable[Snapshot], standings: Iterable[Standing], as_of: date) -> dict[SubjectKey, Profile]:
    """Return the profile of every subject of which something is known on ``as_of``."""
    found: dict[SubjectKey, Profile] = {}

    def grow(subject: Subject, attributes: tuple[Attribute, ...], honours: tuple[Honoured, ...]) -> None:
        old = found.get(subject.key, Profile(subject))
        found[subject.key] = Profile(old.subject, old.attributes + attributes, old.honours + honours)

    for standing in standings:  # before the snapshots: a nomination knows what kind of organisation it is about
        if standing.stage is Stage.RECOGNISED and standing.window:
            nomination = standing.nomination
            grow(nomination.subject, (), (Honoured(nomination.category, standing.window.not_after),))
    for snapshot in in_force(snapshots, as_of):
        for row in snapshot.rows:
            grow(row.subject, (Attribute(snapshot.kind, row.value, snapshot.window.not_after),), ())
    return found


def in_force(snapshots: Iterable[Snapshot], as_of: date) -> tuple[Snapshot, ...]:
    """Return, for each kind, the snapshot taken last, if ``as_of`` is in its window.

    A later snapshot replaces an earlier one for good, from its own first day on: an old score does not come back
    when the newer one runs out.
    """
    latest: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda s: (s.taken, s.id)):
        if snapshot.taken <= as_of and snapshot.window.not_before <= as_of:
            latest[snapshot.kind] = snapshot
    return tuple(snapshot for snapshot in latest.values() if as_of in snapshot.window)


def decide(audience: Audience, profile: Profile, scale: Sequence[str]) -> Entitlement:
    """Return whether a profile is in an audience, until when and why; ``scale`` holds the grades, lowest first.

    Of several grounds the one that lasts longest counts; where all are needed, the one that ends first.
    """
    match audience:
        case AnyOf():
            return _longest(decide(part, profile, scale) for part in audience.any)
        case AllOf():
            return _shortest([decide(part, profile, scale) for part in audience.all])
        case KindIs():
            kind = profile.subject.kind
            return Entitlement(eligible=True, grounds=(f"kind {kind.value}",)) if kind in audience.kind else NO
        case Honour():
            return _longest(
                Entitlement(eligible=True, not_after=honour.not_after, grounds=(f"honour {honour.category}",))
                for honour in profile.honours
                if honour.category in audience.honour or honour.category[0] in audience.honour
            )
        case _:
            return _longest(
                Entitlement(eligible=True, not_after=held.not_after, grounds=(f"{held.kind} {held.value}",))
                for held in profile.attributes
                if _meets(audience, held, scale)
            )


def is_bounded(audience: Audience) -> bool:
    """Return whether being in an audience always ends some day; one of kinds alone would never end."""
    match audience:
        case AnyOf():
            return all(map(is_bounded, audience.any))
        case AllOf():
            return any(map(is_bounded, audience.all))
        case _:
            return not isinstance(audience, KindIs)


def _meets(condition: ScoreAtLeast | TaxClass | RatingAtLeast, held: Attribute, scale: Sequence[str]) -> bool:
    match condition:
        case ScoreAtLeast():
            return held.kind == "score" and int(held.value) >= condition.score_at_least
        case TaxClass():
            return held.kind == "tax" and held.value in condition.tax_class
        case _:
            return held.kind == "rating" and scale.index(held.value) >= scale.index(condition.rating_at_least)


def _longest(parts: Iterable[Entitlement]) -> Entitlement:
    eligible = [part for part in parts if part.eligible]
    if not eligible:
        return NO
    grounds = tuple(ground for part in eligible for ground in part.grounds)
    ends = [part.not_after for part in eligible]
    return Entitlement(True, None if None in ends else max(end for end in ends if end), grounds)


def _shortest(parts: Sequence[Entitlement]) -> Entitlement:
    if not parts or not all(part.eligible for part in parts):
        return NO
    grounds = tuple(ground for part in parts for ground in part.grounds)
    return Entitlement(True, min((part.not_after for part in parts if part.not_after), default=None), grounds)
