"""Classes, dummies, manifest and organisations of a target (docs/spec/bundle.md, 4)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.bundle import payload
from generator.bundle.collapse import Secrets
from generator.bundle.payload import LastDays, Roll
from generator.core.identifiers import CreditCode
from generator.core.model import Merchant, MerchantId, Organisation, Scenario, ScenarioId
from tests.bundle.test_collapse import REF_KEY, SECRETS, T_KEY, U_SALT
from tests.bundle.test_golomb import decode

FOOD, VET = ScenarioId("canyin"), ScenarioId("chongwu")
SOON, LATE = date(2027, 1, 14), date(2027, 6, 30)
MADE = date(2026, 11, 20)
NOBODY: dict[int, LastDays] = {}
SCENARIOS = (
    Scenario(FOOD, "信易+餐饮", "示例县", "active", "甲饭店", "九八折", conditions=("出示身份证", "每天一次")),
    Scenario(VET, "信易+宠物", "示例县", "active", "乙医院", "九八折"),
)


def members(
    people: Mapping[int, LastDays],
    organisations: Mapping[Organisation, LastDays] | None = None,
    *,
    merchant: str = "jia",
    secrets: Secrets = SECRETS,
    made: date = MADE,
    demo: bool = False,
) -> dict[str, bytes]:
    padded = payload.pad(people, secrets)
    return payload.members(
        office="示例县信用办",
        merchant=Merchant(MerchantId(merchant), f"商户{merchant}", (FOOD, VET)),
        scenarios=SCENARIOS,
        roll=Roll(padded, organisations or {}, taken=padded),
        secrets=secrets,
        made=made,
        demo=demo,
    )


def classes(files: Mapping[str, bytes]) -> list[tuple[dict[str, str], list[int]]]:
    """Return each class of a target: its last days and its tokens."""
    return [
        (entry["scenarios"], decode(files[entry["file"]], entry["parameter"], entry["count"]))
        for entry in json.loads(files["manifest.json"])["classes"]
    ]


def canaries(merchant: str, label: str, t: int = 29) -> set[int]:
    """Return the canaries of one class of one merchant, as the specification words them (4.5)."""
    bits = hmac.digest(REF_KEY, b"xinyi/canary-of/1\0" + merchant.encode() + b"\0" + label.encode(), "sha256")
    messages = (b"xinyi/canary/1\0" + label.encode() + b"\0" + i.to_bytes(4, "big") for i in range(32))
    tokens = (int.from_bytes(hmac.digest(REF_KEY, message, "sha256"), "big") >> (256 - t) for message in messages)
    return {token for i, token in enumerate(tokens) if bits[i // 8] >> (7 - i % 8) & 1}


def unmarked(files: Mapping[str, bytes]) -> list[tuple[dict[str, str], list[int]]]:
    """Return each class without the canaries of the merchant."""
    merchant = json.loads(files["manifest.json"])["merchant"]["id"]
    found = []
    for days, tokens in classes(files):
        marks = canaries(merchant, ",".join(f"{scenario}={day}" for scenario, day in days.items()))
        assert marks <= set(tokens)
        found.append((days, [token for token in tokens if token not in marks]))
    return found


def dummies(label: str, count: int, t: int = 29) -> list[int]:
    """Return the beginning of one sequence of dummies, as the specification words it (4.3)."""
    messages = (b"xinyi/dummy/1\0" + label.encode() + b"\0" + i.to_bytes(4, "big") for i in range(count))
    return [int.from_bytes(hmac.digest(REF_KEY, message, "sha256"), "big") >> (256 - t) for message in messages]


class TestMerge:
    """No token stands in two classes of a bundle."""

    def test_people_whose_tokens_meet_share_the_later_days(self) -> None:
        assert payload.merge([(7, {FOOD: SOON, VET: LATE}), (8, {FOOD: SOON}), (7, {FOOD: LATE})]) == {
            7: {FOOD: LATE, VET: LATE},
            8: {FOOD: SOON},
        }

    def test_what_only_one_of_them_may_use_is_kept(self) -> None:
        assert payload.merge([(7, {FOOD: SOON}), (7, {VET: LATE})]) == {7: {FOOD: SOON, VET: LATE}}

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3),
                st.dictionaries(st.sampled_from([FOOD, VET]), st.dates(SOON, LATE), min_size=1),
            )
        )
    )
    def test_order_does_not_matter_and_nothing_is_lost(
        self, entitled: list[tuple[int, dict[ScenarioId, date]]]
    ) -> None:
        merged = payload.merge(entitled)
        assert merged == payload.merge(reversed(entitled))
        for token, days in entitled:
            assert all(merged[token][scenario] >= day for scenario, day in days.items())
        for token, merged_days in merged.items():
            for scenario, day in merged_days.items():
                assert (token, day) in [(t, d.get(scenario)) for t, d in entitled]


class TestClasses:
    """A class is people with the same scenarios, each until the same day; each is filled up to 64."""

    def test_people_alike_are_one_class(self) -> None:
        people: dict[int, LastDays] = {
            **{token: {FOOD: SOON} for token in range(0, 200, 2)},
            **{token: {FOOD: SOON, VET: LATE} for token in range(1, 200, 2)},
            **{token: {FOOD: LATE} for token in range(200, 300)},
        }
        found = unmarked(members(people))
        assert sorted(map(str, found)) == sorted(
            map(
                str,
                [
                    ({"canyin": "2027-01-14"}, list(range(0, 200, 2))),
                    ({"canyin": "2027-01-14", "chongwu": "2027-06-30"}, list(range(1, 200, 2))),
                    ({"canyin": "2027-06-30"}, list(range(200, 300))),
                ],
            )
        )

    @pytest.mark.parametrize(("people", "count"), [(1, 64), (63, 64), (64, 64), (65, 65)])
    def test_at_least_64(self, people: int, count: int) -> None:
        ((_, tokens),) = unmarked(members({token: {FOOD: SOON} for token in range(people)}))
        assert len(tokens) == len(set(tokens)) == count
        assert set(range(people)) <= set(tokens)

    def test_dummies_are_those_of_the_specification(self) -> None:
        ((_, tokens),) = unmarked(members({5: {FOOD: SOON, VET: LATE}}))
        assert set(tokens) == {5, *dummies("canyin=2027-01-14,chongwu=2027-06-30", 63)}

    def test_every_kind_of_people_has_a_sequence_of_its_own(self) -> None:
        """What happens to one class moves no dummy of another, from one version to the next."""
        (_, alone), *_ = unmarked(members({2: {FOOD: SOON, VET: LATE}}))
        (_, before), _ = unmarked(members({1: {FOOD: LATE}, 2: {FOOD: SOON, VET: LATE}}))
        assert before == alone

    def test_two_merchants_cannot_sort_people_from_dummies(self) -> None:
        """One offers both, the other one of the two: what they share is everyone, dummies too."""
        everyone = payload.pad({token: {FOOD: SOON, VET: SOON} for token in range(20)}, SECRETS)
        both = {token for token, days in everyone.items() if FOOD in days and VET in days}
        one = {token for token, days in everyone.items() if VET in days}
        assert both == one
        assert len(both) == 64

    def test_all_merchants_have_the_same_dummies(self) -> None:
        """Two shops who put their files together see which tokens they share, and dummies are shared like people."""
        ((_, here),) = unmarked(members({5: {FOOD: SOON}}, merchant="jia"))
        ((_, there),) = unmarked(members({5: {FOOD: SOON}}, merchant="yi"))
        assert here == there

    def test_a_dummy_that_is_somebody_is_skipped(self) -> None:
        taken = dummies("canyin=2027-01-14", 3)
        people: dict[int, LastDays] = {taken[0]: {FOOD: SOON}, taken[2]: {VET: LATE}}
        by_days = {str(days): tokens for days, tokens in unmarked(members(people))}
        assert set(by_days["{'canyin': '2027-01-14'}"]) == {taken[0], taken[1], *dummies("canyin=2027-01-14", 65)[3:]}
        assert taken[2] in by_days["{'chongwu': '2027-06-30'}"]

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.integers(0, 2**14 - 1),
            st.dictionaries(st.sampled_from([FOOD, VET]), st.sampled_from([SOON, LATE]), min_size=1),
            max_size=90,
        )
    )
    def test_nobody_is_lost_or_doubled_and_everything_is_sorted(self, people: dict[int, LastDays]) -> None:
        """With 14 bits dummies meet people and one another all the time."""
        secrets = Secrets(U_SALT, T_KEY, REF_KEY, 14)
        files = members(people, secrets=secrets)
        assert files == members(dict(reversed(people.items())), secrets=secrets)
        found = classes(files)
        every = [token for _, tokens in found for token in tokens]
        assert len(every) == len(set(every))
        assert all(len(tokens) >= 64 for _, tokens in found)
        where = {token: days for days, tokens in found for token in tokens}
        for token, days in people.items():
            assert where[token] == {scenario: day.isoformat() for scenario, day in days.items()}

    def test_a_programme_too_small_for_its_dummies_fails_at_once(self) -> None:
        with pytest.raises(ValueError, match="no token of 5 bits"):
            members({1: {FOOD: SOON}}, secrets=Secrets(U_SALT, T_KEY, REF_KEY, 5))


class TestManifest:
    """Spec 4.1, field by field."""

    def test_every_field(self) -> None:
        files = members({5: {FOOD: SOON}}, demo=True)
        count = 64 + len(canaries("jia", "canyin=2027-01-14"))
        entry = {"file": "classes/0.gr", "count": count, "parameter": 22, "scenarios": {"canyin": "2027-01-14"}}
        manifest = json.loads(files["manifest.json"])
        assert manifest["classes"][0].pop("parameter") in range(20, 26)
        entry.pop("parameter")
        assert manifest == {
            "format": 1,
            "demo": True,
            "office": "示例县信用办",
            "made": "2026-11-20",
            "merchant": {"id": "jia", "name": "商户jia"},
            "scenarios": [
                {
                    "id": "canyin",
                    "name": "信易+餐饮",
                    "provider": "甲饭店",
                    "benefit": "九八折",
                    "conditions": ["出示身份证", "每天一次"],
                },
                {"id": "chongwu", "name": "信易+宠物", "provider": "乙医院", "benefit": "九八折", "conditions": []},
            ],
            "collapse": {
                "salt": U_SALT.hex(),
                "w": 12,
                "kdf": {
                    "name": "argon2id",
                    "version": 19,
                    "memory": 19456,
                    "passes": 2,
                    "lanes": 1,
                    "length": 32,
                },
            },
            "token": {"key": T_KEY.hex(), "t": 29},
            "classes": [entry],
        }
        assert manifest["demo"] is True

    def test_the_key_of_references_is_in_no_member(self) -> None:
        files = members({5: {FOOD: SOON}})
        assert not any(REF_KEY in data or REF_KEY.hex().encode() in data.lower() for data in files.values())

    def test_members_are_what_the_manifest_names(self) -> None:
        files = members({5: {FOOD: SOON}, 6: {VET: SOON}})
        assert list(files) == ["manifest.json", "organisations.json", "classes/0.gr", "classes/1.gr"]

    def test_nobody_at_all(self) -> None:
        files = members(NOBODY)
        assert list(files) == ["manifest.json", "organisations.json"]
        assert json.loads(files["manifest.json"])["classes"] == []
        assert json.loads(files["organisations.json"]) == {"organisations": []}

    def test_organisations_are_sorted_by_code(self) -> None:
        one = Organisation("甲公司", CreditCode("91350100M000100Y43"))
        other = Organisation("乙公司", CreditCode("91320100748204660Q"))
        text = members(NOBODY, {one: {VET: LATE, FOOD: SOON}, other: {FOOD: SOON}})["organisations.json"]
        assert json.loads(text) == {
            "organisations": [
                {"code": "91320100748204660Q", "name": "乙公司", "scenarios": {"canyin": "2027-01-14"}},
                {
                    "code": "91350100M000100Y43",
                    "name": "甲公司",
                    "scenarios": {"canyin": "2027-01-14", "chongwu": "2027-06-30"},
                },
            ]
        }


class TestCanaries:
    """Spec 4.5: each merchant's own, added last, and never a person or a dummy of the programme."""

    PEOPLE: Mapping[int, LastDays] = {5: {FOOD: SOON}, 6: {VET: LATE}}
    LABELS = ("canyin=2027-01-14", "chongwu=2027-06-30")

    def test_they_are_those_of_the_specification(self) -> None:
        everyone = payload.pad(self.PEOPLE, SECRETS)
        for merchant in ("jia", "yi"):
            for (_, tokens), label in zip(classes(members(self.PEOPLE, merchant=merchant)), self.LABELS, strict=True):
                assert {token for token in tokens if token not in everyone} == canaries(merchant, label)

    def test_comparing_two_merchants_shows_canaries_at_most(self) -> None:
        for here, there in zip(
            classes(members(self.PEOPLE, merchant="jia")), classes(members(self.PEOPLE, merchant="yi")), strict=True
        ):
            assert len(set(here[1]) & set(there[1])) >= 64
            assert not (set(here[1]) ^ set(there[1])) & set(payload.pad(self.PEOPLE, SECRETS))

    def test_whoever_is_entitled_elsewhere_only_is_no_canary(self) -> None:
        here = payload.pad({5: {FOOD: SOON}}, SECRETS)
        one, *others = sorted(canaries("jia", self.LABELS[0]))
        for taken in ({*here, one}, {**here, one: {VET: LATE}}):
            merchant = Merchant(MerchantId("jia"), "甲", (FOOD,))
            files = payload.members(
                office="", merchant=merchant, scenarios=SCENARIOS[:1], roll=Roll(here, {}, taken=taken),
                secrets=SECRETS, made=MADE, demo=False,
            )  # fmt: skip
            ((_, tokens),) = classes(files)
            assert set(tokens) == {*here, *others}

    def test_a_canary_that_is_a_person_of_the_class_stays_one_token(self) -> None:
        one = min(canaries("jia", self.LABELS[0]))
        ((_, tokens),) = classes(members({one: {FOOD: SOON}}))
        assert len(tokens) == len(set(tokens)) == 64 + len(canaries("jia", self.LABELS[0])) - 1

    def test_no_token_stands_in_two_classes_however_short_tokens_are(self) -> None:
        secrets = Secrets(U_SALT, T_KEY, REF_KEY, 9)
        assert canaries("jia", self.LABELS[0], 9) & canaries("jia", self.LABELS[1], 9)
        every = [token for _, tokens in classes(members(self.PEOPLE, secrets=secrets)) for token in tokens]
        assert len(every) == len(set(every))
        assert set(every) == {
            *payload.pad(self.PEOPLE, secrets),
            *canaries("jia", self.LABELS[0], 9),
            *canaries("jia", self.LABELS[1], 9),
        }

    def test_an_empty_bundle_has_none(self) -> None:
        assert classes(members(NOBODY)) == []


class TestContentDigest:
    """What says the same under the same passphrase has one digest, whatever the day it was made (spec 2.1)."""

    FILES = members({5: {FOOD: SOON}})
    OLD = payload.content_digest(FILES, "0123456789ABCDEF", SECRETS)

    def test_the_bytes_of_the_decision(self) -> None:
        manifest = json.loads(self.FILES["manifest.json"])
        del manifest["made"]
        text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        message = b"xinyi/content/1\0" + b"0123456789ABCDEF\0"
        for name, data in {**self.FILES, "manifest.json": text}.items():
            message += name.encode() + b"\0" + len(data).to_bytes(8, "big") + data
        assert hmac.digest(REF_KEY, message, "sha256").hex() == self.OLD

    def test_the_day_alone_is_no_change(self) -> None:
        new = members({5: {FOOD: SOON}}, made=date(2026, 12, 1))
        assert new != self.FILES
        assert payload.content_digest(new, "0123456789ABCDEF", SECRETS) == self.OLD

    @pytest.mark.parametrize(
        "change",
        [
            {"people": {6: {FOOD: SOON}}},
            {"people": {5: {FOOD: LATE}}},
            {"people": {5: {VET: SOON}}},
            {"people": {}},
            {"demo": True},
            {"merchant": "yi"},
            {"organisations": {Organisation("甲公司", CreditCode("91350100M000100Y43")): {FOOD: SOON}}},
            {"secrets": Secrets(bytes(16), T_KEY, REF_KEY, 29)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_anything_else_is(self, change: dict[str, Any]) -> None:
        files = members(**{"people": {5: {FOOD: SOON}}, **change})
        assert payload.content_digest(files, "0123456789ABCDEF", SECRETS) != self.OLD

    def test_so_is_another_passphrase_and_another_key(self) -> None:
        assert payload.content_digest(self.FILES, "0123456789ABCDEG", SECRETS) != self.OLD
        other = Secrets(U_SALT, T_KEY, bytes(32), 29)
        assert payload.content_digest(self.FILES, "0123456789ABCDEF", other) != self.OLD
