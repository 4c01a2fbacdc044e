# /// script
# requires-python = ">=3.11"
# dependencies = ["cryptography>=44", "pyzipper>=0.4", "tuf>=7.0.1,<8"]
# ///
"""离线核验：查顾客在不在信用办的名单里，不用联网。照着提示输入口令、姓名、证件号码就行。

  python3 verify.py                             用本程序旁边的名单包
  python3 verify.py canyin.zip --name 张三      查这个人，只问口令和证件号码；也可以接着写 --id 证件号码
  python3 verify.py canyin.zip --org 代码       查这个单位：统一社会信用代码
  python3 verify.py canyin.zip --csv 顾客.csv   查一张表，第一行是列名：姓名、证件号码，或者统一社会信用代码
还可以写：--root 信用办的信上印的指纹  --state 放核验记录的文件夹  --as-of 2026-11-20（代替今天）  --json（给程序读）
口令在信里，也可以放在环境变量 XINYI_PASSPHRASE 里。结束状态：0 在名单内，1 未查到，2 不能判断，3 用法不对。
"""  # noqa: D400 - the help; numbers below are sections of docs/spec/bundle.md, and open_bundle is the one door

import argparse
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
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

try:
    import pyzipper
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from tuf.ngclient._internal.trusted_metadata_set import EnvelopeType, TrustedMetadataSet, exceptions
except ImportError:
    print('缺少程序库，请先运行：python -m pip install cryptography pyzipper "tuf<8"', file=sys.stderr)
    sys.exit(3)  # not Python's 1, which would mean "not found"

PINNED_ROOT = ""
MIB, TIMEZONE = 1 << 20, timezone(timedelta(hours=8), "Asia/Shanghai")
TITLES = {"eligible": "在名单内", "not-found": "未查到", "cannot-judge": "不能判断", "wrong-usage": "请重新输入"}
MESSAGES = {  # 5: each code is stable for ever; what is wrong, and what to do next, never repeating what was typed
    "not-found": "这不说明顾客有任何问题，请照常接待。请照证件核对输入的姓名和号码；没有输错，可以请顾客问信用办。",
    "malformed": "这个文件不是名单包，或者没有下载完整。请重新下载再试；上次那份还在的话，可以接着用。",
    "damaged": "名单包的内容坏了，或者被改过。请重新下载再试；上次那份还在的话，可以接着用。",
    "not-trusted": "不能确认这份名单是信用办签发的。请不要使用，重新下载；第一次使用，请照信上的指纹核对（--root）。",
    "rolled-back": "这份名单比这台设备用过的旧。请使用最新的名单包，旧的可以删掉。",
    "expired": "这份名单过了有效期。请先看设备的日期对不对；日期没有错，就到信用办网站下载新的名单包。",
    "clock": "设备的日期不对，比名单的签发日或者上次核验的日期还早。请把日期调准再试；没有错，请联系信用办。",
    "wrong-passphrase": "口令不对。请照信用办的信重新输入16个字符；不分大小写，空格和横线可有可无。",
    "unknown-format": "这份名单的格式，这个程序还不认识。请到信用办网站下载新的核验程序。",
    "state": "核验记录（xinyi-state文件夹）读不出或者存不进。请看磁盘满没满、能不能写；还是这样，请联系信用办。",
    "usage": "用法不对。请运行 python3 verify.py --help 查看用法。",
    "bad-file": "打不开名单包或者表格。请看文件名写得对不对；不写名单包，本程序旁边就要正好有一个。",
    "bad-table": "表格读不出。应为CSV文件，第一行是列名：姓名、证件号码，或者统一社会信用代码。",
    "bad-name": "姓名没有填，或者里面有认不出的字。请照身份证重新输入。",
    "bad-number": "号码不对，可能抄错、漏了或者多了一位。请照证件重新输入。",
}
STATUS = dict(zip(("eligible", *MESSAGES), (0, 1, *[2] * 9, *[3] * 5), strict=True))
NAME, NUMBER, CODE = "姓名", "证件号码", "统一社会信用代码"
ABOUT = ("demo", "merchant", "office", "version", "issued", "expires", "last_day", "age_days", "days_left")
TWINS = (  # 3.1: what the private-use characters U+E815 ... U+E864 stand for
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱"
    "䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)
FOLDED = str.maketrans("".join(map(chr, range(0xE815, 0xE865))) + "○◯⭕￮`´", TWINS + "〇〇〇〇''")
MARKS = "[·•‧・⋅∙.。'ʹʻʼ‘’‛′\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # dots, apostrophes, variation selectors
KDF = '[12, {"lanes": 1, "length": 32, "memory": 19456, "name": "argon2id", "passes": 2, "version": 19}]'
Entry = dict[str, Any]  # an object of JSON: what is read, remembered or printed
Files = dict[str, bytes]  # the members of a zip


class Refused(Exception):  # noqa: N818 - an answer, not an accident
    """No judgement is possible, for the reason that ``code`` names."""

    code = property(str)


def require(condition: object, code: str = "malformed") -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refused(code)


@contextmanager
def refusing(code: str, *faults: type[Exception]) -> Iterator[None]:
    """Turn what goes wrong inside into a refusal."""
    try:
        yield
    except faults as fault:
        raise Refused(code) from fault


def canonical(name: str, number: str, organisation: str = "") -> tuple[str, str]:
    """Return name and number, or no name and an organisation's code; refuse what must be mistyped (3.1, 3.2)."""
    texts = (unicodedata.normalize("NFKC", text) for text in (name.translate(FOLDED), number, organisation))
    kept = ("".join(c for c in text if unicodedata.category(c) != "Cf") for text in texts)
    name, number, code = (re.sub("[\\s\x1c-\x1f\u2010\u2012-\u2015\u2212-]", "", text).upper() for text in kept)
    if organisation:
        values = ["0123456789ABCDEFGHJKLMNPQRTUWXY".find(c) for c in code]
        total = sum(value * pow(3, i % 17, 31) for i, value in enumerate(values))
        require(len(code) == 18 and min(values) >= 0 and total % 31 == 0, "bad-number")
        return "", code
    name = unicodedata.normalize("NFKC", re.sub(MARKS, "", name))
    require(name and not re.search("[\ufffd\ud800-\udfff]", name), "bad-name")
    number = re.sub(r"\A[一-\u9fff]?字?第?([0-9]{6,8})号?\Z|\A([HM][0-9]{8})[0-9]{2}\Z", r"\1\2", number)
    require(re.fullmatch("[0-9A-Z]{5,20}", number), "bad-number")
    if re.fullmatch("[0-9]{13,}X?", number):  # passports and the like are shorter or begin with a letter
        first = f"{number[:6]}19{number[6:]}" if len(number) == 15 else number[:17]
        with refusing("bad-number", ValueError):  # no digit, no such day
            check = "10X98765432"[sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first)) % 11]
            require(date.fromisoformat(first[6:14]) and number in (first + check, first[:6] + first[8:]), "bad-number")
        number = first + check
    return name, number


class State(NamedTuple):
    """The folder that remembers, one file for each merchant, and the pinned digest of the first root."""

    folder: Path
    pin: str = ""

    def read(self, merchant: str) -> Entry:
        """Return what is remembered, the trusted metadata and the latest day seen: nothing at first use."""
        with refusing("state", OSError, ValueError, TypeError, KeyError, RecursionError), suppress(FileNotFoundError):
            known: Entry = json.loads((self.folder / merchant / "state.json").read_bytes())
            "".join((known["timestamp"], known["snapshot"], *known["roots"])).encode()  # texts, all of them
            require(len(known) == 4 and known["roots"] and date.fromisoformat(known["seen"]), "state")
            return known
        return {"roots": [], "timestamp": "", "snapshot": "", "seen": ""}

    def write(self, merchant: str, known: Entry) -> None:
        """Keep it in one file, written beside and renamed: a crash leaves the old one or the new one, whole."""
        beside = self.folder / merchant / f"state.{os.getpid()}.new"
        with refusing("state", OSError), ExitStack() as afterwards:
            beside.parent.mkdir(parents=True, exist_ok=True)
            afterwards.callback(beside.unlink, missing_ok=True)
            with beside.open("w", encoding="ascii") as file:
                json.dump(known, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(beside.with_name("state.json"))


class Bundle(NamedTuple):
    """An opened bundle: all that is needed to answer, and nothing that has yet to be checked."""

    about: Entry  # what ABOUT names, as it stands in every answer
    secret: tuple[bytes, bytes, int]  # salt, key, t
    people: dict[int, list[Entry]]  # what somebody may use, by token
    organisations: dict[str, tuple[str, list[Entry]]]  # name and the same, by code

    def judge(self, cells: Entry, today: date) -> Entry:
        """Return the answer about one person or organisation, typed under the names of columns (3.3, 3.4, 5.6)."""
        try:
            name, number = canonical(cells.get(NAME, ""), cells.get(NUMBER, ""), cells.get(CODE, ""))
        except Refused as wrong:
            return report(wrong.code, self.about)
        title, perks = self.organisations.get(number, ("", []))
        check, lines = f"证照：单位名称是{title}" if title else "证照：统一社会信用代码与输入的一样", []
        if name:
            (salt, key, t), check = self.secret, "身份证：姓名与输入的一样，照片是本人"
            kdf = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=19456)
            u = int.from_bytes(kdf.derive(f"xinyi/u/1\0{name}\0{number}".encode())[:2], "big") >> 4
            mac = hmac.digest(key, f"xinyi/t/1\0{name}\0".encode() + u.to_bytes(2, "big"), "sha256")
            perks = self.people.get(int.from_bytes(mac, "big") >> (256 - t), [])
        perks = [perk for perk in perks if today.isoformat() <= perk["last_day"]]
        for perk in perks:
            lines += ["{name}（{provider}）：{benefit}".format(**perk)]
            lines += [*(f"  条件：{condition}" for condition in perk["conditions"]), f"  最后一天：{perk['last_day']}"]
        lines += [f"请核对{check}。" if perks else MESSAGES["not-found"]]
        return report("eligible" if perks else "not-found", self.about, lines, perks=perks)

    def judge_table(self, rows: dict[int, Entry], today: date) -> Entry:
        """Return the answers about the rows of a table, by row number, with neither names nor numbers."""
        results, lines = [], []
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # Argon2id leaves the interpreter to other threads
            for row, answer in zip(rows, pool.map(self.judge, rows.values(), [today] * len(rows)), strict=True):
                results.append({"row": row} | {key: answer[key] for key in ("answer", "code", "perks")})
                perks = "、".join(f"{perk['name']}（到{perk['last_day']}）" for perk in answer["perks"])
                reason = MESSAGES[answer["code"]] if STATUS[answer["code"]] == 3 else perks
                lines.append(f"第{row}行：{TITLES[answer['answer']]} {reason}".rstrip())
                if sys.stderr.isatty():
                    bar, end = "#" * (40 * len(lines) // len(rows)), "\n" * (len(lines) == len(rows))
                    print(f"\r[{bar:40}] {len(lines)}/{len(rows)}", end=end, file=sys.stderr, flush=True)
        found = sum(result["code"] == "eligible" for result in results)
        code = "eligible" if found == len(rows) else "not-found"
        lines += [f"未查到：{MESSAGES['not-found']}"] * any(result["code"] == "not-found" for result in results)
        return report(code, self.about, lines, f"共{len(rows)}行，{found}行在名单内", results=results)


def report(code: str, about: Entry | None, lines: Sequence[str] = (), title: str = "", **more: object) -> Entry:
    """Return an answer as --json shows it; "message" is the text for people."""
    answer, texts, demo = [*TITLES][STATUS[code]], [*lines] or [MESSAGES[code]], list[str]()
    if about:
        texts.append("名单签发于{issued}，已有{age_days}天，可用到{last_day}。".format(**about))
        texts += [f"注意：名单只剩{about['days_left'] + 1}天可用，请尽快下载新的。"] * (about["days_left"] <= 10)
        demo = ["【演示】这是演示用的名单，结果不能当真。"] * about["demo"]
    day = r"(?<![0-9])([0-9]{4})-0?([0-9]{1,2})-0?([0-9]{1,2})(?![0-9])"  # people here write 2026年1月2日
    message = re.sub(day, r"\1年\2月\3日", "\n".join((*demo, title or TITLES[answer], *texts)))
    about = about or dict.fromkeys(ABOUT)
    return {"answer": answer, "code": code, "message": message, **about, **(more or {"perks": []})}


def open_bundle(data: bytes, state: State, passphrase: str, at: datetime) -> Bundle:
    """Return the bundle as it may be used at ``at``, or raise ``Refused`` and nothing else."""
    members, merchant = read_container(data)  # 5.1 well formed, within the limits
    known = state.read(merchant)
    target, about, learnt = check_metadata(members, merchant, known, state.pin, at)  # 5.2 the TUF client workflow
    require(about["age_days"] >= 0 and known["seen"] <= learnt["seen"], "clock")  # 5.3
    bundle = read_contents(target, passphrase, merchant, about)  # 5.4 right passphrase, known format
    if learnt != known:
        state.write(merchant, learnt)  # 5.5 only now
    return bundle


def read_container(data: bytes) -> tuple[Files, str]:
    """Return the members of the zip, in which every byte has its place, and the merchant's id (2, 5.1)."""
    count, size, start = struct.unpack("<H2L", data[-12:-2].rjust(10, b"\0"))
    end = struct.pack("<4s4x2H2L2x", b"PK\5\6", count, count, size, start)
    require(data[-22:] == end and start + size + 22 == len(data) <= 64 * MIB and count <= 300)
    members, place, entry = Files(), 0, start
    for _ in range(count):
        fields = struct.unpack("<4x2s2s4x4s2L4xH6x6s4x", data[entry : entry + 46].ljust(46, b"\0"))
        made, needed, saved, crc, length, width, attributes = fields
        name = data[entry + 46 : entry + 46 + width]
        common = struct.pack("<2s4x4s3L2H", needed, saved, crc, length, length, width, 0)
        local = b"PK\3\4" + common + name
        listed = b"PK\1\2" + made + common + bytes(4) + attributes + struct.pack("<L", place) + name
        require(data.startswith(local, place) and data.startswith(listed, entry))
        members[name.decode("latin-1")] = content = data[place + len(local) : place + len(local) + length]
        place, entry = place + len(local) + length, entry + len(listed)
        require(place <= start)
        require(zlib.crc32(content) == crc, "damaged")
    require((place, entry, len(members)) == (start, start + size, count))
    require(all(re.fullmatch("[!-~]*[!-.0-~]", name) for name in members))
    sizes = {name: len(content) for name, content in members.items() if name.startswith("metadata/")}
    require(sizes.keys() >= {"metadata/1.root.json", "metadata/timestamp.json"} and max(sizes.values()) <= MIB)
    targets = "\n".join(name for name in members if name.startswith("targets/"))
    merchant = re.sub(r"\Atargets/[0-9a-f]{64}\.([a-z0-9][a-z0-9-]{0,63})\.zip\Z", r"\1", targets)
    require(merchant != targets and sum(name.endswith(".root.json") for name in sizes) <= 256)
    return members, merchant


@refusing("not-trusted", exceptions.RepositoryError, KeyError, TypeError, ValueError, OverflowError)
@refusing("expired", exceptions.ExpiredMetadataError)
def check_metadata(members: Files, merchant: str, known: Entry, pin: str, at: datetime) -> tuple[bytes, Entry, Entry]:
    """Return the target, its version and days, and what is to be remembered (2.1, 5.2)."""
    numbered = [name for name in members if re.fullmatch(r"metadata/[0-9]+\.root\.json", name)]
    roots = [members.get(f"metadata/{number}.root.json", b"") for number in range(1, len(numbered) + 1)]
    remembered, digest = [root.encode() for root in known["roots"]], hashlib.sha256(roots[0]).hexdigest()
    require(all(roots) and (digest == pin or (remembered and not pin)), "not-trusted")  # no gap, and the right first
    require(remembered[: len(roots)] == roots[: len(remembered)], "not-trusted")
    require(len(remembered) <= len(roots), "rolled-back")
    trusted = TrustedMetadataSet(roots[0], EnvelopeType.METADATA)
    trusted.reference_time, timestamp, path = at, members["metadata/timestamp.json"], f"{merchant}.zip"
    for root in roots[1:]:
        trusted.update_root(root)
    with suppress(exceptions.RepositoryError):  # though expired, it guards against what is older
        trusted.update_timestamp(known["timestamp"].encode())
    before, same = trusted.get("timestamp"), known["timestamp"].encode() == timestamp
    with refusing("rolled-back", exceptions.BadVersionNumberError), suppress(exceptions.EqualVersionNumberError):
        trusted.update_timestamp(timestamp)
    require(trusted.timestamp is not before or same, "not-trusted")  # a version is signed only once
    version = trusted.timestamp.snapshot_meta.version
    snapshot = members.get(f"metadata/{version}.snapshot.json", b"")
    with suppress(exceptions.RepositoryError):
        trusted.update_snapshot(known["snapshot"].encode(), trusted=True)
    before, same = trusted.get("snapshot"), known["snapshot"].encode() == snapshot
    require(not before or before.version != version or same, "not-trusted")
    with suppress(exceptions.BadVersionNumberError):  # of a file it names; its own is looked at again below
        trusted.update_snapshot(snapshot)
    require(trusted.get("snapshot") is not before, "rolled-back")
    names = {role[:-5]: f"metadata/{file.version}.{role}" for role, file in trusted.snapshot.meta.items()}
    signed = trusted.update_targets(members.get(names["targets"], b""))
    if path not in signed.targets and signed.delegations and signed.delegations.succinct_roles:
        role = signed.delegations.succinct_roles.get_role_for_target(path)
        signed = trusted.update_delegated_targets(members.get(names[role], b""), role, "targets")
    info, custom = signed.targets[path], signed.targets[path].unrecognized_fields["custom"]
    instant, expires = datetime.fromisoformat(custom["issued"]), min(role.expires for role in trusted)
    require((custom["merchant"], custom["issued"]) == (merchant, f"{instant:%Y-%m-%dT%H:%M:%SZ}"), "not-trusted")
    issued, last, day = (t.astimezone(TIMEZONE).date() for t in (instant, expires - timedelta(seconds=1), at))
    target = members.get(f"targets/{info.hashes.get('sha256')}.{path}", b"")
    require((info.hashes.get("sha256"), info.length) == (hashlib.sha256(target).hexdigest(), len(target)), "damaged")
    about = {"issued": str(issued), "last_day": str(last), "expires": expires.astimezone(TIMEZONE).isoformat()}
    ages = {"version": trusted.timestamp.version, "age_days": (day - issued).days, "days_left": (last - day).days}
    texts = {"timestamp": timestamp.decode(), "snapshot": snapshot.decode(), "seen": str(day)}
    return target, about | ages, texts | {"roots": [root.decode() for root in roots]}


@refusing("malformed", KeyError, TypeError, ValueError, AttributeError, RecursionError)
def read_contents(target: bytes, passphrase: str, merchant: str, about: Entry) -> Bundle:
    """Return what the target says (4). Its digest was right: what fails to open is the passphrase."""
    key = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", passphrase)).upper().translate(str.maketrans("OIL", "011"))
    require(re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", key), "wrong-passphrase")
    broken = (pyzipper.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error)
    with refusing("wrong-passphrase", RuntimeError), refusing("malformed", *broken):
        archive = pyzipper.AESZipFile(io.BytesIO(target))
        infos = archive.infolist()
        require(len({*archive.namelist()}) == len(infos) <= 4098 and sum(info.file_size for info in infos) <= 64 * MIB)
        for info in infos:
            kind = (info.flag_bits & 1, info.wz_aes_version, info.wz_aes_strength)
            require(kind == (1, 2, 3) and info.compress_type in (pyzipper.ZIP_STORED, pyzipper.ZIP_DEFLATED))
            info.file_size += 1  # or pyzipper would cut off what is more than announced
        opened = [archive.open(info, pwd=key.encode()) for info in infos]
    with refusing("damaged", pyzipper.BadZipFile, EOFError, zlib.error):
        files = {info.filename: file.read(info.file_size) for info, file in zip(infos, opened, strict=True)}
    require(all(len(files[info.filename]) + 1 == info.file_size for info in infos), "damaged")
    manifest, offers, people = json.loads(files["manifest.json"]), dict[str, Entry](), dict[int, list[Entry]]()
    require(json.dumps(manifest["format"]) == "1", "unknown-format")
    collapse, t, demo = manifest["collapse"], manifest["token"]["t"], manifest["demo"]
    require(json.dumps([collapse["w"], collapse["kdf"]], sort_keys=True) == KDF, "unknown-format")
    require(type(t) is int and 1 <= t <= 48, "unknown-format")
    salt, t_key = bytes.fromhex(collapse["salt"]), bytes.fromhex(manifest["token"]["key"])
    require((len(salt), len(t_key), manifest["merchant"]["id"], type(demo)) == (16, 32, merchant, bool))
    about |= {"demo": demo, "merchant": manifest["merchant"]["name"], "office": manifest["office"]}
    listed, texts = json.loads(files["organisations.json"])["organisations"], [about["merchant"], about["office"]]
    for entry in manifest["scenarios"]:
        words = {key: entry[key] for key in ("name", "provider", "benefit")}
        offers[entry["id"]] = {"scenario": entry["id"], **words, "conditions": entry["conditions"]}
        texts += [entry["id"], *words.values(), *entry["conditions"]]
    for entry in (*manifest["classes"], *listed):
        require(all(str(date.fromisoformat(last)) == last for last in entry["scenarios"].values()))
        entry["perks"] = [offers[name] | {"last_day": last} for name, last in entry["scenarios"].items()]
    for entry in manifest["classes"]:
        tokens = decode_class(files[entry["file"]], entry["count"], entry["parameter"], t)
        people |= dict.fromkeys(tokens, entry["perks"])
    organisations = {entry["code"]: (entry["name"], entry["perks"]) for entry in listed}
    require([entry["code"] for entry in listed] == sorted(organisations) and len(manifest["classes"]) <= 4096)
    "".join((*texts, *organisations, *(name for name, _ in organisations.values())))  # texts, all of them
    return Bundle(about, (salt, t_key, t), people, organisations)


def decode_class(data: bytes, count: int, parameter: int, t: int) -> list[int]:
    """Return the tokens of a class in ascending order; there is but one encoding of them (4.2)."""
    require(type(count) is int and type(parameter) is int and 0 <= parameter <= 48 and 0 <= count <= 1 << 24)
    require(count * (parameter + 1) <= 8 * len(data) < count * (t + 1) + 8)  # the best parameter needs no more
    bits = bin(int.from_bytes(b"\1" + data, "big"))[3:] + "0" * (parameter + 1)  # so that every zero has bits behind it
    *codes, rest = re.split(f"(?s)(0.{{{parameter}}})", bits, maxsplit=count or -1)  # ones, 0 and low bits, ones ...
    require(len(codes) == 2 * count and parameter < len(rest) <= parameter + 8 and "1" not in rest)
    quotients, lows = [len(ones) for ones in codes[::2]], codes[1::2]
    steps = ((quotient << parameter) + int(low, 2) + 1 for quotient, low in zip(quotients, lows, strict=True))
    tokens = list(accumulate(steps, initial=-1))
    worse = sum(quotients) + "".join(lows)[1 :: parameter + 1].count("1") - count  # by how many bits P - 1 would be
    require(tokens[-1] < 1 << t and (parameter == 0 or worse > 0))
    require(sum((quotient + 1) // 2 for quotient in quotients) <= count)  # P + 1 would be no shorter
    return tokens[1:]


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Return the command line, understood; a wrong one is refused, and none of it repeated."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("bundle", nargs="?")
    for option in ("--name", "--id", "--org", "--csv", "--state", "--as-of", "--root"):
        parser.add_argument(option)
    parser.add_argument("--json", "--help", "-h", action="store_true")  # main looks for these
    with refusing("usage", argparse.ArgumentError, ValueError):
        options, unknown = parser.parse_known_args(words)
        if at := options.as_of:  # a day means its noon
            options.as_of = at = datetime.fromisoformat(f"{at}T12:00+08:00" if len(at) == 10 else at)
            require(at.tzinfo and 2000 <= at.year < 9999, "usage")
    options.root = re.sub(r"[\s:-]", "", options.root or "").lower()
    require(re.fullmatch("([0-9a-f]{64})?", options.root) and not unknown, "usage")
    require([options.name, options.org, options.csv].count(None) >= 2, "usage")
    require(options.id is None or options.name is not None, "usage")
    return options


def read_file(path: str | Path) -> bytes:
    """Return the bytes of a file, but no more than a bundle may have and one."""
    with refusing("bad-file", OSError, ValueError), Path(path).open("rb") as file:
        return file.read(64 * MIB + 1)


def read_table(data: bytes) -> dict[int, Entry]:
    """Return the rows of a table by row number, the first row having the names of the columns."""
    text = data.decode("gb18030", errors="replace")
    with suppress(UnicodeDecodeError):
        text = data.decode("utf-8-sig")
    with refusing("bad-table", csv.Error):
        rows = [[cell.strip(" \t'") for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    head = ["".join(cell.split()) for row in rows[:1] for cell in row]
    require(({NAME, NUMBER} <= {*head} or CODE in head) and any(map(any, rows[1:])), "bad-table")
    return {n: dict(zip(head, row, strict=False)) for n, row in enumerate(rows[1:], 2) if any(row)}


def ask(prompt: str) -> str:
    """Return a line that was typed; nothing at the end of the input."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def answers(words: Sequence[str], clock: Callable[[], datetime]) -> Iterator[Entry]:
    """Yield every answer; the bundle is opened anew on another day, and once it has expired."""
    options, given, terminal = arguments(words), os.environ.get("XINYI_PASSPHRASE"), sys.stdin.isatty()
    beside = [options.bundle] if options.bundle else Path(__file__).parent.glob("*.[zZ][iI][pP]")
    found = [data for data in map(read_file, beside) if options.bundle or b"metadata/1.root.json" in data]
    require(len(found) == 1, "bad-file")
    rows = read_table(read_file(options.csv)) if options.csv else {}
    state = State(Path(options.state or Path(__file__).with_name("xinyi-state")), options.root or PINNED_ROOT)
    members, merchant = read_container(found[0])
    if terminal and not options.root and not state.read(merchant)["roots"]:
        digest = hashlib.sha256(members["metadata/1.root.json"]).hexdigest()
        require(state.pin in ("", digest), "not-trusted")  # asked though the build pins: a hijacked host could have too
        print("第一次使用。信用办的指纹：", " ".join(re.findall("....", digest)), sep="\n", file=sys.stderr)
        require(ask("与信用办的信上印的完全一样吗？一样请输入“是”：") in ("是", "y", "Y", "yes"), "not-trusted")
        state = state._replace(pin=digest)
    for left in reversed(range(1 if given or not terminal else 3)):  # on a terminal it may be typed again
        passphrase = given or (getpass.getpass if terminal else ask)("口令（输入时不显示）：")
        at = options.as_of or clock()
        try:
            bundle = open_bundle(found[0], state, passphrase, at)
            break
        except Refused as refusal:
            if refusal.code != "wrong-passphrase" or not left:
                raise
            print(MESSAGES[refusal.code], file=sys.stderr)
    opened, whole = at.astimezone(TIMEZONE).date(), options.org is not None or options.id is not None or rows
    names = iter(lambda: ask("姓名，或者统一社会信用代码（直接按回车键结束）："), "")
    for typed in [options.name or ""] if whole or options.name else names:
        digits = typed != options.name and re.search("[0-9]", unicodedata.normalize("NFKC", typed))
        code = options.org or (typed if digits else "")
        cells = {CODE: code, NAME: typed, NUMBER: (options.id or "") if whole or code else ask("证件号码：")}
        at = options.as_of or clock()
        today = at.astimezone(TIMEZONE).date()
        if today != opened or at >= datetime.fromisoformat(bundle.about["expires"]):
            opened, bundle = today, open_bundle(found[0], state, passphrase, at)
        yield bundle.judge_table(rows, today) if rows else bundle.judge(cells, today)


def main(words: Sequence[str] | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Answer, and return the exit status: that of the last answer."""
    words, status = sys.argv[1:] if words is None else words, 3
    if {"-h", "--help"} & {*words}:
        print(__doc__, flush=True)
        return 0
    try:
        for answer in answers(words, clock):
            print(json.dumps(answer) if "--json" in words else answer["message"], flush=True)
            status = STATUS[answer["code"]]
    except Refused as refusal:
        answer, status = report(refusal.code, None), STATUS[refusal.code]
        print(json.dumps(answer) if "--json" in words else answer["message"], flush=True)
    return status


if __name__ == "__main__":
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = main()
    except BaseException as fault:  # Python's own status, 1, would mean "not found"
        print(f"\n不能判断：程序中断（{type(fault).__name__}）。请再试一次；还是这样，请联系信用办。", file=sys.stderr)
        os._exit(2)  # at once, without writing to a reader who has left
    sys.exit(status)
