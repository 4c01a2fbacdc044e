"""From something leaked to the merchant whose bundle it came out of: what was found, read, and held against canaries.

What can be read: a target as somebody unpacked it (a folder or a zip with manifest.json and classes), class files by
themselves, and lists of tokens as text, in decimal or hexadecimal numbers. A bundle that is still encrypted proves
nothing, since anybody can download it; it is only said whose it is.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from generator.build import bundles
from generator.build.merchants import read as read_merchants
from generator.build.office import entitle
from generator.build.office import read as read_office
from generator.bundle import archive, canary, golomb, payload
from generator.bundle.canary import Suspect
from generator.bundle.collapse import Secrets
from generator.core import lifecycle
from generator.core.model import MerchantId, Person, ScenarioId
from generator.core.workdays import UncoveredYearError
from generator.errors import KeysError, RefusedError
from generator.sources.agreement import MERCHANT_ID
from generator.trust.keys import OfficeKeys

_LARGEST = 256 * 1024 * 1024
"""Bytes of all files together, unpacked; more is no list of ours."""
_DEEPEST = 3
"""So many zips within one another are opened."""
_MONTHS = 12
"""So far back classes are tried where nothing says which there were."""
_ZIP = b"PK\x03\x04"
_TARGET = re.compile(r"(?:.*/)?targets/[0-9a-f]{64}\.([a-z0-9-]+)\.zip")
_BESIDE = re.compile(r"(?:.*/)?(?:README\.txt|metadata/[^/]*)")
"""What a bundle holds besides its target: digests, no tokens."""
_NUMBER = re.compile(rb"(?<![0-9A-Za-z])(?:0[xX])?([0-9A-Fa-f]{1,15})(?![0-9A-Za-z])")
_NOT_TEXT = re.compile(r"[\x01-\x08\x0e-\x1f]")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class Leak:
    """What a leak holds: tokens, the labels of its classes as far as a manifest tells them, and what else was seen.

    ``stated`` are the merchants that manifests name, ``sealed`` those whose bundles are in it unopened; ``foreign``
    counts manifests of another programme, ``loose`` says whether tokens came without a manifest.
    """

    tokens: frozenset[int] = frozenset()
    labels: frozenset[str] = frozenset()
    stated: frozenset[MerchantId] = frozenset()
    sealed: frozenset[MerchantId] = frozenset()
    foreign: int = 0
    loose: bool = False

    def __or__(self, other: Leak) -> Leak:
        """Return both as one."""
        return Leak(
            self.tokens | other.tokens,
            self.labels | other.labels,
            self.stated | other.stated,
            self.sealed | other.sealed,
            self.foreign + other.foreign,
            self.loose or other.loose,
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """A leak, how many canaries it shows in how many classes, and how well each merchant fits, the best first.

    ``possible`` are the merchants that offer, as content/merchants.toml stands, all that these classes are for.
    """

    leak: Leak
    canaries: int
    classes: int
    suspects: tuple[Suspect, ...]
    possible: tuple[MerchantId, ...]
    names: Mapping[MerchantId, str]


def trace(root: Path, paths: Sequence[Path], keys: OfficeKeys, as_of: date, former: Collection[MerchantId]) -> Trace:
    """Return what the files tell; ``former`` are merchants that are struck out by now, ``as_of`` the last day to try.

    Raises ``RefusedError`` where the files hold nothing that can be traced.
    """
    secrets, passphrases = bundles.open_secrets(keys), keys.programme.passphrases
    merchants = read_merchants(root)
    names = {merchant.id: merchant.name for merchant in merchants}
    leak = Leak()
    for group in _groups(paths):
        leak |= read_leak(group, secrets, passphrases)
    if not leak.tokens and not leak.sealed and not leak.foreign:
        raise RefusedError(
            "这些文件里没有读到名单代码。能读的有：解开的名单包（manifest.json 和 classes）、代码的文本或 CSV"
        )
    labels = leak.labels | (labels_of_lists(root, as_of) if leak.loose else frozenset())
    shown = canary.shown(leak.tokens, labels, secrets)
    suspects = canary.trace(shown, {*names, *passphrases, *leak.stated, *former}, secrets)
    benefits = {pair.partition("=")[0] for label in shown for pair in label.split(",")}
    possible = tuple(merchant.id for merchant in merchants if benefits and benefits.issubset(merchant.scenarios))
    return Trace(leak, sum(bits.bit_count() for bits in shown.values()), len(shown), suspects, possible, names)


# -- reading ----------------------------------------------------------------------------------------------------


def _groups(paths: Iterable[Path]) -> Iterator[dict[str, bytes]]:
    """Yield the files of each folder together, and each other file by itself."""
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        if sum(file.stat().st_size for file in files) > _LARGEST:
            raise RefusedError(f"{path} 太大了，不像是名单包里的东西")
        yield {(file.relative_to(path).as_posix() if path.is_dir() else file.name): file.read_bytes() for file in files}


def read_leak(
    files: Mapping[str, bytes], secrets: Secrets, passphrases: Mapping[MerchantId, str], depth: int = 0
) -> Leak:
    """Return what some files that belong together hold; ``depth`` counts the zips they came out of."""
    leak = Leak()
    read: set[str] = set()
    for name in sorted(files):
        folder, _, last = name.rpartition("/")
        if last == payload.MANIFEST:
            prefix = f"{folder}/" if folder else ""
            described, classes = _of_manifest(files, prefix, secrets)
            leak |= described
            read |= {name, f"{prefix}{payload.ORGANISATIONS}", *classes}
    for name in sorted(files.keys() - read):
        if held := _TARGET.fullmatch(name):
            leak |= Leak(sealed=frozenset({MerchantId(held[1])}))
        elif files[name].startswith(_ZIP):
            leak |= _of_zip(name, files[name], secrets, passphrases, depth)
        elif not _BESIDE.fullmatch(name):
            leak |= _loose(name, files[name], secrets)
    return leak


def _of_manifest(files: Mapping[str, bytes], prefix: str, secrets: Secrets) -> tuple[Leak, set[str]]:
    """Return what an unpacked target holds, as far as its classes are there, and the names of their files."""
    tokens: set[int] = set()
    labels, classes = set(), set()
    try:
        manifest = json.loads(files[f"{prefix}{payload.MANIFEST}"])
        for entry in manifest["classes"]:
            name = f"{prefix}{entry['file']}"
            classes.add(name)
            days = {ScenarioId(scenario): date.fromisoformat(day) for scenario, day in entry["scenarios"].items()}
            labels.add(payload.spell(days))
            if name in files:
                tokens.update(golomb.decode(files[name], entry["parameter"], entry["count"]))
        if manifest["token"] != {"key": secrets.t_key.hex(), "t": secrets.token_bits}:
            return Leak(foreign=1), classes
        stated = str(manifest["merchant"]["id"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise RefusedError(f"{prefix}{payload.MANIFEST} 或它的名单文件读不出来，可能不完整") from error
    known = frozenset({MerchantId(stated)}) if MERCHANT_ID.fullmatch(stated) else frozenset()
    return Leak(frozenset(tokens), frozenset(labels), known), classes


def _of_zip(name: str, data: bytes, secrets: Secrets, passphrases: Mapping[MerchantId, str], depth: int) -> Leak:
    """Return what a zip holds; of one that is encrypted, whose it is."""
    if depth == _DEEPEST:
        raise RefusedError(f"{name} 一层套一层的压缩包太多。请解开以后再试")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as outer:
            members = [member for member in outer.infolist() if not member.is_dir()]
            if any(member.flag_bits & 1 for member in members):
                return _of_sealed(name, data, passphrases)
            if sum(member.file_size for member in members) > _LARGEST:
                raise RefusedError(f"{name} 解开后太大了，不像是名单包里的东西")
            files = {member.filename: outer.read(member) for member in members}
    except _UNREADABLE as error:
        raise RefusedError(f"{name} 这个压缩包打不开，可能不完整") from error
    return read_leak(files, secrets, passphrases, depth + 1)


def _of_sealed(name: str, data: bytes, passphrases: Mapping[MerchantId, str]) -> Leak:
    for merchant, passphrase in passphrases.items():
        with suppress(KeysError):
            archive.decrypt(data, passphrase)
            return Leak(sealed=frozenset({merchant}))
    raise RefusedError(f"{name} 上了锁，现在的口令都打不开：可能是换口令以前的，或者不是名单包")


def _loose(name: str, data: bytes, secrets: Secrets) -> Leak:
    """Return the tokens of a class file without its manifest, or of a text."""
    bound = 1 << secrets.token_bits
    text = None if name.endswith(".gr") else _text(data)
    if text is None:
        tokens = _of_class_file(data, bound)
    else:
        numbers = [found[1].decode() for found in _NUMBER.finditer(text)]
        tokens = {int(number) for number in numbers if number.isdecimal()} | {int(number, 16) for number in numbers}
    kept = frozenset(token for token in tokens if token < bound)
    return Leak(kept, loose=bool(kept))


def _text(data: bytes) -> bytes | None:
    """Return a text's bytes with one byte for each digit, or None where it is no text."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "gb18030")
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            return None if _NOT_TEXT.search(text) else text.encode("ascii", "replace")
    return None


def _of_class_file(data: bytes, bound: int) -> set[int]:
    """Return the tokens under every parameter that fits: one is right, and the others do no harm but noise."""
    tokens: set[int] = set()
    for parameter in range(7, golomb.MAX_PARAMETER + 1):
        with suppress(ValueError):
            found = golomb.decode(data, parameter)
            if found and found[-1] < bound:
                tokens.update(found)
    return tokens


def labels_of_lists(root: Path, as_of: date) -> frozenset[str]:
    """Return the labels of every class of every merchant on a day and on the first of each month of a year before it.

    Whoever is recognised is so for a year: hardly a class comes and goes between two of these days. Merchants struck
    out since are taken to have offered one scenario, or any two.
    """
    office = read_office(root, as_of)
    rules = office.content.settings.rules
    offers = {frozenset(s.id for s in office.content.scenarios_of(merchant)) for merchant in office.content.merchants}
    offers |= {frozenset(pair) for pair in combinations_with_replacement(office.content.scenarios, 2)}
    kinds = set()
    for day in (as_of, *_firsts(as_of)):
        with suppress(UncoveredYearError):
            standings = lifecycle.stand(office.lists, rules, day)
            entitled = entitle(replace(office, standings=standings, as_of=day))
            kinds |= {tuple(one.last_days.items()) for one in entitled if isinstance(one.subject, Person)}
    cuts = ({s: last for s, last in days if s in offered} for days in kinds for offered in offers)
    return frozenset(payload.spell(cut) for cut in cuts if cut)


def _firsts(as_of: date) -> Iterator[date]:
    month = as_of.year * 12 + as_of.month - 1
    for earlier in range(month, month - _MONTHS, -1):
        yield date(earlier // 12, earlier % 12 + 1, 1)


# -- saying -----------------------------------------------------------------------------------------------------


def values(found: Trace) -> dict[str, Any]:
    """Return a trace for programs."""
    return {
        "tokens": len(found.leak.tokens),
        "classes": found.classes,
        "canaries": found.canaries,
        "stated": sorted(found.leak.stated),
        "sealed": sorted(found.leak.sealed),
        "foreign": found.leak.foreign,
        "possible": list(found.possible),
        "merchants": [
            {
                "id": one.merchant,
                "name": found.names.get(one.merchant, ""),
                "named": one.named,
                "chance": one.chance,
                "carried": one.carried,
                "shown": one.shown,
                "agreeing": one.agreeing,
                "candidates": one.candidates,
            }
            for one in found.suspects
        ],
    }


def text(found: Trace) -> str:
    """Return a trace for staff: whose, how surely, and what it does not say."""
    leak = found.leak

    def called(merchant: MerchantId) -> str:
        return f"{merchant}（{found.names.get(merchant, '不在现在的商户里')}）"

    lines = [
        f"{called(merchant)}的名单包还没有打开。名单包谁都能从网站下载，拿到它不等于口令泄露。"
        for merchant in sorted(leak.sealed)
    ]
    if leak.foreign:
        lines.append(f"有{leak.foreign}份清单不是用现在这套密钥做的，认不出暗记。")
    if not leak.tokens:
        return "\n".join(lines)
    lines.append(f"读到代码{len(leak.tokens)}个，在{found.classes}组里认出暗记{found.canaries}个。")
    lines += [f"清单上写的商户是 {called(merchant)}，但清单可以改。" for merchant in sorted(leak.stated)]
    named = [one for one in found.suspects if one.named]
    lines += [
        f"出自 {called(one.merchant)}的名单包：{one.shown}个暗记里有{one.carried}个是它的，"
        f"无辜的商户碰巧也这样的机会不到{_rarely(one.chance)}。"
        for one in named
    ]
    lines += _advice(found, named)
    return "\n".join(lines)


def _advice(found: Trace, named: Sequence[Suspect]) -> list[str]:
    if named:
        several = ["不止一家：像是几家的名单包凑在一起的，没有点到的商户也可能在内。"] if len(named) > 1 else []
        return [
            *several,
            "这只说明内容出自谁的名单包，不说明是谁传出去的：也可能是口令被别人看到，或者电脑丢了。请先问清楚。",
            *(f"先换口令：xinyi merchants passphrase {one.merchant} --replace" for one in named),
        ]
    if found.canaries:
        only = [f"不过照现在的 content/merchants.toml，只有 {found.possible[0]} 参加这样的场景。"]
        return [
            "只看暗记分不清是哪一家的：认出的太少，碰巧这样的商户不止一家，不能凭暗记怀疑谁。多找一些泄露的内容再试。",
            *(only if len(found.possible) == 1 else []),
        ]
    return [
        "看不出是哪一家的：一个暗记也没有认出来。可能不是名单包里的内容；可能是一年以前的，请用 --as-of 写大约的日子；"
        "也可能优惠不同的几家互相对照，把暗记挑掉了。"
    ]


def _rarely(chance: float) -> str:
    """Return a bound in words that hold: one in ten thousand, a million, a hundred million."""
    return next(
        words for bound, words in ((1e-8, "一亿分之一"), (1e-6, "一百万分之一"), (1, "一万分之一")) if chance <= bound
    )
