"""From the entitled to the bundles: collapse, tokens, targets, containers, references."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from generator.build.office import Entitled, Office
from generator.bundle import archive, collapse, payload
from generator.bundle.collapse import Secrets, U
from generator.bundle.payload import LastDays
from generator.core.audience import in_force
from generator.core.disclosure import BundleRecord
from generator.core.lifecycle import Stage, Standing
from generator.core.model import (
    BatchId,
    Merchant,
    MerchantId,
    Organisation,
    Person,
    PublicationMode,
    ScenarioId,
    Subject,
)
from generator.trust import releases
from generator.trust.keys import OfficeKeys
from generator.trust.releases import Release, Sealed

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


_Who = TypeVar("_Who")


def _alike(entitled: Mapping[_Who, LastDays]) -> list[tuple[LastDays, list[_Who]]]:
    """Group whoever has the same last days: there are few such groups, and every merchant is cut from them."""
    groups: dict[frozenset[tuple[ScenarioId, date]], tuple[LastDays, list[_Who]]] = {}
    for who, days in entitled.items():
        groups.setdefault(frozenset(days.items()), (days, []))[1].append(who)
    return list(groups.values())


def _offered(groups: Iterable[tuple[LastDays, list[_Who]]], offered: Collection[ScenarioId]) -> dict[_Who, LastDays]:
    """Return who may use something of what one merchant offers, and until when."""
    found: dict[_Who, LastDays] = {}
    for days, everyone in groups:
        here = {scenario: day for scenario, day in days.items() if scenario in offered}
        if here:
            found.update(dict.fromkeys(everyone, here))
    return found


@dataclass(frozen=True, slots=True)
class Targets:
    """Each merchant's encrypted target, all members before encryption (for the gate), and whose were made anew."""

    sealed: Mapping[MerchantId, Sealed]
    plain: Mapping[str, bytes]
    remade: tuple[MerchantId, ...]


def open_secrets(keys: OfficeKeys) -> Secrets:
    """Return the programme's secrets as the bundle room wants them."""
    programme = keys.programme
    return Secrets(programme.u_salt, programme.t_key, programme.ref_key, programme.token_bits)


@dataclass(frozen=True, slots=True)
class Collapsed:
    """u of everyone a build needs, and how many had to be derived."""

    by_key: Mapping[str, U]
    secrets: Secrets = field(repr=False)
    derived: int

    def u(self, person: Person) -> U:
        """Return u of one person; raise ``KeyError`` for one that was not asked for."""
        return self.by_key[collapse.cache_key(person, self.secrets)]


def collapse_all(cache: Path, people: Iterable[Person], secrets: Secrets, progress: Progress) -> Collapsed:
    """Return u of all people; newcomers are derived and cached as they come, so that nothing is done twice."""
    known = collapse.parse_cache(cache.read_bytes()) if cache.exists() else {}
    missing = collapse.uncached(people, secrets, known)
    with cache.open("ab") as file:
        if missing and file.tell():
            file.write(b"\n")  # a line cut short by a crash must not swallow the next
        for done, (key, u) in enumerate(collapse.derive_each(missing, secrets.u_salt), 1):
            known[key] = u
            file.write(collapse.encode_cache_line(key, u))
            progress("计算名单代码", done, len(missing))
    return Collapsed(known, secrets, len(missing))


def people_of(subjects: Iterable[Subject]) -> Iterable[Person]:
    """Return the people among some subjects."""
    return (subject for subject in subjects if isinstance(subject, Person))


def assign_references(standings: Sequence[Standing], collapsed: Collapsed, ref_key: bytes) -> list[str]:
    """Return each standing's reference, made from the subject as first nominated, unique within its batch."""
    by_batch: dict[BatchId, list[int]] = {}
    received = sorted(
        enumerate(standings), key=lambda item: (item[1].nomination.received, item[1].nomination.origin.key)
    )
    for index, standing in received:
        by_batch.setdefault(standing.nomination.batch, []).append(index)
    found = [""] * len(standings)
    for batch, indexes in by_batch.items():
        origins = [standings[index].nomination.origin for index in indexes]
        subjects = [(subject, collapsed.u(subject) if isinstance(subject, Person) else None) for subject in origins]
        for index, reference in zip(indexes, collapse.references(batch, subjects, ref_key), strict=True):
            found[index] = reference
    return found


def make_targets(
    office: Office,
    merchants: Sequence[Merchant],
    entitled: Sequence[Entitled],
    keys: OfficeKeys,
    current: Release | None,
    collapsed: Collapsed,
) -> Targets:
    """Return each merchant's target, the old one where it says the same.

    What a replaced office key has signed is not believed to say what it says: whoever stole it could have signed it.
    """
    known = current.targets if current and releases.is_signed_by(current, keys.signer) else {}
    secrets = open_secrets(keys)
    tokens = (
        (collapse.token(one.subject, collapsed.u(one.subject), secrets), one.last_days)
        for one in entitled
        if isinstance(one.subject, Person)
    )
    people = payload.pad(payload.merge(tokens), secrets)
    groups, organisations = _alike(people), _alike(named_or_not(entitled, office))
    sealed: dict[MerchantId, Sealed] = {}
    plain: dict[str, bytes] = {}
    remade = []
    for merchant in merchants:
        scenarios = office.content.scenarios_of(merchant)
        offered = {scenario.id for scenario in scenarios}
        members = payload.members(
            office=office.content.settings.office,
            merchant=merchant,
            scenarios=scenarios,
            roll=payload.Roll(_offered(groups, offered), _offered(organisations, offered), people.keys()),
            secrets=secrets,
            made=office.as_of,
            demo=keys.demo,
        )
        plain.update({f"{merchant.id}.zip › {name}": data for name, data in members.items()})
        passphrase = keys.programme.passphrases[merchant.id]
        content = payload.content_digest(members, passphrase, secrets)
        old = known.get(merchant.id)
        if old is None or old.content != content:
            old = releases.sealed(archive.encrypt(members, passphrase), content)
            remade.append(merchant.id)
        sealed[merchant.id] = old
    return Targets(sealed, plain, tuple(remade))


def named_or_not(entitled: Iterable[Entitled], office: Office) -> dict[Organisation, LastDays]:
    """Return the organisations entitled; without a name those that only entries not to be published entitle (F15)."""
    public = {
        standing.nomination.subject.key
        for standing in office.standings
        if standing.stage is Stage.RECOGNISED and standing.nomination.publication is not PublicationMode.WITHHELD
    }
    public |= {row.subject.key for snapshot in in_force(office.lists.snapshots, office.as_of) for row in snapshot.rows}
    return {
        one.subject if one.subject.key in public else replace(one.subject, name=""): one.last_days
        for one in entitled
        if isinstance(one.subject, Organisation)
    }


def container_members(release: Release, merchant: Merchant, demo: bool) -> dict[str, bytes]:
    """Return the members of one merchant's bundle (spec 2)."""
    banner = "【演示】此名单为虚构数据，仅供试用，不能用于真实核验。\n\n" if demo else ""
    text = (
        f"{banner}信易+ 离线名单：{merchant.name}\n\n"
        "怎样核验：把本文件和 verify.py 放在同一个文件夹，运行\n"
        f"    python3 verify.py {merchant.id}.zip\n"
        "然后按提示输入口令、顾客姓名和证件号码。不需要联网。\n"
    )
    members = {"README.txt": text.encode()}
    members.update({f"metadata/{name}": data for name, data in sorted(release.metadata_for(merchant.id).items())})
    members[f"targets/{release.target_file(merchant.id)}"] = release.targets[merchant.id].data
    return members


def record(merchant: Merchant, bundle: bytes, release: Release, zone: ZoneInfo) -> BundleRecord:
    """Return how the download page describes one bundle."""
    return BundleRecord(
        merchant=merchant.id,
        name=merchant.name,
        file=f"{merchant.id}.zip",
        version=release.version,
        issued=release.issued.astimezone(zone).date(),
        expires=release.expires.astimezone(zone).date(),
        size=len(bundle),
        sha256=hashlib.sha256(bundle).hexdigest(),
    )
