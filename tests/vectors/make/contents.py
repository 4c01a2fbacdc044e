"""The target: encrypted zip, manifest, classes, organisations (docs/spec/bundle.md, 4 and 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.vectors.make import zips
from tests.vectors.make.case import Case, bundle_of
from tests.vectors.make.metadata import into, lacking
from tests.vectors.make.office import (
    COMPANY,
    LONG,
    PASSPHRASE,
    SHORT,
    ZHANG,
    Class,
    Edit,
    Office,
    T,
    canonical,
    classes,
    filling,
    manifest,
    target,
    token,
)

Pack = Callable[[dict[str, bytes], str], bytes]
CLASS = "classes/0.gr"

# -- the encrypted zip ------------------------------------------------------------------------------------------


def packed(**options: Any) -> Pack:
    """Return a way to pack in which every member is encrypted with these options."""

    def pack(members: dict[str, bytes], passphrase: str) -> bytes:
        return zips.zipped(zips.sealed(name, data, passphrase, **options) for name, data in members.items())

    return pack


def but(name: str, make: Callable[[str, bytes, str], zips.Member]) -> Pack:
    """Return a way to pack in which one member is made otherwise."""

    def pack(members: dict[str, bytes], passphrase: str) -> bytes:
        sealed = (make if n == name else zips.sealed for n in members)
        return zips.zipped(m(n, data, passphrase) for m, (n, data) in zip(sealed, members.items(), strict=True))

    return pack


def with_more(*more: zips.Member) -> Pack:
    """Return a way to pack in which there are further members."""

    def pack(members: dict[str, bytes], passphrase: str) -> bytes:
        return zips.zipped([*(zips.sealed(n, data, passphrase) for n, data in members.items()), *more])

    return pack


def flipped(place: Callable[[bytes], int]) -> Pack:
    """Return a way to pack after which a bit of the first member is flipped."""

    def pack(members: dict[str, bytes], passphrase: str) -> bytes:
        data = bytearray(target(members, passphrase))
        data[place(bytes(data))] ^= 1
        return bytes(data)

    return pack


def lighter(*names: str) -> Pack:
    """Return a way to pack in which members are missing."""
    return lambda members, passphrase: target({n: d for n, d in members.items() if n not in names}, passphrase)


def unencrypted(name: str, data: bytes, _: str) -> zips.Member:
    """Return a member that anybody can read."""
    return zips.stored(name, data)


def under_another(name: str, data: bytes, _: str) -> zips.Member:
    """Return a member under another passphrase."""
    return zips.sealed(name, data, "F" * 16)


def described(name: str, data: bytes, passphrase: str) -> zips.Member:
    """Return a member with a data descriptor behind it."""
    member = zips.sealed(name, data, passphrase)
    sizes = (len(member.body).to_bytes(4, "little"), len(data).to_bytes(4, "little"))
    return replace(member, flags=9, tail=b"PK\7\x08" + bytes(4) + b"".join(sizes))


def sized(change: int) -> Callable[[str, bytes, str], zips.Member]:
    """Return a way to make a deflated member that announces another size than it has."""

    def make(name: str, data: bytes, passphrase: str) -> zips.Member:
        member = zips.sealed(name, data, passphrase, method=zips.DEFLATED)
        return replace(member, size=len(data) + change)

    return make


def noise(name: str, data: bytes, passphrase: str) -> zips.Member:
    """Return a member that says it is deflated, and is not."""
    return zips.sealed(name, data, passphrase, method=zips.DEFLATED, packed=b"\xff" * 40)


def swollen() -> zips.Member:
    """Return a member of 13 KiB that announces ten bytes and unpacks to two million."""
    member = zips.sealed("bomb", bytes(2_000_000), PASSPHRASE, method=zips.DEFLATED)
    return replace(member, size=10)


BODY = 30 + len("manifest.json") + 11
ENCRYPTED: Mapping[str, tuple[str, str, Pack]] = {
    "stored": ("eligible", "nothing compressed", packed()),
    "deflated": ("eligible", "everything compressed", packed(method=zips.DEFLATED)),
    "mixed-methods": (
        "eligible",
        "one member stored, the others compressed",
        but(CLASS, lambda n, d, p: zips.sealed(n, d, p, method=zips.DEFLATED)),
    ),
    "stored-blocks": (
        "eligible",
        "a deflate stream of stored blocks",
        but(
            "manifest.json",
            lambda n, d, p: zips.sealed(
                n,
                d,
                p,
                method=zips.DEFLATED,
                packed=b"\1" + len(d).to_bytes(2, "little") + (len(d) ^ 0xFFFF).to_bytes(2, "little") + d,
            ),
        ),
    ),
    "further-members": (
        "eligible",
        "a member that is not known",
        with_more(zips.sealed("more.json", b"{}", PASSPHRASE)),
    ),
    "unknown-traversal": (
        "eligible",
        "an unknown member that would climb out of a folder: ignored, and never written",
        with_more(zips.sealed("../../evil.txt", b"x", PASSPHRASE)),
    ),
    "data-descriptors": (
        "eligible",
        "data descriptors behind the members: the directory counts",
        lambda members, passphrase: zips.zipped(described(n, d, passphrase) for n, d in members.items()),
    ),
    "aes-128": ("malformed", "AES with 128 bits", packed(strength=1)),
    "aes-192": ("malformed", "AES with 192 bits", packed(strength=2)),
    "ae-1": ("malformed", "AE-1, which gives the CRC of the plain text away", packed(version=1)),
    "ae-1-one-member": ("malformed", "AE-1 in one member", but(CLASS, lambda n, d, p: zips.sealed(n, d, p, version=1))),
    "zipcrypto": ("malformed", "the traditional encryption", but(CLASS, zips.zipcrypto)),
    "unencrypted-member": ("malformed", "one member in the clear", but(CLASS, unencrypted)),
    "unencrypted": (
        "malformed",
        "every member in the clear",
        lambda members, _: zips.zipped(zips.stored(n, d) for n, d in members.items()),
    ),
    "method-12": ("malformed", "bzip2", but(CLASS, lambda n, d, p: zips.sealed(n, d, p, method=12, packed=d))),
    "duplicate-manifest": (
        "malformed",
        "two members of one name",
        with_more(zips.sealed("manifest.json", b"{}", PASSPHRASE)),
    ),
    "duplicate-unknown": (
        "malformed",
        "two unknown members of one name",
        with_more(*[zips.sealed("x", b"", PASSPHRASE)] * 2),
    ),
    "bomb-announced": (
        "malformed",
        "a member that announces 64 MiB and a byte",
        with_more(replace(zips.sealed("bomb", b"", PASSPHRASE, method=zips.DEFLATED), size=(64 << 20) + 1)),
    ),
    "bomb-in-parts": (
        "malformed",
        "two members that announce 40 MiB each",
        with_more(*(replace(zips.sealed(n, b"", PASSPHRASE, method=zips.DEFLATED), size=40 << 20) for n in ("x", "y"))),
    ),
    "bomb-hidden": ("damaged", "a member that announces ten bytes and unpacks to two million", with_more(swollen())),
    "size-too-small": ("damaged", "a manifest longer than its directory entry says", but("manifest.json", sized(-1))),
    "size-too-large": ("damaged", "a manifest shorter than its directory entry says", but("manifest.json", sized(1))),
    "not-a-zip": ("malformed", "noise in the place of the zip", lambda *_: b"x" * 100),
    "empty": ("malformed", "no byte at all", lambda *_: b""),
    "cut-short": ("malformed", "the end is missing", lambda members, passphrase: target(members, passphrase)[:-30]),
    "local-header-changed": ("malformed", "the first local header lacks its signature", flipped(lambda _: 0)),
    "names-differ": ("malformed", "a local header has another name than the directory", flipped(lambda _: 30)),
    "salt-flipped": ("wrong-passphrase", "one bit of a salt", flipped(lambda _: BODY)),
    "check-flipped": ("wrong-passphrase", "one bit of the passphrase's check", flipped(lambda _: BODY + 16)),
    "ciphertext-flipped": ("damaged", "one bit of the ciphertext", flipped(lambda _: BODY + 18)),
    "mac-flipped": (
        "damaged",
        "one bit of the authentication code",
        flipped(lambda data: data.index(b"PK\3\4", 4) - 1),
    ),
    "member-under-another-passphrase": (
        "wrong-passphrase",
        "one member under another passphrase",
        but(CLASS, under_another),
    ),
    "deflate-of-noise": ("damaged", "what was encrypted is no deflate stream", but("manifest.json", noise)),
    "no-manifest": ("malformed", "manifest.json is missing", lighter("manifest.json")),
    "no-organisations": ("malformed", "organisations.json is missing", lighter("organisations.json")),
    "no-class-file": ("malformed", "a class file is missing", lighter(CLASS)),
}

PASSPHRASES = {
    "lower-case": ("0123456789abcdef", "eligible"),
    "groups": ("0123-4567-89AB-CDEF", "eligible"),
    "spaces": (" 0123 4567　89AB\tCDEF\n", "eligible"),
    "letter-o-and-i": ("OI23456789ABCDEF", "eligible"),
    "letter-l": ("oL23456789abcdef", "eligible"),
    "full-width": ("０１２３４５６７８９ＡＢＣＤＥＦ", "eligible"),
    "another": ("FEDCBA9876543210", "wrong-passphrase"),
    "one-letter-wrong": ("0123456789ABCDEG", "wrong-passphrase"),
    "too-short": ("0123456789ABCDE", "wrong-passphrase"),
    "too-long": ("0123456789ABCDEF0", "wrong-passphrase"),
    "letter-u": ("U123456789ABCDEF", "wrong-passphrase"),
    "empty": ("", "wrong-passphrase"),
}

# -- the manifest -----------------------------------------------------------------------------------------------


def saying(*edits: Edit) -> bytes:
    """Return a bundle whose manifest says something else."""
    content = manifest() | {"classes": listed()}
    for edit in edits:
        edit(content)
    return bundle_of(manifest=content)


def listed() -> list[dict[str, object]]:
    """Return the classes as the manifest lists them."""
    parts = [(class_.days, *class_.parts()[1:]) for class_ in classes()]
    return [
        {"file": f"classes/{n}.gr", "count": count, "parameter": parameter, "scenarios": days}
        for n, (days, count, parameter) in enumerate(parts)
    ]


def first_class(**changes: object) -> bytes:
    """Return a bundle whose manifest says something else about its first class."""
    return saying(lambda content: content["classes"][0].update(changes))


def scenario(**changes: object) -> bytes:
    """Return a bundle whose manifest says something else about its first scenario."""
    return saying(lambda content: content["scenarios"][0].update(changes))


def kdf(**changes: object) -> bytes:
    """Return a bundle with another key derivation."""
    return saying(into("collapse", "kdf", **changes))


def member(name: str, data: bytes) -> bytes:
    """Return a bundle with other bytes for a member of the target."""
    return bundle_of(pack=lambda members, passphrase: target({**members, name: data}, passphrase))


MANIFESTS: Mapping[str, tuple[str, str, bytes]] = {
    "unknown-fields": (
        "eligible",
        "fields that are not known are ignored, at every depth",
        saying(into(more={"x": [1]}), into("merchant", more=1), into("token", more=None), into("collapse", more="x")),
    ),
    "no-made": ("eligible", "the day on which it was made is for the office", saying(lacking("made"))),
    "not-json": ("malformed", "no JSON", member("manifest.json", b"{")),
    "not-utf8": ("malformed", "no UTF-8", member("manifest.json", b'{"format": "\xff"}')),
    "a-list": ("malformed", "a list", member("manifest.json", b"[]")),
    "a-number": ("malformed", "a number", member("manifest.json", b"1")),
    "empty": ("malformed", "nothing", member("manifest.json", b"")),
    "nested-deeply": (
        "malformed",
        "a hundred thousand brackets",
        bundle_of(
            pack=lambda members, passphrase: target(
                {**members, "manifest.json": b"[" * 100_000}, passphrase, zips.DEFLATED
            )
        ),
    ),
    "format-2": ("unknown-format", "a format to come", saying(into(format=2))),
    "format-0": ("unknown-format", "no format of ours", saying(into(format=0))),
    "format-in-words": ("unknown-format", "a text", saying(into(format="1"))),
    "no-format": ("malformed", "no format", saying(lacking("format"))),
    "w-13": ("unknown-format", "another collapse", saying(into("collapse", w=13))),
    "t-0": ("unknown-format", "tokens without bits", saying(into("token", t=0))),
    "t-49": ("unknown-format", "tokens that are too long", saying(into("token", t=49))),
    "t-negative": ("unknown-format", "a negative length", saying(into("token", t=-1))),
    "t-a-fraction": ("unknown-format", "a length that is no integer", saying(into("token", t=29.5))),
    "t-a-text": ("unknown-format", "a length in words", saying(into("token", t="29"))),
    "no-t": ("malformed", "no length", saying(lacking("token", "t"))),
    "t-too-small-for-the-tokens": ("malformed", "tokens that do not fit", saying(into("token", t=20))),
    "kdf-passes": ("unknown-format", "three passes", kdf(passes=3)),
    "kdf-memory": ("unknown-format", "less memory", kdf(memory=8)),
    "kdf-lanes": ("unknown-format", "two lanes", kdf(lanes=2)),
    "kdf-length": ("unknown-format", "a longer output", kdf(length=64)),
    "kdf-name": ("unknown-format", "Argon2i", kdf(name="argon2i")),
    "kdf-version": ("unknown-format", "Argon2 1.0", kdf(version=16)),
    "kdf-more": ("unknown-format", "a parameter that is not known", kdf(secret="00")),
    "kdf-fewer": ("unknown-format", "a parameter is missing", saying(lacking("collapse", "kdf", "lanes"))),
    "no-kdf": ("malformed", "no key derivation", saying(lacking("collapse", "kdf"))),
    "salt-short": ("malformed", "a salt of 15 bytes", saying(into("collapse", salt="00" * 15))),
    "salt-not-hex": ("malformed", "a salt that is not hexadecimal", saying(into("collapse", salt="xy" * 16))),
    "key-short": ("malformed", "a key of 31 bytes", saying(into("token", key="00" * 31))),
    "key-a-number": ("malformed", "a key that is a number", saying(into("token", key=5))),
    "no-merchant": ("malformed", "no merchant", saying(lacking("merchant"))),
    "another-merchant": ("malformed", "the content of another merchant", saying(into("merchant", id="dian"))),
    "merchant-without-name": ("malformed", "no name", saying(lacking("merchant", "name"))),
    "office-a-number": ("malformed", "an office that is a number", saying(into(office=5))),
    "no-demo": ("malformed", "demo is missing", saying(lacking("demo"))),
    "demo-in-words": ("malformed", "demo is a text", saying(into(demo="no"))),
    "no-scenarios": ("malformed", "no scenarios", saying(lacking("scenarios"))),
    "scenarios-a-number": ("malformed", "scenarios are a number", saying(into(scenarios=5))),
    "scenario-without-benefit": ("malformed", "no benefit", saying(lambda c: c["scenarios"][0].pop("benefit"))),
    "scenario-condition-a-number": ("malformed", "a condition that is a number", scenario(conditions=[5])),
    "scenario-name-a-list": ("malformed", "a name that is a list", scenario(name=[])),
    "no-classes": ("malformed", "no classes", member("manifest.json", canonical(manifest()))),
    "class-of-an-unknown-scenario": (
        "malformed",
        "a scenario that is not listed",
        first_class(scenarios={"x": "2027-01-14"}),
    ),
    "class-without-scenarios": (
        "malformed",
        "scenarios are missing",
        saying(lambda c: c["classes"][0].pop("scenarios")),
    ),
    "class-scenarios-a-list": ("malformed", "scenarios are a list", first_class(scenarios=["canyin"])),
    "last-day-that-does-not-exist": ("malformed", "29 February 2027", first_class(scenarios={"canyin": "2027-02-29"})),
    "last-day-written-shortly": ("malformed", "a day without hyphens", first_class(scenarios={"canyin": "20270114"})),
    "last-day-a-number": ("malformed", "a day that is a number", first_class(scenarios={"canyin": 20270114})),
    "class-file-not-there": ("malformed", "a file that is not in the target", first_class(file="classes/9.gr")),
    "class-file-a-number": ("malformed", "a file name that is a number", first_class(file=0)),
    "organisations-not-json": ("malformed", "no JSON", member("organisations.json", b"x")),
    "organisations-without-field": ("malformed", "no list", member("organisations.json", b"{}")),
    "organisations-a-number": ("malformed", "a number for the list", bundle_of(organisations=5)),
    "organisations-none": ("eligible", "no organisation", bundle_of(organisations=[])),
}

COMPANY_ENTRY = {"code": COMPANY[0], "name": COMPANY[1], "scenarios": {"canyin": "2027-01-14"}}
OTHER_ENTRY = {"code": "91320100748204660Q", "name": "示例甲公司", "scenarios": {"canyin": "2027-01-14"}}
LISTS: Mapping[str, tuple[str, str, object]] = {
    "organisation-twice": ("malformed", "one code twice", [COMPANY_ENTRY, COMPANY_ENTRY]),
    "organisations-unsorted": ("malformed", "codes not in order", [COMPANY_ENTRY, OTHER_ENTRY]),
    "organisation-without-name": ("malformed", "no name", [{k: v for k, v in COMPANY_ENTRY.items() if k != "name"}]),
    "organisation-code-a-number": ("malformed", "a code that is a number", [COMPANY_ENTRY | {"code": 5}]),
    "organisation-of-an-unknown-scenario": (
        "malformed",
        "a scenario that is not listed",
        [COMPANY_ENTRY | {"scenarios": {"x": "2027-01-14"}}],
    ),
}

# -- classes ----------------------------------------------------------------------------------------------------

ZHANG_TOKEN = token(*ZHANG)


def one_class(tokens: list[int], *, t: int = T) -> bytes:
    """Return a bundle with one class of these tokens."""
    content = manifest() | {"token": {**manifest()["token"], "t": t}}
    return bundle_of(manifest=content, classes=[Class(LONG, tokens)])


def raw(data: bytes, count: object, parameter: object, *, t: int = T) -> bytes:
    """Return a bundle with one class of these bytes and numbers, compressed lest it be large."""
    content = manifest() | {"token": {**manifest()["token"], "t": t}}
    pack = packed(method=zips.DEFLATED)
    return bundle_of(manifest=content, classes=[Class(LONG, coded=(data, count, parameter))], pack=pack)


def raw_bits(bits: str, count: object, parameter: object) -> bytes:
    """Return a bundle with one class of these bits and numbers."""
    return raw(zips.octets(bits), count, parameter)


SET = sorted([ZHANG_TOKEN, *filling("set", 63)])
GAPS = zips.gaps_of(SET)
P = zips.best(GAPS)
BITS = zips.rice(GAPS, P)
DATA = zips.octets(BITS)
CODED: Mapping[str, tuple[str, str, bytes]] = {
    "plain": ("eligible", "one class of 64", one_class(SET)),
    "one-token": ("eligible", "a class of one", one_class([ZHANG_TOKEN])),
    "no-class": ("not-found", "a target without classes", bundle_of(classes=[])),
    "empty-class": (
        "eligible",
        "a class of nobody: no bytes, P = 0",
        bundle_of(classes=[Class(SHORT, []), *classes()]),
    ),
    "empty-class-parameter-1": ("malformed", "P = 0 is the smaller on the tie", raw(b"", 0, 1)),
    "empty-class-with-a-byte": ("malformed", "a byte for nobody", raw(b"\0", 0, 0)),
    "neighbours": ("eligible", "tokens one after the other", one_class([ZHANG_TOKEN + n for n in range(-3, 4)])),
    "from-zero": ("eligible", "the token 0", one_class([0, ZHANG_TOKEN])),
    "top-value": ("eligible", "the highest token there is", one_class([ZHANG_TOKEN, (1 << T) - 1])),
    "above-top": ("malformed", "the token 2^t", one_class([ZHANG_TOKEN, 1 << T])),
    "t-48-top-value": (
        "eligible",
        "the longest tokens, and the highest",
        one_class([token(*ZHANG, 48), (1 << 48) - 1], t=48),
    ),
    "t-48-above-top": ("malformed", "the token 2^48", one_class([token(*ZHANG, 48), 1 << 48], t=48)),
    "t-1": ("eligible", "tokens of one bit, everybody in the class", one_class([0, 1], t=1)),
    "gap-overflow": (
        "malformed",
        "a gap that leads beyond 2^64: it must not wrap around to a token twice",
        raw_bits("1" * 70_000 + "0" + "1" * 48, 1, 48),
    ),
    "long-run": ("malformed", "a run of a million ones for a low P", raw_bits("1" * 1_000_000 + "0", 1, 0)),
    "run-without-end": ("malformed", "nothing but ones", raw(b"\xff" * 1000, 1, 0)),
    "padding-not-zero": ("malformed", "a one in the padding", raw_bits(BITS.ljust(8 * len(DATA), "1"), 64, P)),
    "trailing-byte": ("malformed", "a zero byte too many", raw(DATA + b"\0", 64, P)),
    "truncated": ("malformed", "the last byte is missing", raw(DATA[:-1], 64, P)),
    "no-bytes": ("malformed", "no bytes for 64 tokens", raw(b"", 64, P)),
    "low-bits-missing": ("malformed", "the stream ends within the low bits", raw(b"\0", 1, 8)),
    "parameter-too-low": ("malformed", "one below the best", raw_bits(zips.rice(GAPS, P - 1), 64, P - 1)),
    "parameter-too-high": ("malformed", "one above the best", raw_bits(zips.rice(GAPS, P + 1), 64, P + 1)),
    "parameter-zero": ("eligible", "every token of eight bits: gaps of nothing", one_class([*range(256)], t=8)),
    "tie-the-smaller": ("not-found", "two parameters as good: the smaller", raw_bits(zips.rice([1, 1], 0), 2, 0)),
    "tie-the-larger": ("malformed", "two parameters as good: the larger", raw_bits(zips.rice([1, 1], 1), 2, 1)),
    "parameter-49": ("malformed", "above 48", raw(DATA, 64, 49)),
    "parameter-negative": ("malformed", "below 0", raw(DATA, 64, -1)),
    "parameter-a-text": ("malformed", "a text", raw(DATA, 64, str(P))),
    "parameter-true": ("malformed", "a boolean is no integer", raw_bits(zips.rice([1, 3], 1), 2, True)),
    "count-one-fewer": ("malformed", "63 of 64", raw(DATA, 63, P)),
    "count-one-more": ("malformed", "65 of 64", raw(DATA, 65, P)),
    "count-negative": ("malformed", "-1", raw(DATA, -1, P)),
    "count-huge": ("malformed", "2^24 tokens of a few bytes", raw(DATA, 1 << 24, P)),
    "count-above-the-limit": ("malformed", "2^24 and one", raw(bytes(1 + (1 << 21)), (1 << 24) + 1, 0)),
    "count-a-fraction": ("malformed", "no integer", raw(DATA, 64.5, P)),
    "count-a-text": ("malformed", "a text", raw(DATA, "64", P)),
    "second-class-broken": (
        "malformed",
        "every class is read, also one that is not asked for",
        bundle_of(classes=[classes()[0], Class(SHORT, coded=(DATA + b"\0", 64, P))]),
    ),
}


def cases() -> Iterator[Case]:
    """Yield the cases of the target."""
    for name, (code, shows, pack) in ENCRYPTED.items():
        yield Case(f"zip/{name}", shows, "4", bundle_of(pack=pack), code)
    for name, (passphrase, code) in PASSPHRASES.items():
        shows = f"the passphrase as it may be typed: {name.replace('-', ' ')}"
        yield Case(f"zip/passphrase-{name}", shows, "4", Office().bundle(), code, passphrase=passphrase)
    for name, (code, shows, bundle) in MANIFESTS.items():
        yield Case(f"manifest/{name}", shows, "4.1", bundle, code)
    for name, (code, shows, entries) in LISTS.items():
        yield Case(f"manifest/{name}", shows, "4.4", bundle_of(organisations=entries), code)
    yield Case("manifest/demo", "throw-away keys: 演示 with every answer", "4.1", saying(into(demo=True)), demo=True)
    past = bundle_of(classes=[Class({"canyin": "2026-11-20", "guanying": "2026-11-21"}, SET)])
    perks = {"guanying": "2026-11-21"}
    yield Case("manifest/last-day-past", "one scenario ended yesterday, one ends today", "5.6", past, perks=perks)
    over = bundle_of(classes=[Class({"canyin": "2026-11-20"}, SET)])
    yield Case("manifest/last-day-all-past", "everything ended yesterday", "5.6", over, "not-found")
    none = bundle_of(classes=[Class({}, SET)])
    yield Case("manifest/class-of-no-scenario", "a class that may use nothing", "5.6", none, "not-found")
    for name, (code, shows, bundle) in CODED.items():
        yield Case(f"classes/{name}", shows, "4.2", bundle, code)
