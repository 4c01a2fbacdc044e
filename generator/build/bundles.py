"""From the entitled to the bundles: collapse, tokens, targets, containers, references."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from generator.build.office import Entitled, Office
from generator.bundle import archive, collapse, payload
from generator.bundle.collapse import Secrets, U
from generator.bundle.payload import LastDays
from generator.core.disclosure import BundleRecord
from generator.core.lifecycle import Standing
from generator.core.model import BatchId, Merchant, MerchantId, Person, ScenarioId, Subject
from generator.errors import KeysError
from generator.trust.keys import OfficeKeys
from generator.trust.repository import Release

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


_Who = TypeVar("_Who")


def _offered(entitled: Mapping[_Who, LastDays], offered: Collection[ScenarioId]) -> dict[_Who, LastDays]:
    """Return who may use something of what one merchant offers, and until when."""
    here = ((who, {s: day for s, day in days.items() if s in offered}) for who, days in entitled.items())
    return {who: days for who, days in here if days}


_OTHER_PROGRAMME = (
    "programme.key 与已发布的名单不配套：可能是旧的备份，或另一次生成的。请从最新的备份恢复整个 keys 文件夹"
)


@dataclass(frozen=True, slots=True)
class Targets:
    """Each merchant's encrypted target, all members before encryption (for the gate), and whose were made anew."""

    sealed: Mapping[MerchantId, bytes]
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
    u_salt: bytes
    derived: int

    def u(self, person: Person) -> U:
        """Return u of one person; raise ``KeyError`` for one that was not asked for."""
        return self.by_key[collapse.cache_key(person, self.u_salt)]


def collapse_all(cache: Path, people: Iterable[Person], u_salt: bytes, progress: Progress) -> Collapsed:
    """Return u of all people; newcomers are derived and cached as they come, so that nothing is done twice."""
    known = collapse.parse_cache(cache.read_bytes()) if cache.exists() else {}
    missing = collapse.uncached(people, u_salt, known)
    with cache.open("ab") as file:
        if missing and file.tell():
            file.write(b"\n")  # a line cut short by a crash must not swallow the next
        for done, (key, u) in enumerate(collapse.derive_each(missing, u_salt), 1):
            known[key] = u
            file.write(collapse.encode_cache_line(key, u))
            progress("计算名单代码", done, len(missing))
    return Collapsed(known, u_salt, len(missing))


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
    """Return each merchant's target, the old one where it says the same."""
    secrets = open_secrets(keys)
    tokens = (
        (collapse.token(one.subject, collapsed.u(one.subject), secrets), one.last_days)
        for one in entitled
        if isinstance(one.subject, Person)
    )
    people = payload.pad(payload.merge(tokens), secrets)
    organisations = {one.subject: one.last_days for one in entitled if not isinstance(one.subject, Person)}
    sealed: dict[MerchantId, bytes] = {}
    plain: dict[str, bytes] = {}
    remade = []
    for merchant in merchants:
        scenarios = office.content.scenarios_of(merchant)
        offered = {scenario.id for scenario in scenarios}
        members = payload.members(
            office=office.content.settings.office,
            merchant=merchant,
            scenarios=scenarios,
            roll=payload.Roll(_offered(people, offered), _offered(organisations, offered)),
            secrets=secrets,
            made=office.as_of,
            demo=keys.demo,
        )
        plain.update({f"{merchant.id}.zip › {name}": data for name, data in members.items()})
        passphrase = keys.programme.passphrases[merchant.id]
        old = current.targets.get(merchant.id) if current else None
        if old is None or not _same(old, members, passphrase):
            old = archive.encrypt(members, passphrase)
            remade.append(merchant.id)
        sealed[merchant.id] = old
    return Targets(sealed, plain, tuple(remade))


def _same(target: bytes, members: Mapping[str, bytes], passphrase: str) -> bool:
    """Return whether a released target says the same; raise ``KeysError`` if it was made with other secrets.

    Other secrets would give everyone a second u, and tell twice as much about each number.
    """
    try:
        old = archive.decrypt(target, passphrase)
    except KeysError as error:
        raise KeysError(_OTHER_PROGRAMME) from error
    if not payload.same_secrets(old, members):
        raise KeysError(_OTHER_PROGRAMME)
    return payload.same_content(old, members)


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
    members.update({f"metadata/{name}": data for name, data in sorted(release.metadata.items())})
    members[f"targets/{release.target_file(merchant.id)}"] = release.targets[merchant.id]
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
