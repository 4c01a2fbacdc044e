"""Which entries a decision addresses, and what it makes of them: corrected fields, a nomination anew.

Source: requirements F12 and F18 (corrections keep the reference), F16 (who fell leaves with every entry; a re-listing
is a new nomination).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from generator.core.identifiers import CreditCode, Number, canonical_number
from generator.core.model import (
    AnyDecision,
    Correction,
    Ground,
    Lists,
    Nomination,
    Person,
    PublicationMode,
    Rehabilitation,
    Relisting,
    Resolution,
    Subject,
    Withdrawal,
    number_of,
)
from generator.core.names import canonical


def decisions_by_nomination(
    nominations: Sequence[Nomination], decisions: Iterable[AnyDecision]
) -> tuple[tuple[AnyDecision, ...], ...]:
    """Return, for each nomination, the decisions that address it, in order of their days.

    A decision addresses a person's by batch, number and name: the name first nominated or one corrected to; an
    organisation's by batch and code, since names of organisations vary in spelling. Who is withdrawn as dishonest or
    for abuse leaves with every entry received by then, in whatever batch (F16): it is the subject that has fallen. Such
    a decision of another batch bears the number that its own entry had on its day; it counts for an entry while that
    bears the same.
    """
    ordered = sorted(decisions, key=lambda d: d.day)
    if not ordered:
        return ((),) * len(nominations)
    of: list[list[AnyDecision]] = [[] for _ in nominations]
    index = _Index(nominations)
    shared: list[AnyDecision] = []
    for decision in ordered:
        places = index.addressed(decision)
        for place in places:
            of[place].append(decision)
        if _speaks_of_the_subject(decision):
            number = index.number(places[0]) if places else canonical_number(decision.number)
            shared.append(replace(decision, number=number))
        if isinstance(decision, Correction):
            for place in places:
                index.correct(place, decision)
    for decision in shared:
        for place in index.ever(decision.number):
            if nominations[place].batch != decision.batch and nominations[place].received <= decision.day:
                of[place].append(decision)
    return tuple(tuple(sorted(mine, key=lambda d: d.day)) for mine in of)


class _Index:
    """Finds nominations by number and name, as first written or as corrected since."""

    def __init__(self, nominations: Sequence[Nomination]) -> None:
        self._nominations = nominations
        self._names: dict[int, set[str]] = {}
        self._numbers: dict[int, str] = {}
        self._places: dict[str, list[int]] = {}
        for place, nomination in enumerate(nominations):
            self._places.setdefault(number_of(nomination.subject), []).append(place)

    def ever(self, number: str) -> tuple[int, ...]:
        """Return the entries that bore a number at any time."""
        return tuple(dict.fromkeys(self._places.get(number, ())))

    def number(self, place: int) -> str:
        """Return the number that an entry bears now."""
        return self._numbers.get(place) or number_of(self._nominations[place].subject)

    def addressed(self, decision: AnyDecision) -> tuple[int, ...]:
        """Return the entries that a decision addresses."""
        name = canonical(decision.name)
        return tuple(
            place
            for place in self.ever(canonical_number(decision.number))
            if self._nominations[place].batch == decision.batch
            and (not isinstance(self._nominations[place].subject, Person) or name in self._names_of(place))
        )

    def correct(self, place: int, correction: Correction) -> None:
        """From now on find an entry by its corrected name and number too."""
        if "name" in correction.fields:
            self._names_of(place).add(canonical(correction.fields["name"]))
        if "number" in correction.fields:
            self._numbers[place] = canonical_number(correction.fields["number"])
            self._places.setdefault(self._numbers[place], []).append(place)

    def _names_of(self, place: int) -> set[str]:
        """Return every name of an entry; few entries are ever asked for theirs."""
        return self._names.setdefault(place, {canonical(self._nominations[place].subject.name)})


def _speaks_of_the_subject(decision: AnyDecision) -> bool:
    """Return whether a decision counts in every batch: who fell, and who was found not to have fallen."""
    if isinstance(decision, Withdrawal):
        return decision.ground in (Ground.DISHONEST, Ground.ABUSE)
    granted = isinstance(decision, Resolution) and decision.answers == "appeal" and decision.upheld
    return granted or isinstance(decision, Rehabilitation)


def relisted(lists: Lists, decisions: Sequence[AnyDecision]) -> list[Nomination]:
    """Return the nominations that decisions on re-listing make out of entries that left (F16).

    An entry already nominated in that batch, in the same category, is not nominated twice.
    """
    found: list[Nomination] = []
    if any(isinstance(decision, Relisting) for decision in decisions):
        first: dict[tuple[object, ...], date] = {}
        for nomination in lists.nominations:
            entry = _entry(nomination)
            first[entry] = min(nomination.received, first.get(entry, nomination.received))
        while fresh := {_entry(n): n for n in _anew(lists, found, decisions) if not _came_before(n, first)}:
            found += fresh.values()
            first |= {entry: nomination.received for entry, nomination in fresh.items()}
    return found


def _came_before(nomination: Nomination, first: Mapping[tuple[object, ...], date]) -> bool:
    """Return whether its like was in the batch already; what comes later changes nothing about the days before."""
    return first.get(_entry(nomination), date.max) <= nomination.received


def _entry(nomination: Nomination) -> tuple[object, ...]:
    return nomination.batch, number_of(nomination.subject), nomination.category


def _anew(lists: Lists, found: Sequence[Nomination], decisions: Sequence[AnyDecision]) -> Iterator[Nomination]:
    """Yield a nomination for each re-listing of an entry that came in, or was itself relisted."""
    nominations = (*lists.nominations, *found)
    for nomination, decided in zip(nominations, decisions_by_nomination(nominations, decisions), strict=True):
        for decision in decided:
            if isinstance(decision, Relisting) and decision.into in lists.batches:
                old = corrected(nomination, [other for other in decided if other.day <= decision.day])
                yield replace(old, batch=decision.into, received=decision.day, nominated_as=None)


def corrected(nomination: Nomination, decisions: Sequence[AnyDecision]) -> Nomination:
    """Return the nomination with its corrections applied; the subject first named is kept for references."""
    for decision in decisions:
        if isinstance(decision, Correction):
            fields: dict[str, Any] = {str(field): value for field, value in decision.fields.items()}
            subject = _subject(nomination, fields.pop("name", None), fields.pop("number", None))
            if subject != nomination.subject:
                nomination = replace(nomination, subject=subject, nominated_as=nomination.origin)
            if publication := fields.pop("publication", None):
                fields |= {"publication": PublicationMode(publication), "publication_grounds": decision.grounds}
            nomination = replace(nomination, **fields)
    return nomination


def _subject(nomination: Nomination, name: str | None, number: str | None) -> Subject:
    """Return the subject with a name or number put right."""
    subject = replace(nomination.subject, name=name or nomination.subject.name)
    if not number:
        return subject
    if isinstance(subject, Person):
        return replace(subject, number=Number(canonical_number(number)))
    return replace(subject, code=CreditCode(canonical_number(number)))
