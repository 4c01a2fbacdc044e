"""The members of a merchant's target: manifest, classes, organisations (docs/spec/bundle.md, 4)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from generator.bundle import canary, collapse, golomb
from generator.bundle.collapse import Secrets
from generator.core.model import Merchant, MerchantId, Organisation, Scenario, ScenarioId

FORMAT = 1
SMALLEST_CLASS = 64

MANIFEST, ORGANISATIONS = "manifest.json", "organisations.json"

LastDays = Mapping[ScenarioId, date]
"""Until which day, that day included, each scenario may be used."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is eligible at one merchant: people (and dummies) by token, organisations by code.

    ``taken`` holds the tokens of everyone in the programme, dummies too: none of them may become a canary here, lest
    somebody who is entitled elsewhere only be let in by it.
    """

    people: Mapping[int, LastDays]
    organisations: Mapping[Organisation, LastDays]
    taken: Container[int]


def merge(entitled: Iterable[tuple[int, LastDays]]) -> dict[int, LastDays]:
    """Return the last days by token: people whose tokens meet share the later ones (spec 4.2, no token twice)."""
    merged: dict[int, dict[ScenarioId, date]] = {}
    for token, days in entitled:
        mine = merged.setdefault(token, {})
        for scenario, day in days.items():
            mine[scenario] = max(day, mine.get(scenario, day))
    return dict(merged)


def pad(people: Mapping[int, LastDays], secrets: Secrets) -> dict[int, LastDays]:
    """Return everyone entitled with dummies among them, so that nobody has fewer than 63 alike (spec 4.3).

    Done once for all merchants, before anything is left out for one of them: a dummy then goes wherever a person with
    the same last days goes, and comparing bundles cannot tell the two apart.
    """
    padded = dict(people)
    for days, tokens in _classes(people):
        label = spell(days)
        index, missing = 0, SMALLEST_CLASS - len(tokens)
        while missing > 0:
            if len(padded) == 1 << secrets.token_bits:
                raise ValueError(f"no token of {secrets.token_bits} bits is left for a dummy")
            dummy = collapse.dummy_token(label, index, secrets)
            index += 1
            if dummy not in padded:
                padded[dummy] = days
                missing -= 1
    return padded


def spell(days: LastDays) -> str:
    """Return the label of people alike, which their dummies and canaries are made from: ``scenario=day,…``."""
    return ",".join(f"{scenario}={day}" for scenario, day in _days_as_text(days).items())


def members(
    *,
    office: str,
    merchant: Merchant,
    scenarios: Sequence[Scenario],
    roll: Roll,
    secrets: Secrets,
    made: date,
    demo: bool,
) -> dict[str, bytes]:
    """Return the members of one merchant's target by name, in the order in which they are packed."""
    files: dict[str, bytes] = {}
    classes = []
    for index, (days, tokens) in enumerate(_marked(merchant.id, roll, secrets)):
        coded = golomb.encode(tokens)
        name = f"classes/{index}.gr"
        files[name] = coded.data
        classes.append(
            {"file": name, "count": coded.count, "parameter": coded.parameter, "scenarios": _days_as_text(days)}
        )
    manifest = {
        "format": FORMAT,
        "demo": demo,
        "office": office,
        "made": made.isoformat(),
        "merchant": {"id": merchant.id, "name": merchant.name},
        "scenarios": [
            {"id": s.id, "name": s.name, "provider": s.provider, "benefit": s.benefit, "conditions": list(s.conditions)}
            for s in scenarios
        ],
        "collapse": {
            "salt": secrets.u_salt.hex(),
            "w": collapse.U_BITS,
            "kdf": {
                "name": "argon2id",
                "version": 19,
                "memory": collapse.MEMORY_KIB,
                "passes": collapse.PASSES,
                "lanes": collapse.LANES,
                "length": collapse.LENGTH,
            },
        },
        "token": {"key": secrets.t_key.hex(), "t": secrets.token_bits},
        "classes": classes,
    }
    organisations = [
        {"code": organisation.code, "name": organisation.name, "scenarios": _days_as_text(days)}
        for organisation, days in sorted(roll.organisations.items(), key=lambda item: item[0].code)
    ]
    return {MANIFEST: _json(manifest), ORGANISATIONS: _json({"organisations": organisations}), **files}


def content_digest(members: Mapping[str, bytes], passphrase: str, secrets: Secrets) -> str:
    """Return what a target says and under which passphrase, as 64 hexadecimal digits, whatever the day it was made.

    Two targets with one digest need not be told apart; keyed by REF_KEY, it tells nobody else anything (spec 2.1).
    """
    digest = hmac.new(secrets.ref_key, b"xinyi/content/1\0" + passphrase.encode() + b"\0", "sha256")
    for name, data in members.items():
        counted = _without_day(data) if name == MANIFEST else data
        digest.update(name.encode() + b"\0" + len(counted).to_bytes(8, "big") + counted)
    return digest.hexdigest()


def _without_day(manifest: bytes) -> bytes:
    value = json.loads(manifest)
    del value["made"]
    return _json(value)


def _classes(people: Mapping[int, LastDays]) -> list[tuple[LastDays, list[int]]]:
    """Group tokens by their last days, in a fixed order."""
    groups: dict[tuple[tuple[ScenarioId, date], ...], list[int]] = {}
    of_days: dict[int, list[int]] = {}  # by identity: many people share one mapping
    for token, days in people.items():
        group = of_days.get(id(days))
        if group is None:
            group = of_days[id(days)] = groups.setdefault(tuple(sorted(days.items())), [])
        group.append(token)
    return [(dict(key), groups[key]) for key in sorted(groups)]


def _marked(merchant: MerchantId, roll: Roll, secrets: Secrets) -> Iterator[tuple[LastDays, list[int]]]:
    """Yield the classes of one merchant with its canaries among them; no token stands in two."""
    used: set[int] = set()
    for days, tokens in _classes(roll.people):
        fresh = {
            token
            for token in canary.canaries(merchant, spell(days), secrets)
            if token not in roll.taken and token not in used
        }
        used |= fresh
        yield days, [*tokens, *fresh]


def _days_as_text(days: LastDays) -> dict[str, str]:
    return {scenario: day.isoformat() for scenario, day in sorted(days.items())}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
