"""The pipeline: read → stand → bundle → sign → plan → render → gate → save the release → swap in.

Everything is made in memory and checked before anything is written; a fault leaves the old site and the old release
as they were. The release is saved before the site is swapped in, so no site ever shows what is not recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.build import bundles, writing
from generator.build.bundles import Progress, people_of
from generator.build.locking import alone
from generator.build.office import Office, entitle, read
from generator.bundle import archive
from generator.core.disclosure import BundleRecord, disclose
from generator.core.lifecycle import Stage, Standing
from generator.core.model import Merchant, MerchantId, Organisation, Person, PublicationMode
from generator.core.names import canonical
from generator.errors import Fault, Faults, InputFaultsError, RefusedError
from generator.site import gate
from generator.site.plan import Edition
from generator.site.render import render
from generator.sources.content import read_content
from generator.trust import repository
from generator.trust.keys import OfficeKeys, add_passphrases

CACHE = "u.cache"


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did, for staff."""

    as_of: date
    demo: bool
    pages: int
    people: Mapping[Stage, int]
    organisations: Mapping[Stage, int]
    bundles: tuple[BundleRecord, ...]
    remade: tuple[MerchantId, ...]
    derived: int
    fingerprint: str
    site: Path
    invented: bool = False
    """Whether real keys have signed invented people (area code 99…): the example lists are still there."""


def check(root: Path, as_of: date) -> None:
    """Do all that a build does short of keys: read, stand, render; raise ``InputFaultsError`` with every fault."""
    office = _read(root, as_of)
    edition = _edition(office, references=[""] * len(office.standings), records=(), fingerprint="", demo=False)
    render(edition, root / "templates")


def _read(root: Path, as_of: date) -> Office:
    """Read everything; where it has faults, those of the pages are told in the same run."""
    try:
        return read(root, as_of)
    except InputFaultsError as error:
        raise InputFaultsError([*error.faults, *_faults_of_pages(root, as_of)]) from error


def _edition(
    office: Office, *, references: Sequence[str], records: tuple[BundleRecord, ...], fingerprint: str, demo: bool
) -> Edition:
    """Return what goes on the site: of the lists, only what may be disclosed."""
    entries = (disclose(s, ref, office.as_of) for s, ref in zip(office.standings, references, strict=True))
    return Edition(
        content=office.content,
        batches=office.lists.batches,
        notices=office.notices,
        entries=tuple(entry for entry in entries if entry),
        bundles=records,
        root_fingerprint=fingerprint,
        as_of=office.as_of,
        demo=demo,
    )


def _faults_of_pages(root: Path, as_of: date) -> tuple[Fault, ...]:
    """Return what is wrong with texts and templates where the lists cannot be read yet; nothing if content cannot."""
    faults = Faults()
    content = read_content(root, faults)
    if content is None or faults.found:
        return ()
    edition = Edition(content, {}, {}, (), (), "", as_of, demo=False)
    try:
        render(edition, root / "templates")
    except InputFaultsError as error:
        return error.faults
    return ()


def build(root: Path, as_of: date, keys: OfficeKeys, progress: Progress) -> Report:
    """Build the site and the bundles of one day; see the module's note on what is written when."""
    with alone(root):
        return _build(root, as_of, keys, progress)


def _build(root: Path, as_of: date, keys: OfficeKeys, progress: Progress) -> Report:
    office = _read(root, as_of)
    store = root / "keys" / "repository"
    current = repository.read_release(store)
    zone = ZoneInfo(office.content.settings.timezone)
    issued = datetime.combine(as_of, time(0), zone).astimezone(UTC)
    if current and issued < current.issued and not keys.demo:
        raise RefusedError(
            f"已经发布过{current.issued.astimezone(zone):%Y-%m-%d}的名单，"
            f"不能再按更早的{as_of}生成：商户手里的名单会倒退。请改用今天的日期"
        )
    secrets = bundles.open_secrets(keys)
    entitled = entitle(office)
    people = [*people_of(e.subject for e in entitled), *people_of(s.nomination.origin for s in office.standings)]
    collapsed = bundles.collapse_all(root / "lists" / CACHE, people, secrets.u_salt, progress)
    merchants = [merchant for merchant in office.content.merchants if merchant.status == "active"]
    keys = _with_passphrases(root / "keys", keys, merchants)
    targets = bundles.make_targets(office, merchants, entitled, keys, current, collapsed)
    release = repository.next_release(current, repository.read_roots(store), targets.sealed, issued, keys.signer)
    packed = {m.id: archive.container(bundles.container_members(release, m, keys.demo)) for m in merchants}
    references = bundles.assign_references(office.standings, collapsed, secrets.ref_key)
    edition = _edition(
        office,
        references=references,
        records=tuple(bundles.record(m, packed[m.id], release, zone) for m in merchants),
        fingerprint=repository.root_fingerprint(store),
        demo=keys.demo,
    )
    pages = render(edition, root / "templates")
    files = {**pages, **writing.downloads(release, edition, packed)}
    watched = gate.watch(_everyone(office), _open_text(root), _phrases(office), _consented(office))
    gate.check({**files, **targets.plain}, watched)
    repository.save_release(store, release)
    writing.swap_in(root / "build" / "office", {"standings.csv": writing.standings_csv(office.standings, references)})
    writing.swap_in(root / "build" / "site", files)
    return Report(
        as_of=as_of,
        demo=keys.demo,
        pages=sum(path.endswith(".html") for path in pages),
        people=_count(office.standings, Person),
        organisations=_count(office.standings, Organisation),
        bundles=edition.bundles,
        remade=targets.remade,
        derived=collapsed.derived,
        fingerprint=edition.root_fingerprint,
        site=root / "build" / "site",
        invented=not keys.demo and any(person.number.startswith("99") for person in people),
    )


def _with_passphrases(folder: Path, keys: OfficeKeys, merchants: Iterable[Merchant]) -> OfficeKeys:
    """Generate a passphrase for each merchant that has none, sealed before anything is encrypted under it."""
    fresh = {m.id: archive.new_passphrase() for m in merchants if m.id not in keys.programme.passphrases}
    return add_passphrases(folder, keys, fresh) if fresh else keys


def _everyone(office: Office) -> Iterable[Person]:
    yield from people_of(nomination.subject for nomination in office.lists.nominations)
    yield from people_of(standing.nomination.subject for standing in office.standings)
    yield from people_of(row.subject for snapshot in office.lists.snapshots for row in snapshot.rows)


def _open_text(root: Path) -> str:
    """Return what is public anyway: content, templates and the verifier."""
    parts = [
        path.read_text(encoding="utf-8", errors="replace")
        for folder in ("content", "templates")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    ]
    parts.append(writing.VERIFIER.read_text(encoding="utf-8"))
    return "\n".join(parts)


def _consented(office: Office) -> Iterable[str]:
    """Yield the names that are shown in full today, because whoever bears them agreed."""
    for standing in office.standings:
        if standing.nomination.publication is PublicationMode.FULL and disclose(standing, "", office.as_of):
            yield standing.nomination.subject.name


def _phrases(office: Office) -> Iterable[str]:
    """Yield what is public as a whole and may hold somebody's name: organisations, honours, who awards them."""
    for standing in office.standings:
        nomination = standing.nomination
        if isinstance(nomination.subject, Organisation):
            yield nomination.subject.name
        own = canonical(nomination.subject.name)
        yield from (text for text in (nomination.honour, nomination.awarder) if own not in canonical(text))
    for snapshot in office.lists.snapshots:
        yield from (row.subject.name for row in snapshot.rows if isinstance(row.subject, Organisation))


def _count(standings: Iterable[Standing], kind: type[Person] | type[Organisation]) -> dict[Stage, int]:
    counts = Counter(s.stage for s in standings if isinstance(s.nomination.subject, kind))
    return {stage: counts[stage] for stage in Stage if counts[stage]}
