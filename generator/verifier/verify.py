# /// script
# requires-python = ">=3.11"
# dependencies = ["cryptography>=44", "pyzipper>=0.4", "tuf>=7.0.1"]
# ///
"""Check, offline, whether someone is on a merchant's eligibility list: verify.py BUNDLE.

One file that needs nothing but the three packages above. Section numbers are those of docs/spec/bundle.md.
``open_bundle`` is the one door: whatever is not right ends there in ``Refused``, with a stable code.
Exit status: 0 eligible, 1 not found, 2 cannot judge, 3 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import getpass
import hashlib
import hmac
import io
import json
import os
import re
import struct
import sys
import tempfile
import unicodedata
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn

try:
    import pyzipper
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from tuf.api import exceptions as tuf_errors
    from tuf.api.metadata import TargetFile
    from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig
except ImportError:
    print("缺少程序库，请先运行：python -m pip install cryptography pyzipper tuf", file=sys.stderr)
    sys.exit(3)  # not Python's 1, which would mean "not found"

PINNED_ROOT = ""

MIB = 1 << 20
TIMEZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
ELIGIBLE, NOT_FOUND, CANNOT_JUDGE, WRONG_USAGE = range(4)
ANSWERS = ("eligible", "not-found", "cannot-judge", "wrong-usage")
TITLES = ("在名单内", "未查到", "不能判断", "请重新输入")
AGAIN = "请到信用办网站重新下载名单包再试。"
REASONS = {  # 5: each code is stable for ever; what is wrong, and what to do next
    "malformed": ("这个文件不是名单包，或者没有下载完整。", AGAIN),
    "damaged": ("名单包的内容坏了，或者被改过。", AGAIN),
    "not-trusted": ("不能确认这份名单是信用办签发的。", "请不要使用它。" + AGAIN + "还是这样，请联系信用办。"),
    "rolled-back": ("这份名单比这台设备用过的旧。", "请使用最新的名单包，旧的可以删掉。"),
    "expired": ("这份名单过了有效期。", "请先看设备的日期对不对；日期没有错，就到信用办网站下载新的名单包。"),
    "clock": (
        "设备的日期不对，比名单的签发日或者上次核验的日期还早。",
        "请把日期调准再试；日期没有错，请联系信用办。用 --as-of 试别的日子，请加 --state 另用一个文件夹。",
    ),
    "wrong-passphrase": ("口令不对。", "请照信用办的信重新输入16个字符；不分大小写，空格和横线可有可无。"),
    "unknown-format": ("这份名单的格式，这个程序还不认识。", "请到信用办网站下载新的核验程序。"),
    "state": ("核验记录（xinyi-state文件夹）读不出或者存不进。", "请看磁盘满没满、能不能写；还是这样，请联系信用办。"),
}
USAGES = {  # these never repeat what was typed: it may be a number
    "usage": ("用法不对。", "请运行 verify.py --help 查看用法。"),
    "bad-file": ("打不开指定的文件。", "请看文件名写得对不对。"),
    "bad-table": ("表格读不出。", "应为CSV文件，第一行是列名：姓名、证件号码，或者统一社会信用代码。"),
    "bad-name": ("姓名没有填，或者里面有认不出的字。", "请照身份证重新输入。"),
    "bad-number": ("号码不对，可能抄错、漏了或者多了一位。", "请照证件重新输入。"),
}


class Refused(Exception):  # noqa: N818 - an answer, not an accident
    """No judgement is possible, for the reason that ``code`` names."""

    def __init__(self, code: str, advice: str = "") -> None:
        self.code, self.status = code, WRONG_USAGE if code in USAGES else CANNOT_JUDGE
        reason, usual = (REASONS | USAGES)[code]
        super().__init__(reason + (advice or usual))


def require(condition: object, code: str = "malformed") -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refused(code)


# -- 3  From a person to a token -------------------------------------------------------------------------------

NAME_DOTS = "\u00b7\u2022\u2027\u30fb\u22c5\u2219."
TWINS = (  # 3.1: what the private-use characters U+E815 ... U+E864 stand for
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖"
    "䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺"
    "𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)
KDF = {"name": "argon2id", "version": 19, "memory": 19456, "passes": 2, "lanes": 1, "length": 32}
CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
Question = tuple[str, str]  # canonical name and number of a person; an organisation has a code and no name


def canonical_name(text: str) -> str:
    """Return the form of a name that is looked up (3.1)."""
    folded = unicodedata.normalize("NFKC", text.translate({0xE815 + i: twin for i, twin in enumerate(TWINS)}))
    kept = (c for c in folded if not (c.isspace() or c in NAME_DOTS or unicodedata.category(c) == "Cf"))
    return "".join(kept).upper()


def canonical_number(text: str) -> str:
    """Return the form of a number or code that is looked up (3.2)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and c != "-").upper()


def person(name: str, number: str) -> Question:
    """Return a question about a person; refuse a name or number that must be mistyped (3.2)."""
    name, number = canonical_name(name), canonical_number(number)
    require(name and not any(c == "\ufffd" or unicodedata.category(c) == "Cs" for c in name), "bad-name")
    require(re.fullmatch("[0-9A-Z\u4e00-\u9fff]{5,20}", number), "bad-number")
    if re.fullmatch("[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        number += resident_check(number)
    if re.fullmatch("[0-9]{13,}X?", number):  # passports and the like are shorter or begin with a letter
        born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
        require(len(number) == 18 and is_day(born) and resident_check(number) == number[17], "bad-number")
    return name, number


def resident_check(number: str) -> str:
    """Return the check digit that belongs to the first 17 digits (GB 11643-1999)."""
    return "10X98765432"[sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(number[:17])) % 11]


def organisation(text: str) -> Question:
    """Return a question about an organisation; refuse a code that must be mistyped (GB 32100-2015)."""
    code = canonical_number(text)
    require(len(code) == 18 and set(code) <= set(CODE_ALPHABET), "bad-number")
    total = sum(CODE_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    require(CODE_ALPHABET[-total % 31] == code[17], "bad-number")
    return "", code


def token(name: str, number: str, salt: bytes, key: bytes, t: int) -> int:
    """Return the token of a person (3.3, 3.4)."""
    kdf = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=19456)
    u = int.from_bytes(kdf.derive(f"xinyi/u/1\0{name}\0{number}".encode())[:2], "big") >> 4
    mac = hmac.digest(key, f"xinyi/t/1\0{name}\0".encode() + u.to_bytes(2, "big"), "sha256")
    return int.from_bytes(mac, "big") >> (256 - t)


def is_day(text: str) -> bool:
    """Return whether a text is a day that exists, written YYYY-MM-DD."""
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text).isoformat() == text
    return False


# -- 5  Verifying ----------------------------------------------------------------------------------------------

Perk = dict[str, Any]  # scenario, name, provider, benefit, conditions, last_day: as they stand in the JSON answer


@dataclass(frozen=True, slots=True)
class Known:
    """What this device remembers for one merchant: the TUF metadata it trusts, and the latest day it saw."""

    roots: Sequence[str] = ()
    timestamp: str = ""
    snapshot: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The folder where ``Known`` is kept, one file for each merchant, and the pinned digest of the first root."""

    folder: Path
    pin: str = ""

    def read(self, merchant: str) -> Known:
        """Return what is remembered: nothing at first use."""
        try:
            known = Known(**json.loads((self.folder / merchant / "state.json").read_bytes()))
            texts = (known.timestamp, known.snapshot, *known.roots)
            require(known.roots and is_day(known.seen) and all(isinstance(text, str) for text in texts), "state")
        except FileNotFoundError:
            return Known()
        except (OSError, ValueError, TypeError, RecursionError) as fault:
            raise Refused("state") from fault
        return known

    def write(self, merchant: str, known: Known) -> None:
        """Keep it in one file, written beside and renamed: a crash leaves the old one or the new one, whole."""
        beside = self.folder / merchant / f"state.{os.getpid()}.new"
        try:
            beside.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="ascii") as file:
                json.dump(asdict(known), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(beside.with_name("state.json"))
        except OSError as fault:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise Refused("state") from fault


@dataclass(frozen=True, slots=True)
class Release:
    """What the office signed for one merchant: the encrypted target, and from when until when it holds."""

    merchant: str
    target: bytes
    version: int
    issued: date
    expires: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle: all that is needed to answer, and nothing that has yet to be checked."""

    merchant: str
    office: str
    demo: bool
    release: Release
    salt: bytes
    key: bytes
    t: int
    classes: Sequence[tuple[Sequence[int], Sequence[Perk]]]
    organisations: Mapping[str, tuple[str, Sequence[Perk]]]

    def look_up(self, who: Question, today: date) -> list[Perk]:
        """Return what somebody may use today; nothing means: not found (5.6)."""
        name, number = who
        perks: Sequence[Perk] = () if name else self.organisations.get(number, ("", ()))[1]
        if name:
            wanted = token(name, number, self.salt, self.key, self.t)
            for tokens, theirs in self.classes:
                place = bisect_left(tokens, wanted)
                perks = theirs if tokens[place : place + 1] == [wanted] else perks
        return [perk for perk in perks if today.isoformat() <= perk["last_day"]]


def open_bundle(data: bytes, state: State, passphrase: str, at: datetime) -> Bundle:
    """Return the bundle as it may be used at ``at``, or raise ``Refused`` and nothing else."""
    today = at.astimezone(TIMEZONE).date()
    members, merchant = read_container(data)  # 5.1 well formed, within the limits
    known = state.read(merchant)
    release, learnt = check_metadata(members, merchant, known, state.pin, at)  # 5.2 the TUF client workflow
    require(release.issued <= today and known.seen <= today.isoformat(), "clock")  # 5.3
    bundle = parse_contents(decrypt(release.target, passphrase), release)  # 5.4 right passphrase, known format
    learnt = replace(learnt, seen=today.isoformat())
    if learnt != known:
        state.write(merchant, learnt)  # 5.5 only now
    return bundle


def read_zip(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the strict zip of section 2, where every byte has its place.

    Members one after the other from the first byte on, right behind them the directory in the same order, then the
    end record: no gaps, overlaps, comments, extra fields or flags, all of which ``zipfile`` would forgive.
    """
    require(22 <= len(data) <= 64 * MIB)
    end, (count, size, start) = len(data) - 22, struct.unpack("<H2L", data[-12:-2])
    require(data[end:] == struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, 0))
    require(count <= 300 and start + size == end)
    offset, entry = 0, start
    for _ in range(count):
        require(entry + 46 <= end)
        flags, method, crc, length, unpacked, name, extra, comment, disk, place = struct.unpack_from(
            "<2H4x3L4H6xL", data, entry + 8
        )
        body = offset + 30 + name
        require((flags, method, extra, comment, disk, place) == (0, 0, 0, 0, 0, offset) and length == unpacked)
        require(body + length <= start and data[entry : entry + 4] == b"PK\1\2")
        require(data[offset:body] == b"PK\3\4" + data[entry + 6 : entry + 32] + data[entry + 46 : entry + 46 + name])
        content = data[body : body + length]
        require(zlib.crc32(content) == crc, "damaged")
        yield data[offset + 30 : body].decode("latin-1"), content
        offset, entry = body + length, entry + 46 + name
    require(offset == start and entry == end)


def read_container(data: bytes) -> tuple[dict[str, bytes], str]:
    """Return the members and the merchant's id (2, 5.1)."""
    listed = list(read_zip(data))
    members = dict(listed)
    require(len(members) == len(listed) and all(re.fullmatch("[!-~]*[!-.0-~]", name) for name in members))
    metadata = [name for name in members if name.startswith("metadata/")]
    require(all(len(members[name]) <= MIB for name in metadata))
    require(sum(name.endswith(".root.json") for name in metadata) <= 256)
    require({"metadata/1.root.json", "metadata/timestamp.json"} <= members.keys())
    targets = "\n".join(name for name in members if name.startswith("targets/"))
    target = re.fullmatch(r"targets/[0-9a-f]{64}\.([a-z0-9][a-z0-9-]{0,63})\.zip", targets)
    if not target:
        raise Refused("malformed")
    return members, target[1]


LIMITS = UpdaterConfig(root_max_length=MIB, timestamp_max_length=MIB, snapshot_max_length=MIB, targets_max_length=MIB)


class Members(FetcherInterface):
    """Gives python-tuf the members of a container as if it downloaded them."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self.members = members

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url not in self.members:
            raise tuf_errors.DownloadHTTPError("not in the container", 404)
        return iter([self.members[url]])


def root_chain(members: Mapping[str, bytes], known: Known, pin: str) -> list[bytes]:
    """Return every root since the first, which is the pinned one; what is remembered must be their beginning."""
    numbered = {name for name in members if re.fullmatch(r"metadata/[0-9]+\.root\.json", name)}
    names = [f"metadata/{n + 1}.root.json" for n in range(len(numbered))]
    require(numbered == set(names), "not-trusted")  # at a gap python-tuf would stop and keep the old root
    roots = [members[name] for name in names]
    if not pin and not known.roots:
        raise Refused("not-trusted", "第一次使用，请在终端里运行并核对指纹，或者用 --root 写上信用办的信上印的指纹。")
    require(not pin or hashlib.sha256(roots[0]).hexdigest() == pin, "not-trusted")
    require(all(old.encode() == new for old, new in zip(known.roots, roots, strict=False)), "not-trusted")
    require(len(known.roots) <= len(roots), "rolled-back")
    return roots


def check_metadata(
    members: Mapping[str, bytes], merchant: str, known: Known, pin: str, at: datetime
) -> tuple[Release, Known]:
    """Return what the office signed for the merchant, and what is to be remembered (5.2)."""
    roots = root_chain(members, known, pin)
    trusted: Any = {}
    try:
        with tempfile.TemporaryDirectory(prefix="xinyi-", ignore_cleanup_errors=True) as copy:
            for role in ("timestamp", "snapshot"):
                Path(copy, f"{role}.json").write_bytes(getattr(known, role).encode())
            updater = Updater(copy, "metadata/", fetcher=Members(members), config=LIMITS, bootstrap=roots[0])
            trusted = updater._trusted_set  # python-tuf has no public way to tell it the time
            trusted.reference_time = at
            updater.refresh()
            info = updater.get_targetinfo(f"{merchant}.zip")
            timestamp, snapshot = (Path(copy, f"{role}.json").read_bytes() for role in ("timestamp", "snapshot"))
        require(timestamp == members["metadata/timestamp.json"], "not-trusted")  # a version is signed only once
        require(snapshot == members.get(f"metadata/{trusted.snapshot.version}.snapshot.json"), "not-trusted")
        release = read_release(members, merchant, info, trusted)
    except tuf_errors.ExpiredMetadataError as fault:
        raise Refused("expired") from fault
    except tuf_errors.BadVersionNumberError as fault:
        raise Refused("rolled-back" if known.roots and trusted.get("timestamp") else "not-trusted") from fault
    except (tuf_errors.RepositoryError, tuf_errors.DownloadError, ValueError, OverflowError) as fault:
        raise Refused("not-trusted") from fault
    except OSError as fault:
        raise Refused("state") from fault
    return release, Known([root.decode() for root in roots], timestamp.decode(), snapshot.decode())


def read_release(members: Mapping[str, bytes], merchant: str, info: TargetFile | None, trusted: Any) -> Release:
    """Return the target that the metadata speak of, with its digest and length right (2.1, 5.2)."""
    custom = info.custom if info else None
    if not info or not isinstance(custom, dict) or custom.get("merchant") != merchant:
        raise Refused("not-trusted")
    issued = datetime.strptime(str(custom.get("issued")), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    target = members.get(f"targets/{info.hashes.get('sha256')}.{merchant}.zip", b"")
    try:
        info.verify_length_and_hashes(target)
    except tuf_errors.LengthOrHashMismatchError as fault:
        raise Refused("damaged") from fault
    expires = min(role.expires for role in trusted).astimezone(TIMEZONE)
    return Release(merchant, target, trusted.timestamp.version, issued.astimezone(TIMEZONE).date(), expires)


def decrypt(target: bytes, passphrase: str) -> dict[str, bytes]:
    """Return the members of the target (4). Its digest was right: what fails to open now is the passphrase."""
    typed = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", passphrase)).upper()
    key = typed.translate(str.maketrans("OIL", "011"))
    require(re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", key), "wrong-passphrase")
    try:
        archive = pyzipper.AESZipFile(io.BytesIO(target))
        listed = {info.filename: info for info in archive.infolist()}
        require(len(listed) == len(archive.infolist()) <= 4096 + 2)
        require(sum(info.file_size for info in listed.values()) <= 64 * MIB)
        for info in listed.values():
            require(info.flag_bits & 1 and (info.wz_aes_version, info.wz_aes_strength) == (2, 3))
            require(info.compress_type in (pyzipper.ZIP_STORED, pyzipper.ZIP_DEFLATED))
        opened = {name: archive.open(info, pwd=key.encode()) for name, info in listed.items()}
    except (pyzipper.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as fault:
        raise Refused("malformed") from fault
    except RuntimeError as fault:
        raise Refused("wrong-passphrase") from fault
    try:  # one byte more than it says is enough to reach the end, where the authentication code is checked
        return {name: file.read(listed[name].file_size + 1) for name, file in opened.items()}
    except (pyzipper.BadZipFile, EOFError, zlib.error) as fault:
        raise Refused("damaged") from fault


def parse_contents(files: Mapping[str, bytes], release: Release) -> Bundle:
    """Return what the members say (4.1, 4.4)."""
    try:
        manifest = json.loads(files["manifest.json"])
        require(manifest["format"] == 1, "unknown-format")
        collapse, t = manifest["collapse"], manifest["token"]["t"]
        require((collapse["w"], collapse["kdf"]) == (12, KDF), "unknown-format")
        require(type(t) is int and 1 <= t <= 48, "unknown-format")
        require(manifest["merchant"]["id"] == release.merchant and isinstance(manifest["demo"], bool))
        salt, key = bytes.fromhex(collapse["salt"]), bytes.fromhex(manifest["token"]["key"])
        require((len(salt), len(key)) == (16, 32) and len(manifest["classes"]) <= 4096)
        scenarios = {scenario["id"]: parse_scenario(scenario) for scenario in manifest["scenarios"]}
        classes = [
            (decode_class(files[entry["file"]], entry["count"], entry["parameter"], t), granted(entry, scenarios))
            for entry in manifest["classes"]
        ]
        listed = json.loads(files["organisations.json"])["organisations"]
        codes = [string(entry["code"]) for entry in listed]
        require(codes == sorted(set(codes)))
        organisations = {entry["code"]: (string(entry["name"]), granted(entry, scenarios)) for entry in listed}
        merchant, office = string(manifest["merchant"]["name"]), string(manifest["office"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise Refused("malformed") from fault
    return Bundle(merchant, office, manifest["demo"], release, salt, key, t, classes, organisations)


def parse_scenario(entry: Mapping[str, Any]) -> Perk:
    """Return what a scenario offers."""
    texts = {key: string(entry[key]) for key in ("name", "provider", "benefit")}
    return {"scenario": entry["id"], **texts, "conditions": [string(condition) for condition in entry["conditions"]]}


def granted(entry: Mapping[str, Any], scenarios: Mapping[str, Perk]) -> list[Perk]:
    """Return what a class or an organisation may use, each until its last day."""
    require(all(is_day(last) for last in entry["scenarios"].values()))
    return [scenarios[scenario] | {"last_day": last} for scenario, last in entry["scenarios"].items()]


def string(value: object) -> str:
    """Return a value that must be a text."""
    require(isinstance(value, str))
    return str(value)


def decode_class(data: bytes, count: int, parameter: int, t: int) -> list[int]:
    """Return the tokens of a class in ascending order; there is but one encoding of them (4.2)."""
    require(type(count) is int and type(parameter) is int and 0 <= parameter <= 48)
    require(0 <= count <= min(1 << 24, 8 * len(data)))
    bits = bin(int.from_bytes(b"\1" + data, "big"))[3:]
    tokens, gaps, position, last = [], [], 0, -1
    for _ in range(count):
        zero = bits.find("0", position)
        require(zero >= 0 and zero + parameter < len(bits))
        gap = (zero - position) << parameter | int("0" + bits[zero + 1 : zero + 1 + parameter], 2)
        position, last = zero + 1 + parameter, last + 1 + gap
        gaps.append(gap)
        tokens.append(last)
    require(last < 1 << t and len(data) == (position + 7) // 8 and "1" not in bits[position:])
    nearby = range(max(parameter - 1, 0), parameter + 2)
    length = {p: count * p + sum(gap >> p for gap in gaps) for p in nearby}
    require(parameter == 0 or length[parameter] < length[parameter - 1])
    require(parameter == 48 or length[parameter] <= length[parameter + 1])
    return tokens


# -- Answers, for people and for programs ----------------------------------------------------------------------

Report = dict[str, Any]  # an answer as --json shows it; "message" is the text for people
Cells = Mapping[str, str]  # what was typed, by the name of its column
NAME, NUMBER, CODE = "姓名", "证件号码", "统一社会信用代码"
HEADER = ("demo", "merchant", "office", "version", "issued", "expires", "age_days")
NOT_BAD = "这不说明顾客有任何问题，只说明这份名单里没有查到，请照常接待。"
CHECK = "请照证件核对输入的姓名和号码；没有输错的话，可以请顾客问信用办。"


def report(status: int, code: str, lines: Sequence[str], **more: object) -> Report:
    """Return one answer; what a bundle says about itself is still to be filled in."""
    message = "\n".join([TITLES[status], *lines])
    return {"answer": ANSWERS[status], "code": code, "message": message, **dict.fromkeys(HEADER), **more}


def dated(answer: Report, bundle: Bundle, today: date) -> Report:
    """Return an answer with the age of its list, and the word 演示 if the list is a demonstration."""
    release, until = bundle.release, bundle.release.expires
    age, last_day = (today - release.issued).days, (until - timedelta(seconds=1)).date()
    old = f"已有{age}天" if age else "就是今天"
    note = f"名单签发于{chinese(release.issued)}，{old}，可用到{chinese(last_day)}。"
    demo = "【演示】这是演示用的名单，结果不能当真。\n" if bundle.demo else ""
    about = (bundle.demo, bundle.merchant, bundle.office, release.version)
    values = (*about, release.issued.isoformat(), until.isoformat(), age)
    return answer | dict(zip(HEADER, values, strict=True)) | {"message": f"{demo}{answer['message']}\n{note}"}


def chinese(day: date) -> str:
    """Return a day as people here write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def describe(perk: Perk) -> str:
    """Return what a scenario offers, in a few lines."""
    last_day = chinese(date.fromisoformat(perk["last_day"]))
    conditions = [f"  条件：{condition}" for condition in perk["conditions"]]
    return "\n".join(
        [f"{perk['name']}（{perk['provider']}）：{perk['benefit']}", *conditions, f"  最后一天：{last_day}"]
    )


def judge(bundle: Bundle, today: date, cells: Cells) -> Report:
    """Return the answer about one person or organisation."""
    try:
        code = cells.get(CODE, "")
        who = organisation(code) if code else person(cells.get(NAME, ""), cells.get(NUMBER, ""))
    except Refused as wrong:
        return report(wrong.status, wrong.code, [str(wrong)], perks=[])
    found = bundle.look_up(who, today)
    if not found:
        return report(NOT_FOUND, "not-found", [NOT_BAD, CHECK], perks=[])
    check = f"证照：单位名称是{bundle.organisations[who[1]][0]}" if code else "身份证：姓名与输入的一样，照片是本人"
    return report(ELIGIBLE, "eligible", [*map(describe, found), f"请核对{check}。"], perks=found)


def judge_table(bundle: Bundle, today: date, rows: Mapping[int, Cells]) -> Report:
    """Return the answers about the rows of a table, by row number, with neither names nor numbers."""
    results, lines = [], []
    for row, cells in rows.items():
        answer = judge(bundle, today, cells)
        status, perks = ANSWERS.index(answer["answer"]), answer["perks"]
        days = [f"{perk['name']}（到{chinese(date.fromisoformat(perk['last_day']))}）" for perk in perks]
        lines.append(f"第{row}行：{TITLES[status]} {'、'.join(days)}".rstrip())
        results.append({"row": row, "answer": answer["answer"], "code": answer["code"], "perks": perks})
    status = NOT_FOUND if any(result["code"] != "eligible" for result in results) else ELIGIBLE
    notes = [f"未查到：{NOT_BAD}{CHECK}"] if status else []
    answer = report(status, ANSWERS[status], lines + notes, results=results)
    found = sum(result["code"] == "eligible" for result in results)
    title = f"共{len(results)}行，{found}行在名单内"
    return answer | {"message": answer["message"].replace(TITLES[status], title, 1)}


# -- The command ------------------------------------------------------------------------------------------------


class Arguments(argparse.ArgumentParser):
    """Explains a wrong command line without repeating any of it."""

    def error(self, message: str) -> NoReturn:  # noqa: ARG002 - it may hold a number
        """Leave with the status for wrong usage."""
        self.exit(WRONG_USAGE, f"{self.format_usage()}{Refused('usage')}\n")


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line, understood."""
    parser = Arguments(prog="verify.py", description="离线核验。不写要查谁，就逐个询问。", allow_abbrev=False)
    parser.epilog = "口令在运行时输入，或者放在环境变量 XINYI_PASSPHRASE 里。"
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="从信用办网站下载的名单包")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--name", help="姓名")
    who.add_argument("--org", metavar="CODE", help="统一社会信用代码")
    who.add_argument("--csv", type=Path, metavar="FILE", help="CSV表格：姓名、证件号码，或者统一社会信用代码")
    parser.add_argument("--id", help="证件号码；不写就会询问，那样它不会留在命令记录里")
    parser.add_argument("--json", action="store_true", help="输出给程序读的结果")
    parser.add_argument("--state", type=Path, metavar="DIR", help="核验记录放在哪里，不写就在本程序旁边")
    parser.add_argument("--as-of", type=instant, metavar="T", help="按哪一天（或者带时区的时刻）核验，代替设备的时钟")
    parser.add_argument("--root", type=fingerprint, metavar="FINGERPRINT", help="信用办的信上印的指纹")
    options = parser.parse_args(words)
    if options.id is not None and options.name is None:
        parser.error("--id goes with --name")
    return options


def instant(text: str) -> datetime:
    """Return an instant: a day means its noon in Asia/Shanghai."""
    at = datetime.fromisoformat(f"{text}T12:00+08:00" if is_day(text) else text)
    if at.tzinfo is None or not 2000 <= at.year < 9999:
        raise ValueError("no offset, or no such time")
    return at


def fingerprint(text: str) -> str:
    """Return a SHA-256 digest as hex digits; it may be written in groups."""
    digits = re.sub(r"[\s:-]", "", text).lower()
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise ValueError("not a digest")
    return digits


def read_table(data: bytes) -> dict[int, Cells]:
    """Return the rows of a table by row number, the first row having the names of the columns."""
    try:
        rows = list(csv.reader(io.StringIO(decode(data), newline="")))
    except (csv.Error, UnicodeDecodeError) as fault:
        raise Refused("bad-table") from fault
    head = ["".join(cell.split()) for cell in rows[0]] if rows else []
    require({NAME, NUMBER} <= set(head) or CODE in head, "bad-table")
    cells = {n: [cell.strip(" \t'") for cell in row] for n, row in enumerate(rows[1:], 2)}
    require(any(map(any, cells.values())), "bad-table")
    return {n: dict(zip(head, row, strict=False)) for n, row in cells.items() if any(row)}


def decode(data: bytes) -> str:
    """Return the text of a table saved as UTF-8 or, by older software, as GB18030."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def read_file(path: Path) -> bytes:
    """Return the bytes of a file, but no more than a bundle may have and one."""
    try:
        with path.open("rb") as file:
            return file.read(64 * MIB + 1)
    except (OSError, ValueError) as fault:
        raise Refused("bad-file") from fault


def ask(prompt: str) -> str:
    """Return a line that was typed; nothing at the end of the input."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def ask_passphrase() -> str:
    """Return the passphrase, which is never an argument: others could see it there."""
    if "XINYI_PASSPHRASE" in os.environ:
        return os.environ["XINYI_PASSPHRASE"]
    return getpass.getpass("口令（输入时不显示）：") if sys.stdin.isatty() else ask("口令：")


def confirm_first_use(data: bytes, state: State) -> State:
    """Return the state, pinned to the bundle's first root if somebody compared its digest with the printed letter.

    Asked on a terminal even where the build has filled in the pin: a hijacked host could have filled in another.
    """
    members, merchant = read_container(data)
    if state.read(merchant).roots or not sys.stdin.isatty():
        return state
    digest = hashlib.sha256(members["metadata/1.root.json"]).hexdigest()
    require(state.pin in ("", digest), "not-trusted")
    print("第一次使用。信用办的指纹：", " ".join(re.findall("....", digest)), sep="\n", file=sys.stderr)
    if ask("与信用办的信上印的完全一样吗？一样请输入“是”：") not in ("是", "y", "Y", "yes"):
        raise Refused("not-trusted", "指纹和信上的不一样，就不要使用这个文件，请联系信用办。")
    return replace(state, pin=digest)


def asked(name: str | None) -> Iterator[Cells]:
    """Yield what is typed, one person or organisation after the other, or only the number that goes with a name."""
    while typed := name or ask("姓名，或者统一社会信用代码（直接按回车键结束）："):
        if re.search("[0-9]", canonical_number(typed)):
            yield {CODE: typed}
        else:
            yield {NAME: typed, NUMBER: ask("证件号码：")}
        if name:
            return


def answers(options: argparse.Namespace, clock: Callable[[], datetime]) -> Iterator[Report]:
    """Yield every answer; the bundle is opened anew for each, since it may expire while the shop is open."""
    data = read_file(options.bundle)
    rows = read_table(read_file(options.csv)) if options.csv else {}
    passphrase = ask_passphrase()
    folder = options.state or Path(__file__).with_name("xinyi-state")
    state = State(folder, options.root or PINNED_ROOT)
    if not options.root:
        state = confirm_first_use(data, state)
    given = options.org is not None or options.id is not None or bool(rows)
    one = {CODE: options.org or "", NAME: options.name or "", NUMBER: options.id or ""}
    if not given:
        open_bundle(data, state, passphrase, options.as_of or clock())  # say what is wrong before asking for names
    for cells in [one] if given else asked(options.name):
        at = options.as_of or clock()
        bundle, today = open_bundle(data, state, passphrase, at), at.astimezone(TIMEZONE).date()
        answer = judge_table(bundle, today, rows) if rows else judge(bundle, today, cells)
        yield dated(answer, bundle, today)


def main(words: Sequence[str] | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Answer, and return the exit status: that of the last answer."""
    options, status = arguments(words), WRONG_USAGE
    try:
        for answer in answers(options, clock):
            status = show(answer, options.json)
    except Refused as refusal:
        status = show(report(refusal.status, refusal.code, [str(refusal)], perks=[]), options.json)
    return status


def show(answer: Report, as_json: bool) -> int:
    """Print one answer and return its status."""
    print(json.dumps(answer) if as_json else answer["message"], flush=True)
    return ANSWERS.index(answer["answer"])


def crash(kind: type[BaseException], fault: BaseException, trace: object) -> NoReturn:  # noqa: ARG001
    """End what nobody foresaw with "cannot judge": Python's own status, 1, would mean "not found"."""
    if kind is KeyboardInterrupt:
        print("\n已取消。", file=sys.stderr)
    else:
        print(f"不能判断：程序中断（{kind.__name__}）。请再试一次；还是这样，请联系信用办。", file=sys.stderr)
    raise SystemExit(CANNOT_JUDGE)


if __name__ == "__main__":
    sys.excepthook = crash
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
