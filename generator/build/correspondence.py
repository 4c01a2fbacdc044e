"""Which letters a day's facts call for, and to whom; the room ``letters`` words and prints them.

Every decision of the last weeks has its letters, each dated and worded as of the decision's day, so that it reads the
same whenever it is written. They lie in build/office/letters/ and go with it at the next build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from generator.build import private
from generator.build.office import Office
from generator.core.addressing import corrected
from generator.core.lifecycle import Facts, Reason, Stage, Standing, gather, known, standing
from generator.core.model import (
    ONE_DAY,
    AnyDecision,
    Appeal,
    BenefitRecovery,
    Correction,
    Ground,
    HitEffect,
    Objection,
    PublicationMode,
    Rehabilitation,
    Resolution,
    Settings,
    Withdrawal,
    number_of,
)
from generator.core.wording import day
from generator.core.workdays import UncoveredYearError
from generator.letters import changes, disputes
from generator.letters.letter import Letter
from generator.letters.matter import Matter, Sender
from generator.letters.page import page
from generator.letters.word import word

FOLDER = "letters"
"""The folder below build/office."""
RECENT = timedelta(days=60)
"""How far back decisions have their letters, unless another day is asked for."""
_ON_THE_WAY = (Stage.IN_NOTICE, Stage.OBJECTED, Stage.RECOGNISED)
_FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


class Kind(StrEnum):
    """What a letter is called in the name of its file."""

    REPORTER = "答复反映人"
    SUBJECT = "告知异议结果"
    APPELLANT = "答复申诉"
    REPORTER_AGAIN = "重新答复反映人"
    ASKER = "答复更正申请人"
    CORRECTED = "告知更正"
    LEFT = "告知退出"
    APOLOGY = "致歉信"
    CLARIFICATION = "情况说明"
    RECOVERY = "告知收回权益"
    NOTIFICATION = "通报"
    RETURNED = "退回更正"
    PASSPHRASE = "口令信"  # noqa: S105 - what the letter is called


ON_ENTRIES = frozenset(Kind) - {Kind.RETURNED, Kind.PASSPHRASE}
"""The kinds that ``letters_due`` makes; the others are written on demand."""


@dataclass(frozen=True, slots=True)
class Due:
    """A letter, what kind it is, and whom or what it is about: a reference, a unit, a merchant's id."""

    kind: Kind
    about: str
    letter: Letter


def letters_due(office: Office, references: Sequence[str], since: date | None = None) -> dict[str, bytes]:
    """Return the files of every letter due, by their path below build/office; equal facts give equal bytes.

    ``since`` is the first day whose decisions count, sixty days before the office's day if none is given; entries
    recognised but not to be published have their letter as long as they stand (F15).
    """
    return files(due(office, references, office.as_of - RECENT if since is None else since))


def files(letters: Iterable[Due]) -> dict[str, bytes]:
    """Return each letter as a page and as a Word file, by path below build/office; no two have one name."""
    taken: Counter[str] = Counter()
    made: dict[str, bytes] = {}
    for one in letters:
        name = f"{one.letter.day}-{one.kind}-{one.about.translate(_FORBIDDEN_IN_NAMES)}"
        taken[name] += 1
        stem = f"{FOLDER}/{name}" if taken[name] == 1 else f"{FOLDER}/{name}-{taken[name]}"
        made[f"{stem}.html"], made[f"{stem}.docx"] = page(one.letter), word(one.letter)
    return made


def write(root: Path, made: Mapping[str, bytes], stale: Iterable[Kind] = ()) -> None:
    """Write files below build/office for their owner alone; those there of a ``stale`` kind are removed first."""
    folder = root / "build" / "office"
    for kind in stale:
        for path in (folder / FOLDER).glob(f"*-{kind}-*"):
            path.unlink()
    for name, data in made.items():
        private.write(folder / name, data)


def due(office: Office, references: Sequence[str], since: date) -> Iterator[Due]:
    """Yield every letter due: for decisions from ``since`` on, who was found dishonest since, who may not be shown."""
    of = gather(office.lists, office.as_of)
    for facts, stood, reference in zip(of, office.standings, references, strict=True):
        entry = _Entry(office, facts, stood, reference)
        yield from entry.letters(since)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry with all that is known of it."""

    office: Office
    facts: Facts
    stood: Standing
    reference: str

    def letters(self, since: date) -> Iterator[Due]:
        """Yield the letters of this entry; a decision of another batch has its letter there."""
        for place, decision in enumerate(self.facts.decisions):
            if decision.batch == self.facts.nomination.batch and decision.day >= since:
                for kind, letter in self._of(decision, place):
                    yield Due(kind, self.reference, letter)
        found = self._found_dishonest()
        if found and self.stood.since >= since:
            yield Due(Kind.LEFT, self.reference, found)
        if self.stood.stage is Stage.RECOGNISED and self.stood.nomination.publication is PublicationMode.WITHHELD:
            on = max([self.stood.since, *self._withheld_since()])
            yield Due(Kind.NOTIFICATION, self.reference, changes.notification(self._matter(on), on))

    def _of(self, decision: AnyDecision, place: int) -> Iterator[tuple[Kind, Letter]]:
        """Yield the letters that one decision calls for; ``place`` is its own among the entry's."""
        matter = self._matter(decision.day, decision)
        match decision:
            case Resolution():
                yield from self._answers(matter, decision, place)
            case Correction():
                before = corrected(self.facts.nomination, self.facts.decisions[:place])
                yield Kind.ASKER, changes.correction_to_asker(matter, decision)
                yield Kind.CORRECTED, changes.correction_to_subject(matter, decision, before)
            case Withdrawal():
                if self._on(decision.day - ONE_DAY).stage in _ON_THE_WAY:
                    told = changes.left(matter, decision.ground, decision.grounds, decision.day, decision.document)
                    yield Kind.LEFT, told
            case Rehabilitation():
                yield Kind.APOLOGY, changes.apology(matter, decision)
                yield Kind.CLARIFICATION, changes.clarification(matter, decision)
            case BenefitRecovery():
                yield Kind.RECOVERY, changes.recovery(matter, decision)

    def _answers(self, matter: Matter, decision: Resolution, place: int) -> Iterator[tuple[Kind, Letter]]:
        earlier = self.facts.decisions[:place]
        if decision.answers == "objection":
            yield Kind.REPORTER, disputes.to_reporter(matter, decision)
            yield Kind.SUBJECT, disputes.to_subject(matter, decision, _asked(earlier, Objection, decision))
            return
        yield Kind.APPELLANT, disputes.to_appellant(matter, decision, _asked(earlier, Appeal, decision))
        upheld = [d.day for d in earlier if isinstance(d, Resolution) and d.answers == "objection" and d.upheld]
        if decision.upheld and upheld:
            yield Kind.REPORTER_AGAIN, disputes.to_reporter_after_appeal(matter, decision, upheld[-1])

    def _found_dishonest(self) -> Letter | None:
        """Return the letter to whom a source found dishonest during validity: nobody decides that, so nobody tells."""
        if self.stood.stage is not Stage.LEFT or self.stood.reason is not Reason.E2_DISHONEST:
            return None
        on, number = self.stood.since, number_of(self.stood.nomination.subject)
        sources = [
            answer.source
            for answer in (*self.facts.returns, *self.facts.elsewhere)
            if answer.day == on
            and answer.effect is HitEffect.EXCLUDES
            and number in {hit.number for hit in answer.hits}
        ]
        if not sources or any(isinstance(d, Withdrawal) and d.day == on for d in self.facts.decisions):
            return None
        why = f"{'、'.join(dict.fromkeys(sources))}{day(on)}答复的复查结果"
        return changes.left(self._matter(on), Ground.DISHONEST, why, on)

    def _withheld_since(self) -> Iterator[date]:
        for decision in self.facts.decisions:
            if isinstance(decision, Correction) and "publication" in decision.fields:
                yield decision.day

    def _matter(self, on: date, decision: AnyDecision | None = None) -> Matter:
        """Return what a letter of a day is written from; without a decision the office itself writes."""
        content = self.office.content
        writer = content.units[decision.unit].name if decision else content.settings.office
        return Matter(
            reference=self.reference,
            standing=self._on(on),
            batch=self.facts.batch.title,
            unit=content.units[self.facts.nomination.unit].name,
            sender=sender(content.settings, writer),
        )

    def _on(self, on: date) -> Standing:
        """Return where the entry stood on a day; where it stands now, if that day's holidays are still unknown."""
        rules = self.facts.batch.rules or self.office.content.settings.rules
        try:
            return standing(known(self.facts, on), rules, self.office.lists.calendar, on)
        except UncoveredYearError:
            return self.stood


def _asked(earlier: Sequence[AnyDecision], kind: type[Objection] | type[Appeal], answer: Resolution) -> date:
    """Return the day of the first objection or appeal that an answer answers."""
    waiting: date | None = None
    for decision in earlier:
        if isinstance(decision, kind):
            waiting = waiting or decision.day
        elif isinstance(decision, Resolution) and decision.answers == answer.answers:
            waiting = None
    return waiting or answer.day


def sender(settings: Settings, unit: str) -> Sender:
    """Return who writes, with the line that says how the office is reached."""
    contact = settings.contact
    parts = [f"电话{contact.phone}" if contact.phone else "", contact.address, contact.hours]
    told = "，".join(part for part in parts if part)
    return Sender(unit, settings.office, f"{settings.office}：{told}" if told else "")
