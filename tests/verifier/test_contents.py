"""The target: passphrase, manifest, classes, organisations (docs/spec/bundle.md, 4 and 5.4)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.verifier import verify
from tests.verifier.issuer import (
    ABDULLA,
    COMPANY,
    LI,
    NOON,
    OUYANG,
    PASSPHRASE,
    STRANGER,
    ZHANG,
    Issuer,
    eligible,
    encoded,
    encrypt,
    open_at,
    refusal,
    rice,
)

UNHURRIED = settings(deadline=None)  # other programs may be running

# -- the passphrase ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        PASSPHRASE,
        "0123-4567-89ab-cdef",
        " 0123 4567 89AB CDEF\n",
        "OI23456789ABCDEF",
        "oL23456789abcdef",
        "0123456789ABCDEF",
    ],
)
def test_a_passphrase_is_forgiven_case_spaces_hyphens_and_look_alikes(typed: str, tmp_path: Path) -> None:
    issuer = Issuer()
    assert refusal(tmp_path, issuer.bundle(), issuer.pin, passphrase=typed) == "opened"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "0123456789ABCDEG",
        PASSPHRASE[:-1],
        PASSPHRASE + "0",
        "U123456789ABCDEF",
        "口令",
        "\udc80" * 16,
        "0" * 9999,
    ],
)
def test_a_wrong_passphrase_is_refused(typed: str, tmp_path: Path) -> None:
    issuer = Issuer()
    assert refusal(tmp_path, issuer.bundle(), issuer.pin, passphrase=typed) == "wrong-passphrase"


# -- what the office signed but should not have -----------------------------------------------------------------


def target_of(make: Callable[[Issuer], bytes]) -> bytes:
    """Return a bundle with a target made in a special way."""

    class Special(Issuer):
        def target(self) -> bytes:
            return make(self)

    return Special().bundle()


def in_manifest(**changes: Any) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        issuer.manifest |= changes
        return Issuer.target(issuer)

    return made


def lacking(*path: str) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        part = issuer.manifest
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]
        return Issuer.target(issuer)

    return made


def inside(section: str, **changes: Any) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        issuer.manifest[section] |= changes
        return Issuer.target(issuer)

    return made


def kdf(**changes: Any) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        issuer.manifest["collapse"]["kdf"] |= changes
        return Issuer.target(issuer)

    return made


def member(name: str, data: bytes | None) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        members = issuer.members()
        if data is None:
            del members[name]
        else:
            members[name] = data
        return encrypt(members.items())

    return made


def organised(organisations: Any) -> Callable[[Issuer], bytes]:
    return member("organisations.json", encoded({"organisations": organisations}))


def one_class(**changes: Any) -> Callable[[Issuer], bytes]:
    data, count, parameter = rice(range(0, 6400, 100))
    entry = {"file": "c.gr", "count": count, "parameter": parameter, "scenarios": {"canyin": "2027-01-14"}} | changes

    def made(issuer: Issuer) -> bytes:
        issuer.manifest["classes"] = [entry]
        return encrypt([*issuer.members().items(), ("c.gr", data)])

    return made


def flipped(place: Callable[[bytes], int]) -> Callable[[Issuer], bytes]:
    def made(issuer: Issuer) -> bytes:
        data = bytearray(Issuer.target(issuer))
        data[place(bytes(data))] ^= 1
        return bytes(data)

    return made


def announced(more: int) -> Callable[[Issuer], bytes]:
    """Return a target whose first member is announced longer or shorter than it is, in both of its headers."""

    def made(issuer: Issuer) -> bytes:
        data = bytearray(Issuer.target(issuer))
        for place in (22, data.index(b"PK\1\2") + 24):
            length = int.from_bytes(data[place : place + 4], "little") + more
            data[place : place + 4] = length.to_bytes(4, "little")
        return bytes(data)

    return made


def scenario(**changes: Any) -> dict[str, Any]:
    return {"id": "canyin", "name": "n", "provider": "p", "benefit": "b", "conditions": []} | changes


ORGANISATION = {"code": COMPANY[0], "name": COMPANY[1], "scenarios": {"canyin": "2027-01-14"}}

SPECIAL: dict[str, tuple[str, Callable[[Issuer], bytes]]] = {
    "not a zip": ("malformed", lambda _: b"x" * 100),
    "cut short": ("malformed", lambda issuer: Issuer.target(issuer)[:-30]),
    "not encrypted": ("malformed", lambda issuer: encrypt(issuer.members().items(), "")),
    "AES-128": ("malformed", lambda issuer: encrypt(issuer.members().items(), bits=128)),
    "AE-1": ("malformed", lambda issuer: encrypt(issuer.members().items(), ae=1)),
    "4,099 members": ("malformed", lambda issuer: padded(issuer, 4099)),
    "a few members more": ("opened", lambda issuer: padded(issuer, 9)),
    "above 64 MiB": ("malformed", lambda issuer: encrypt([*issuer.members().items(), ("fill", bytes(64 << 20))])),
    "bzip2": ("malformed", lambda issuer: encrypt(issuer.members().items(), method=pyzipper.ZIP_BZIP2)),
    "stored": ("opened", lambda issuer: encrypt(issuer.members().items(), method=pyzipper.ZIP_STORED)),
    "a local header changed": ("malformed", flipped(lambda _: 0)),
    "an unknown compression": ("malformed", flipped(lambda data: data.rindex(b"AE\3") + 3)),
    "strong encryption": ("malformed", lambda issuer: strong(Issuer.target(issuer))),
    "the passphrase check changed": ("wrong-passphrase", flipped(lambda data: data.index(b"AE") + 5 + 16)),
    "the ciphertext changed": ("damaged", flipped(lambda data: data.index(b"AE") + 5 + 18 + 30)),
    "no manifest": ("malformed", member("manifest.json", None)),
    "a manifest that is no JSON": ("malformed", member("manifest.json", b"{")),
    "a manifest that is no UTF-8": ("malformed", member("manifest.json", b"\xff")),
    "a manifest that is a list": ("malformed", member("manifest.json", b"[]")),
    "a manifest nested deeply": ("malformed", member("manifest.json", b"[" * 100_000)),
    "no organisations": ("malformed", member("organisations.json", None)),
    "organisations that are no JSON": ("malformed", member("organisations.json", b"x")),
    "organisations without the field": ("malformed", member("organisations.json", b"{}")),
    "no class file": ("malformed", member("classes/1.gr", None)),
    "something else besides": ("opened", member("more.json", b"{}")),
    "an unknown field": ("opened", in_manifest(more=1)),
    "format 2": ("unknown-format", in_manifest(format=2)),
    "format in words": ("unknown-format", in_manifest(format="one")),
    "format true": ("unknown-format", in_manifest(format=True)),
    "format 1.0": ("unknown-format", in_manifest(format=1.0)),
    "w of 12.0": ("unknown-format", inside("collapse", w=12.0)),
    "lanes true": ("unknown-format", kdf(lanes=True)),
    "no format": ("malformed", lacking("format")),
    "w of 13": ("unknown-format", inside("collapse", w=13)),
    "t of 0": ("unknown-format", inside("token", t=0)),
    "t of 49": ("unknown-format", inside("token", t=49)),
    "t that is no integer": ("unknown-format", inside("token", t=29.0)),
    "t that is too small for the tokens": ("malformed", inside("token", t=20)),
    "more passes": ("unknown-format", kdf(passes=3)),
    "less memory": ("unknown-format", kdf(memory=8)),
    "another derivation": ("unknown-format", kdf(name="argon2i")),
    "another version": ("unknown-format", kdf(version=16)),
    "a parameter nobody knows": ("unknown-format", kdf(secret="00")),
    "no merchant": ("malformed", lacking("merchant")),
    "another merchant": ("malformed", in_manifest(merchant={"id": "dian", "name": "x"})),
    "a merchant without a name": ("malformed", in_manifest(merchant={"id": "canyin"})),
    "a merchant whose name is a number": ("malformed", in_manifest(merchant={"id": "canyin", "name": 5})),
    "an office that is a number": ("malformed", in_manifest(office=5)),
    "demo in words": ("malformed", in_manifest(demo="no")),
    "no demo": ("malformed", lacking("demo")),
    "a short salt": ("malformed", inside("collapse", salt="00")),
    "a salt that is no hex": ("malformed", inside("collapse", salt="xy" * 16)),
    "a short key": ("malformed", inside("token", key="00")),
    "a key that is a number": ("malformed", inside("token", key=5)),
    "scenarios that are a number": ("malformed", in_manifest(scenarios=5)),
    "a scenario without a benefit": ("malformed", in_manifest(scenarios=[{"id": "canyin"}])),
    "a condition that is a number": ("malformed", in_manifest(scenarios=[scenario(conditions=[5])])),
    "a scenario whose id is a list": ("malformed", in_manifest(scenarios=[scenario(id=[])])),
    "4,097 classes": ("malformed", in_manifest(classes=[{}] * 4097)),
    "classes that are a number": ("malformed", in_manifest(classes=5)),
    "a class": ("opened", one_class()),
    "a class without its scenarios": ("malformed", one_class(scenarios=None)),
    "a class of an unknown scenario": ("malformed", one_class(scenarios={"x": "2027-01-14"})),
    "a last day that does not exist": ("malformed", one_class(scenarios={"canyin": "2027-02-29"})),
    "a last day written shortly": ("malformed", one_class(scenarios={"canyin": "20270114"})),
    "a last day that is a number": ("malformed", one_class(scenarios={"canyin": 20270114})),
    "a count too many": ("malformed", one_class(count=65)),
    "a count too few": ("malformed", one_class(count=63)),
    "a count that is negative": ("malformed", one_class(count=-1)),
    "a count above 2^24": ("malformed", one_class(count=(1 << 24) + 1)),
    "a count that is no integer": ("malformed", one_class(count=64.0)),
    "a parameter of 49": ("malformed", one_class(parameter=49)),
    "a parameter that is negative": ("malformed", one_class(parameter=-1)),
    "a parameter that is true": ("malformed", one_class(parameter=True)),
    "a class file that is not there": ("malformed", one_class(file="none")),
    "no organisation": ("opened", organised([])),
    "organisations twice": ("malformed", organised([ORGANISATION, ORGANISATION])),
    "organisations unsorted": ("malformed", organised([ORGANISATION, ORGANISATION | {"code": "1"}])),
    "an organisation without a name": ("malformed", organised([{"code": "1", "scenarios": {}}])),
    "an organisation whose code is a number": ("malformed", organised([ORGANISATION | {"code": 5}])),
    "an organisation of an unknown scenario": (
        "malformed",
        organised([ORGANISATION | {"scenarios": {"x": "2027-01-14"}}]),
    ),
    "organisations that are a number": ("malformed", organised(5)),
    "an organisation without a published name": ("opened", organised([ORGANISATION | {"name": ""}])),
    "more than announced": ("damaged", announced(-1)),
    "less than announced": ("damaged", announced(1)),
}


def padded(issuer: Issuer, count: int) -> bytes:
    """Return a target with as many members; what fills it up is one and the same encrypted content."""
    members = issuer.members()
    target = encrypt([*members.items(), ("fill-0000", b"")])
    start = int.from_bytes(target[-6:-2], "little")
    last, entry = target.rindex(b"PK\3\4", 0, start), target.rindex(b"PK\1\2")
    data, directory = target[:last], target[start:entry]
    for number in range(count - len(members)):
        name = b"fill-%04d" % number
        directory += target[entry:-22].replace(b"fill-0000", name)
        place = len(directory) - (len(target) - 22 - entry) + 42
        directory = directory[:place] + len(data).to_bytes(4, "little") + directory[place + 4 :]
        data += target[last:start].replace(b"fill-0000", name)
    ends = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(data), 0)
    return data + directory + ends


def strong(target: bytes) -> bytes:
    """Set the flag for strong encryption on the first member, in both of its headers."""
    data = bytearray(target)
    for start in (0, data.index(b"PK\1\2") + 2):
        data[start + 6] |= 1 << 6
    return bytes(data)


@pytest.mark.parametrize("case", SPECIAL)
def test_what_the_office_signed(case: str, tmp_path: Path) -> None:
    expect, make = SPECIAL[case]
    assert refusal(tmp_path, target_of(make), Issuer().pin) == expect


# -- classes ----------------------------------------------------------------------------------------------------


class TestOneEncoding:
    """One set has one encoding (4.2)."""

    @UNHURRIED
    @given(st.sets(st.integers(0, (1 << 29) - 1), max_size=80))
    def test_what_was_coded_is_read(self, tokens: set[int]) -> None:
        """Every set is read back."""
        assert verify.decode_class(*rice(tokens), 29) == sorted(tokens)

    @UNHURRIED
    @given(st.sets(st.integers(0, 5000), min_size=1, max_size=80), st.integers(0, 48))
    def test_a_parameter_that_is_not_the_best_is_refused(self, tokens: set[int], parameter: int) -> None:
        """A verifier MUST refuse a P that is not the best; the smaller on a tie."""
        data, count, best = rice(tokens)
        if parameter == best:
            assert verify.decode_class(data, count, best, 48) == sorted(tokens)
        else:
            assert refused(*rice(tokens, parameter), 48)

    @UNHURRIED
    @given(st.sets(st.integers(0, 5000), min_size=1, max_size=80), st.data())
    def test_other_bits_are_another_set_or_none(self, tokens: set[int], draw: st.DataObject) -> None:
        """No bit may change and leave the set the same: padding, trailing bytes."""
        data, count, parameter = rice(tokens)
        changed = bytearray(data)
        changed[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
        if not refused(bytes(changed), count, parameter, 48):
            assert verify.decode_class(bytes(changed), count, parameter, 48) != sorted(tokens)

    @UNHURRIED
    @given(st.binary(max_size=50), st.integers(0, 60), st.integers(0, 48), st.integers(1, 48))
    def test_any_bytes(self, data: bytes, count: int, parameter: int, t: int) -> None:
        """What any bytes say, if they say anything, is written in just these bytes."""
        if not refused(data, count, parameter, t):
            tokens = verify.decode_class(data, count, parameter, t)
            assert rice(tokens) == (data, count, parameter)
            assert not tokens or tokens[-1] < 1 << t


def refused(data: bytes, count: int, parameter: int, t: int) -> bool:
    try:
        verify.decode_class(data, count, parameter, t)
    except verify.Refused as refusal_:
        return str(refusal_) == "malformed"
    return False


@pytest.mark.parametrize(
    ("data", "count", "parameter", "t"),
    [
        (rice([5])[0] + b"\0", 1, rice([5])[2], 29),
        (b"\xff", 1, 0, 29),
        (b"\x01", 1, 0, 29),
        (b"\x00", 1, 8, 29),
        (b"", 1, 0, 29),
        (*rice([1 << 29]), 29),
        (*rice([(1 << 48) - 1]), 47),
        (b"", 0, 1, 29),
        (b"\0", 0, 0, 29),
        (*rice([3])[:2], True, 29),
        (bytes(1 + (1 << 21)), 1 + (1 << 24), 0, 29),
    ],
)
def test_a_class_with_anything_wrong_is_malformed(data: bytes, count: int, parameter: int, t: int) -> None:
    assert refused(data, count, parameter, t)


def test_the_widest_tokens_are_read() -> None:
    assert verify.decode_class(*rice([(1 << 48) - 1]), 48) == [(1 << 48) - 1]


def test_a_hundred_thousand_tokens_are_read_at_once() -> None:
    tokens = sorted(Random(2).sample(range(1 << 29), 100_000))  # noqa: S311
    data, count, parameter = rice(tokens, 12)
    started = time.perf_counter()
    assert verify.decode_class(data, count, parameter, 29) == tokens
    assert time.perf_counter() - started < 2


# -- looking up -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> verify.Bundle:
    issuer = Issuer()
    return open_at(tmp_path_factory.mktemp("state"), issuer.bundle(), issuer.pin)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (ZHANG, ["canyin", "guanying"]),
        (OUYANG, ["canyin", "guanying"]),
        (LI, ["canyin"]),
        (ABDULLA, ["canyin"]),
        (STRANGER, []),
        (("李四", ZHANG[1]), []),
        (("张三", "E12345678"), []),
    ],
)
def test_who_is_on_the_list(bundle: verify.Bundle, who: tuple[str, ...], expected: list[str]) -> None:
    assert eligible(bundle, who) == expected


@pytest.mark.parametrize(
    ("who", "day", "expected"),
    [
        (LI, "2026-11-25", ["canyin"]),
        (LI, "2026-11-26", []),
        (ZHANG, "2026-11-30", ["canyin", "guanying"]),
        (ZHANG, "2026-12-01", ["canyin"]),
        (ZHANG, "2027-01-14", ["canyin"]),
        (ZHANG, "2027-01-15", []),
    ],
)
def test_the_last_day_is_included_and_belongs_to_each_scenario(
    bundle: verify.Bundle, who: tuple[str, ...], day: str, expected: list[str]
) -> None:
    asked = datetime.fromisoformat(f"{day}T12:00+08:00")
    assert eligible(bundle, who, asked) == eligible(bundle, who, asked - timedelta(hours=12)) == expected


def test_an_organisation_is_found_by_its_code(bundle: verify.Bundle) -> None:
    day = NOON.date()
    assert [perk["scenario"] for perk in bundle.judge({verify.CODE: COMPANY[0]}, day)["perks"]] == ["canyin"]
    for code, asked in (("914403001922038216", day), (COMPANY[0], day + timedelta(days=60))):
        answer = bundle.judge({verify.CODE: code}, asked)
        assert (answer["code"], answer["perks"]) == ("not-found", [])
