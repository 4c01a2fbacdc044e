"""The values every room shares: what the office publishes, and the facts its lists hold.

They are frozen and checked once, where files are read. Statuses are not here: ``lifecycle`` computes them.
Field names are the names used in the TOML files; ``sources`` reads those files straight into these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, NewType

from generator.core.identifiers import CreditCode, Number
from generator.core.names import canonical
from generator.core.workdays import Calendar
from generator.errors import Place

UnitId = NewType("UnitId", str)
CategoryCode = NewType("CategoryCode", str)
PolicyId = NewType("PolicyId", str)
ScenarioId = NewType("ScenarioId", str)
MerchantId = NewType("MerchantId", str)
BatchId = NewType("BatchId", str)
SubjectKey = NewType("SubjectKey", str)
"""Two subjects with one key are one: canonical name and number of a person, the code of an organisation."""


class Strict:
    """A value read from a file: a field the class does not know is a fault, not noise."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Mapping[str, object]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, order=True)
class Window(Strict):
    """A closed interval of days: both ends are valid days."""

    not_before: date
    not_after: date

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.not_after < self.not_before:
            raise ValueError(f"window ends {self.not_after} before it starts {self.not_before}")

    def __contains__(self, day: date) -> bool:
        return self.not_before <= day <= self.not_after


# -- who -------------------------------------------------------------------------------------------------------


class SubjectKind(StrEnum):
    """Who can be honoured (requirement F01)."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    SOCIAL_ORGANISATION = "social-organisation"
    GOVERNMENT = "government"
    TOWNSHIP = "township"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the name as it is shown and the document number. Neither leaves the office as it is."""

    name: str
    number: Number
    kind: ClassVar[SubjectKind] = SubjectKind.PERSON

    @property
    def key(self) -> SubjectKey:
        """Canonical name and number."""
        return SubjectKey(f"{canonical(self.name)}\0{self.number}")


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation: public, by name and code."""

    name: str
    code: CreditCode
    kind: SubjectKind = SubjectKind.ENTERPRISE

    @property
    def key(self) -> SubjectKey:
        """The code alone: names of organisations vary in spelling."""
        return SubjectKey(f"\0{self.code}")


Subject = Person | Organisation


def number_of(subject: Subject) -> str:
    """Return a person's document number or an organisation's code."""
    return subject.number if isinstance(subject, Person) else subject.code


# -- what the office publishes ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit(Strict):
    """A unit of government or one that works for it, under every name the documents give it."""

    id: UnitId
    name: str
    area: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Category(Strict):
    """A class of honours and the units that report it (requirement F26); ``open`` admits every unit."""

    code: CategoryCode
    name: str
    subject: Literal["person", "organisation"]
    honours: tuple[str, ...] = ()
    units: tuple[UnitId, ...] = ()
    open: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measure(Strict):
    """One row of the list of measures (requirement F27)."""

    number: int
    text: str
    unit: UnitId
    implementer: str = ""
    field: str = ""
    flags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class LegalBasis(Strict):
    """A document cited; without ``policy`` it is not on this site and is shown as text (requirement Z02)."""

    title: str
    number: str = ""
    policy: PolicyId | None = None


@dataclass(frozen=True, slots=True)
class PolicyPart(Strict):
    """A part of a policy; ``body`` is Markdown, read from the file of that name beside policy.toml."""

    kind: Literal["notice", "plan", "annex"]
    title: str
    file: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Policy(Strict):
    """A policy document with its parts (requirement Z01)."""

    id: PolicyId
    title: str
    area: str
    issuer: str
    status: Literal["trial", "in-force", "repealed", "undated"]
    parts: tuple[PolicyPart, ...]
    number: str = ""
    made: date | None = None
    published: date | None = None
    topic: str = ""
    index_number: str = ""
    addressees: tuple[str, ...] = ()
    summary: str = ""
    bases: tuple[LegalBasis, ...] = ()
    notes: tuple[str, ...] = ()


class BenefitKind(StrEnum):
    """The seven kinds of benefit (requirement Z07); the values are the words of the policy."""

    FEE_WAIVED = "减免费用"
    DISCOUNT = "享受优惠"
    NO_DEPOSIT = "免交押金"
    LOWER_THRESHOLD = "降低门槛"
    PRIORITY = "优先办理"
    SIMPLER = "简化程序"
    CONVENIENCE = "享受便利"


@dataclass(frozen=True, slots=True)
class ScoreAtLeast(Strict):
    """Whoever has at least this score on the snapshot in force."""

    score_at_least: int


@dataclass(frozen=True, slots=True)
class TaxClass(Strict):
    """Whoever has one of these tax classes on the snapshot in force."""

    tax_class: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RatingAtLeast(Strict):
    """Whoever is rated this grade or better on the configured scale."""

    rating_at_least: str


@dataclass(frozen=True, slots=True)
class Honour(Strict):
    """Whoever stands recognised in one of these categories; ``A`` or ``B`` alone means the whole group."""

    honour: tuple[CategoryCode, ...]


@dataclass(frozen=True, slots=True)
class KindIs(Strict):
    """Whoever is of one of these kinds."""

    kind: tuple[SubjectKind, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Strict):
    """Whoever meets one of the conditions."""

    any: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class AllOf(Strict):
    """Whoever meets every one of the conditions."""

    all: tuple[Audience, ...]


Audience = ScoreAtLeast | TaxClass | RatingAtLeast | Honour | KindIs | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class Scenario(Strict):
    """A 信易+ scenario: who may have what, where, on which conditions (requirements Z03–Z07, Z10).

    A planned scenario has been announced without a word on what it gives; it has no audience yet.
    """

    id: ScenarioId
    name: str
    area: str
    status: Literal["active", "planned"]
    provider: str = ""
    benefit: str = ""
    benefit_kinds: tuple[BenefitKind, ...] = ()
    units: tuple[UnitId, ...] = ()
    cooperating: tuple[UnitId, ...] = ()
    reach: Literal["general", "pilot"] = "general"
    conditions: tuple[str, ...] = ()
    audience: Audience | None = None
    policy: PolicyId | None = None
    number: int = 0
    since: date | None = None
    notes: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Merchant(Strict):
    """Whoever checks at the counter, and for which scenarios; ``id`` names its bundle, in plain ASCII."""

    id: MerchantId
    name: str
    scenarios: tuple[ScenarioId, ...]
    status: Literal["active", "paused"] = "active"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Notice(Strict):
    """A public notice; one that names a batch shows that batch's entries while they are in their period."""

    id: str
    title: str
    published: date
    batch: BatchId | None = None
    summary: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Case(Strict):
    """A case told to the public (requirement Z09); an invented one says so."""

    id: str
    title: str
    published: date
    invented: bool
    summary: str = ""
    scenario: ScenarioId | None = None
    body: str = ""


@dataclass(frozen=True, slots=True)
class Page(Strict):
    """A page of plain text: about, how to check, rights."""

    id: str
    title: str
    summary: str = ""
    body: str = ""


class ReferenceDay(StrEnum):
    """From which day the three years of serious dishonesty are counted back (requirement F02)."""

    SCREENING = "screening"
    RECOGNITION = "recognition"


class HitEffect(StrEnum):
    """What a hit in a screening return does (requirements F02, F05)."""

    EXCLUDES = "excludes"
    UNTIL_REMOVED = "excludes-until-removed"
    NOTE = "note"


class About(StrEnum):
    """Whom a screening source is asked about."""

    PEOPLE = "people"
    ORGANISATIONS = "organisations"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Source(Strict):
    """A screening source (requirement F05): what a hit of its means, whom it is asked about, and since which day.

    A batch whose deadline lies before ``since`` does not wait for it.
    """

    name: str
    effect: HitEffect = HitEffect.EXCLUDES
    since: date | None = None
    about: About = About.BOTH
    contact: str = ""

    def is_asked(self, subject: Subject) -> bool:
        """Return whether a subject is of the kind that this source is asked about."""
        return self.about in (About.BOTH, About.PEOPLE if isinstance(subject, Person) else About.ORGANISATIONS)


@dataclass(frozen=True, slots=True)
class Rules(Strict):
    """What the documents leave to the office, with the defaults of requirements.md."""

    notice_working_days: int = 7
    count_first_day: bool = False
    objection_working_days: int = 15
    validity_years: int = 1
    dishonesty_years: int = 3
    reference_days: tuple[ReferenceDay, ...] = (ReferenceDay.SCREENING, ReferenceDay.RECOGNITION)
    screening_sources: tuple[str, ...] = ()
    """The sources whose answers are waited for."""
    rating_scale: tuple[str, ...] = ()
    """Grades from lowest to highest."""
    sources: tuple[Source, ...] = ()
    """What is known of the sources; one that is not among these is asked about everybody."""


@dataclass(frozen=True, slots=True)
class Contact(Strict):
    """Where the public turns to."""

    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Footer(Strict):
    """The footer items a government site shows; an empty one is left out."""

    icp: str = ""
    police: str = ""
    party_mark: str = ""
    error_report: str = ""


@dataclass(frozen=True, slots=True)
class Target(Strict):
    """A place to publish to."""

    kind: Literal["folder"]
    path: str
    allow_demo: bool = False


@dataclass(frozen=True, slots=True)
class Settings(Strict):
    """site.toml."""

    name: str
    office: str
    domain: str
    site_code: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    timezone: str = "Asia/Shanghai"
    contact: Contact = Contact()
    footer: Footer = Footer()
    rules: Rules = Rules()
    targets: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything the public reads that is not a list; ``sources.content`` has checked every cross-reference."""

    settings: Settings
    units: Mapping[UnitId, Unit]
    categories: Mapping[CategoryCode, Category]
    measures: tuple[Measure, ...]
    policies: tuple[Policy, ...]
    scenarios: Mapping[ScenarioId, Scenario]
    merchants: tuple[Merchant, ...]
    notices: tuple[Notice, ...]
    cases: tuple[Case, ...]
    pages: tuple[Page, ...]

    def scenarios_of(self, merchant: Merchant) -> tuple[Scenario, ...]:
        """Return the active scenarios of one merchant, in the merchant's order."""
        found = (self.scenarios[scenario] for scenario in merchant.scenarios)
        return tuple(scenario for scenario in found if scenario.status == "active")


# -- the facts lists/ holds -------------------------------------------------------------------------------------


class PublicationMode(StrEnum):
    """How an entry may be published (requirements F13, F15); a withheld one gets a letter instead."""

    MASKED = "masked"
    FULL = "full"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Nomination:
    """A unit's entry, as it arrived (requirement F09)."""

    batch: BatchId
    place: Place
    subject: Subject
    category: CategoryCode
    honour: str
    awarder: str
    unit: UnitId
    received: date
    document: str = ""
    awarded: date | None = None
    honour_ends: date | None = None
    affiliation: str = ""
    publication: PublicationMode = PublicationMode.MASKED
    publication_grounds: str = ""
    remark: str = ""
    nominated_as: Subject | None = None
    """The subject before a correction of its name; references are made from it, so they outlive corrections."""

    @property
    def origin(self) -> Subject:
        """The subject as first nominated."""
        return self.nominated_as or self.subject


@dataclass(frozen=True, slots=True)
class Batch:
    """A round: its deadline and, once set, the first day of its public notice.

    ``rules`` are those in force when the notice was set: what site.toml says later judges later batches only.
    """

    id: BatchId
    title: str
    deadline: date
    notice_start: date | None = None
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A number found by a screening source; matched by number only, since names are shared.

    ``name`` and ``place`` serve hints to the clerk alone.
    """

    number: str
    recorded: date
    removed: date | None = None
    grounds: str = ""
    name: str = field(default="", compare=False)
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ScreeningReturn:
    """What one source answered for one batch on one day; no hits is an answer too."""

    batch: BatchId
    source: str
    day: date
    operator: str
    effect: HitEffect
    hits: tuple[Hit, ...] = ()
    evidence: str = ""


class Ground(StrEnum):
    """Why an entry is withdrawn; each belongs to an exit of requirement F16."""

    DISHONEST = "dishonest"
    ABUSE = "abuse"
    NOT_RENEWED = "not-renewed"
    STANDARD_CHANGED = "standard-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Strict):
    """A fact about one entry, as recorded: the day it happened, who decided, on what grounds."""

    batch: BatchId
    name: str
    number: str
    day: date
    unit: UnitId
    grounds: str
    document: str = ""
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Decision):
    """Someone objects, with evidence (requirements F07, F17)."""

    kind: Literal["objection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(Decision):
    """Whoever the entry is about asks for a decision that ended it to be looked at again (requirement F17)."""

    kind: Literal["appeal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Decision):
    """The recognising unit's answer to the open objections, or to the appeal."""

    kind: Literal["resolution"]
    upheld: bool
    answers: Literal["objection", "appeal"] = "objection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Decision):
    """The entry is taken off the list."""

    kind: Literal["withdrawal"]
    ground: Ground


CorrectedField = Literal["name", "number", "honour", "awarder", "document", "affiliation", "publication"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(Decision):
    """Fields of the entry are put right; its reference stays (requirements F12, F18)."""

    kind: Literal["correction"]
    fields: Mapping[CorrectedField, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relisting(Decision):
    """Whoever left is nominated anew, in another batch, with the fields of the old entry (requirement F16)."""

    kind: Literal["relisting"]
    into: BatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehabilitation(Decision):
    """A record of dishonesty was wrong: it no longer counts against its subject (requirement F19).

    Without ``source`` those of every source, without ``recorded`` those of every day.
    """

    kind: Literal["dishonest-error"]
    source: str = ""
    recorded: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitRecovery(Decision):
    """What someone wrongly honoured had enjoyed, and what was taken back (requirement F20); it moves no entry."""

    kind: Literal["benefit-recovery"]
    benefit: str
    outcome: str


AnyDecision = Objection | Appeal | Resolution | Withdrawal | Correction | Relisting | Rehabilitation | BenefitRecovery


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A subject and its value: a score as digits, a tax class, or a grade."""

    subject: Subject
    value: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table of scores, tax classes or ratings and the days it is good for; a later one replaces it."""

    id: str
    kind: Literal["score", "tax", "rating"]
    taken: date
    window: Window
    source: str
    rows: tuple[SnapshotRow, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """All facts of lists/, as they arrived."""

    batches: Mapping[BatchId, Batch]
    nominations: tuple[Nomination, ...]
    returns: tuple[ScreeningReturn, ...]
    decisions: tuple[AnyDecision, ...]
    snapshots: tuple[Snapshot, ...]
    calendar: Calendar


ONE_DAY = timedelta(days=1)
