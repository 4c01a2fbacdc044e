"""The pipeline: read → stand → bundle → sign → plan → render → gate → save the release → swap in.

Everything is made in memory and checked before anything is written; a fault leaves the old site and the old release
as they were. The release is saved before the site is swapped in, so no site ever shows what is not recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.build import bundles, correspondence, writing
from generator.build.bundles import Progress, people_of
from generator.build.locking import alone
from generator.build.office import Office, entitle, read
from generator.build.shipped import templates_of
from generator.bundle import archive, collapse
from generator.core.disclosure import BundleRecord, disclose
from generator.core.lifecycle import Stage, Standing
from generator.core.model import MerchantId, Organisation, Person, PublicationMode
from generator.core.names import canonical
from generator.errors import Fault, Faults, InputFaultsError, RefusedError
from generator.site import gate
from generator.site.plan import Edition
from generator.site.render import render
from generator.sources.content import read_content
from generator.trust import history, releases, repository, sm2
from generator.trust.keys import OfficeKeys, add_passphrases, open_office
from generator.trust.releases import Release

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
    new_passphrases: tuple[MerchantId, ...]
    """Whose passphrase was generated in this build."""
    derived: int
    fingerprint: str
    expires: date
    """The first day on which the bundles are refused."""
    root_expires: date
    """The first day on which the root is refused, and everything with it."""
    site: Path
    invented: bool = False
    """Whether real keys have signed invented people (area code 99…): the example lists are still there."""


def check(root: Path, as_of: date) -> Office:
    """Do all that a build does short of keys: read, stand, render; raise ``InputFaultsError`` with every fault."""
    office = _read(root, as_of, kept=True)
    edition = _edition(office, references=[""] * len(office.standings), records=(), fingerprint="", demo=False)
    render(edition, templates_of(root))
    return office


def _read(root: Path, as_of: date, *, kept: bool) -> Office:
    """Read everything; where it has faults, those of the pages are told in the same run."""
    try:
        return read(root, as_of, kept=kept)
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
        render(edition, templates_of(root))
    except InputFaultsError as error:
        return error.faults
    return ()


def build(root: Path, as_of: date, keys: OfficeKeys, progress: Progress) -> Report:
    """Build the site and the bundles of one day; see the module's note on what is written when.

    The keys are opened once more under the lock: another window may have sealed a passphrase since they were.
    """
    with alone(root):
        return _build(root, as_of, open_office(root / "keys", keys.passphrase), progress)


def _build(root: Path, as_of: date, keys: OfficeKeys, progress: Progress) -> Report:
    office = _read(root, as_of, kept=False)
    store = root / "keys" / "repository"
    zone = ZoneInfo(office.content.settings.timezone)
    issued = datetime.combine(as_of, time(0), zone).astimezone(UTC)
    secrets = bundles.open_secrets(keys)
    programme = collapse.programme_digest(secrets)
    current = repository.read_release(store)
    _refuse_to_fork(root, office, current)
    if current:
        _refuse_to_go_back(current, issued, zone, demo=keys.demo)
        releases.check_programme(current, programme)
    history.note_changes(store, keys.programme.changes)
    entitled = entitle(office)
    people = [*people_of(e.subject for e in entitled), *people_of(s.nomination.origin for s in office.standings)]
    collapsed = bundles.collapse_all(root / "lists" / CACHE, people, secrets, progress)
    merchants = [merchant for merchant in office.content.merchants if merchant.status == "active"]
    unknown = tuple(m.id for m in merchants if m.id not in keys.programme.passphrases)
    keys = _with_passphrases(root / "keys", keys, unknown)
    targets = bundles.make_targets(office, merchants, entitled, keys, current, collapsed)
    roots = repository.read_roots(store)
    release = releases.next_release(current, roots, targets.sealed, issued, keys.signer, programme)
    packed = {m.id: archive.container(bundles.container_members(release, m, keys.demo)) for m in merchants}
    references = bundles.assign_references(office.standings, collapsed, secrets.ref_key)
    edition = _edition(
        office,
        references=references,
        records=tuple(bundles.record(m, packed[m.id], release, zone) for m in merchants),
        fingerprint=repository.root_fingerprint(store),
        demo=keys.demo,
    )
    pages = render(edition, templates_of(root))
    signatures = _national_signatures(root / "keys", keys, packed)
    files = {**pages, **writing.downloads(release, edition, packed), **signatures}
    watched = gate.watch(_everyone(office), _open_text(root), _phrases(office), _consented(office))
    gate.check({**files, **targets.plain}, watched)
    standings = {"standings.csv": writing.standings_csv(office.standings, references)}
    private = {**standings, **correspondence.letters_due(office, references)}
    repository.save_release(store, release)
    writing.swap_in(root / "build" / "office", private, owner_only=True)
    writing.swap_in(root / "build" / "site", files)
    return Report(
        as_of=as_of,
        demo=keys.demo,
        pages=sum(path.endswith(".html") for path in pages),
        people=_count(office.standings, Person),
        organisations=_count(office.standings, Organisation),
        bundles=edition.bundles,
        remade=targets.remade,
        new_passphrases=unknown,
        derived=collapsed.derived,
        fingerprint=edition.root_fingerprint,
        expires=release.expires.astimezone(zone).date(),
        root_expires=repository.root_expiry(store).astimezone(zone).date(),
        site=root / "build" / "site",
        invented=not keys.demo and any(person.number.startswith("99") for person in people),
    )


def _refuse_to_fork(root: Path, office: Office, current: Release | None) -> None:
    """Refuse to go on from a release behind what went out: a restored backup, or another PC that published too.

    Looked at is what publishing noted, and each folder in site.toml that can be read and is ours.
    """
    store = root / "keys" / "repository"
    chain = current.chain if current else ()
    history.check_all_ours(store, chain)
    first_root = repository.read_roots(store)["1.root.json"]
    for name, target in office.content.settings.targets.items():
        there = root / target.path / "tuf" / "metadata"
        with suppress(OSError, ValueError):  # not plugged in, nothing there yet, or unreadable: publishing will say so
            if (there / "1.root.json").read_bytes() == first_root:
                history.check_ours((there / releases.TIMESTAMP).read_bytes(), chain, f"发布目标“{name}”")


def _refuse_to_go_back(current: Release, issued: datetime, zone: ZoneInfo, *, demo: bool) -> None:
    if issued < current.issued and not demo:
        raise RefusedError(
            f"已经发布过{current.issued.astimezone(zone):%Y-%m-%d}的名单，"
            f"不能再按更早的{issued.astimezone(zone):%Y-%m-%d}生成：商户手里的名单会倒退。请改用今天的日期"
        )


def _national_signatures(folder: Path, keys: OfficeKeys, packed: Mapping[MerchantId, bytes]) -> dict[str, bytes]:
    """Return the SM2 signature of each bundle, if the office has made a key for it (docs/spec/sm2.md)."""
    key = sm2.open_key(folder, keys.programme)
    named = {releases.target_path(merchant): data for merchant, data in packed.items()}
    return {f"bundles/{name}": data for name, data in sm2.beside(key, named).items()} if key else {}


def _with_passphrases(folder: Path, keys: OfficeKeys, unknown: Iterable[MerchantId]) -> OfficeKeys:
    """Generate a passphrase for each merchant that has none, sealed before anything is encrypted under it."""
    fresh = {merchant: archive.new_passphrase() for merchant in unknown}
    return add_passphrases(folder, keys, fresh) if fresh else keys


def _everyone(office: Office) -> Iterable[Person]:
    yield from people_of(nomination.subject for nomination in office.lists.nominations)
    yield from people_of(standing.nomination.subject for standing in office.standings)
    yield from people_of(row.subject for snapshot in office.lists.snapshots for row in snapshot.rows)


def _open_text(root: Path) -> str:
    """Return what is public anyway: content, templates and the verifier."""
    parts = [
        path.read_text(encoding="utf-8", errors="replace")
        for folder in (root / "content", templates_of(root))
        for path in sorted(folder.rglob("*"))
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
