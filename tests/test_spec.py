"""The worked example of docs/spec/bundle.md, 9, executed: each value is computed from the text of the page.

Nothing here imports the generator, a verifier, or the maker of the vectors: it is a third reading of the page.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
import unicodedata
import zlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

ROOT = Path(__file__).parent.parent
SPEC = (ROOT / "docs/spec/bundle.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "tests/vectors/example/worked"
LABEL = b"canyin=2027-01-14"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def section(number: str) -> str:
    """Return the text of a section, without those below it."""
    found = re.search(rf"^#+ {re.escape(number)} .*?\n(.*?)(?=^#+ [0-9])", SPEC + "\n# 0", re.MULTILINE | re.DOTALL)
    assert found, number
    return found[1]


def tables(number: str) -> list[dict[str, str]]:
    """Return the blocks of values of a section, each value by its label."""
    found = re.findall(r"^```text\n(.*?)^```$", section(number), re.MULTILINE | re.DOTALL)
    return [dict(line.split(maxsplit=1) for line in block.splitlines()) for block in found]


def files(number: str) -> dict[str, bytes]:
    """Return the JSON files of a section by name."""
    found = re.findall(r"^`([^`\n]+)`, [^\n]*:\n\n```json\n(.*?)\n```$", section(number), re.MULTILINE)
    return {name: text.encode() for name, text in found}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> bytes:
    """Return the canonical form (2.1), written out: no library, no options."""
    if isinstance(value, dict):
        inside = b",".join(canonical(key) + b":" + canonical(value[key]) for key in sorted(value))
        return b"{" + inside + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    if isinstance(value, bool) or value is None:
        return {True: b"true", False: b"false", None: b"null"}[value]
    assert isinstance(value, int)
    return str(value).encode()


@cache
def secrets() -> dict[str, bytes]:
    return {name: bytes.fromhex(value.split()[-1]) for name, value in tables("9.1")[0].items()}


# -- 9.1 --------------------------------------------------------------------------------------------------------


def test_secrets_are_digests_of_words() -> None:
    for value in tables("9.1")[0].values():
        words, hexed = re.fullmatch(r'"([^"]+)"\s+([0-9a-f]+)', value).groups()  # type: ignore[union-attr]
        assert sha256(words.encode())[: len(hexed)] == hexed
    assert len(secrets()["U_SALT"]) == 16


@pytest.mark.parametrize("keys", tables("9.1")[1:], ids=lambda keys: keys["private"].split()[0])
def test_keys(keys: dict[str, str]) -> None:
    words, private = keys["private"].split()
    assert sha256(words.strip('"').encode()) == private
    public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)).public_key().public_bytes_raw().hex()
    assert public == keys["public"]
    assert (
        canonical({"scheme": "ed25519", "keytype": "ed25519", "keyval": {"public": public}}).decode()
        == (keys["canonical"])
    )
    assert sha256(keys["canonical"].encode()) == keys["id"]


# -- 9.2 --------------------------------------------------------------------------------------------------------

SPACE = r"[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"


def listed(sentence: str) -> set[str]:
    """Return the code points that a sentence of 3 or 3.1 lists, from its beginning to its full stop or semicolon."""
    text = re.search(rf"{sentence}(.*?)[.;]\s", SPEC)
    assert text, sentence
    found: set[str] = set()
    for first, last in re.findall(r"U\+([0-9A-F]{4,5})(?:–U\+([0-9A-F]{4,5}))?", text[1]):
        found |= {chr(n) for n in range(int(first, 16), int(last or first, 16) + 1)}
    return found


def canonical_name(typed: str) -> str:
    """Return the canonical name, by the sentences of 3.1."""
    table = re.search(r"stand for\n\n((?:    .+\n)+)", SPEC)
    assert table
    twins = {0xE815 + n: twin for n, twin in enumerate("".join(table[1].split()))}
    circles = {ord(c): "〇" for c in listed("the circles ") - {"〇"}}
    accents = {ord(c): "'" for c in listed("the accents ") - {"'"}}
    dropped = set.union(*map(listed, ("White space in this section: ", "variation selectors ", "name dots ")))
    dropped |= listed("apostrophes ") | listed("Dashes: ")
    folded = unicodedata.normalize("NFKC", typed.translate(twins | circles | accents))
    kept = "".join(c for c in folded if c not in dropped and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", kept.upper())


def canonical_number(typed: str) -> str:
    """Return the canonical number, by the sentences of 3.2."""
    dropped = listed("White space in this section: ") | listed("Dashes: ")
    folded = unicodedata.normalize("NFKC", typed)
    number = "".join(c for c in folded if c not in dropped and unicodedata.category(c) != "Cf").upper()
    if re.fullmatch("[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        return number + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(number)) % 11]
    if military := re.fullmatch("[\u4e00-\u9fff]?字?第?([0-9]{6,8})号?", number):
        return military[1]
    return number[:9] if re.fullmatch("[HM][0-9]{10}", number) else number


@pytest.mark.parametrize("person", tables("9.2"), ids=lambda person: person["T"])
def test_from_people_to_tokens(person: dict[str, str]) -> None:
    name, number = re.findall(r'"([^"]*)"', person["typed"])
    assert f"{canonical_name(name)} {canonical_name(name).encode().hex()}" == person["name"]
    assert canonical_number(number) == person["id"]
    message = b"\0".join((b"xinyi/u/1", canonical_name(name).encode(), person["id"].encode()))
    assert message.hex() == person["password"]
    h = Argon2id(salt=secrets()["U_SALT"], length=32, iterations=2, lanes=1, memory_cost=19456).derive(message)
    assert h.hex() == person["h"]
    u = int(h.hex()[:3], 16)
    assert str(u) == person["u"]
    message = b"\0".join((b"xinyi/t/1", canonical_name(name).encode(), struct.pack(">H", u)))
    assert message.hex() == person["message"]
    mac = hmac.digest(secrets()["T_KEY"], message, "sha256")
    assert mac.hex() == person["hmac"]
    assert f"{int.from_bytes(mac, 'big'):0256b}"[:29] == person["bits"]
    assert str(int(person["bits"], 2)) == person["T"]


def listed_cases() -> list[tuple[str, dict[str, Any]]]:
    """Return the cases of the vectors that give a canonical form."""
    names = json.loads((ROOT / "tests/vectors/index.json").read_bytes())
    cases = [(name, json.loads((ROOT / "tests/vectors" / name / "case.json").read_bytes())) for name in names]
    return [(name, case) for name, case in cases if case["canonical"]]


def test_every_fold_of_the_vectors_follows_from_the_page() -> None:
    cases = listed_cases()
    assert len(cases) > 60
    for name, case in cases:
        question, form = case["question"], case["canonical"]
        assert (canonical_name(question["name"]), canonical_number(question["number"])) == (
            form["name"],
            form["number"],
        ), name


# -- 9.3 --------------------------------------------------------------------------------------------------------


def test_the_class() -> None:
    (coded,) = tables("9.3")
    tokens = sorted(int(person["T"]) for person in tables("9.2"))
    assert " ".join(map(str, tokens)) == coded["tokens"]
    gaps = [tokens[0], *(b - a - 1 for a, b in pairwise(tokens))]
    assert " ".join(map(str, gaps)) == coded["gaps"]
    lengths = {p: sum((gap >> p) + 1 + p for gap in gaps) for p in range(49)}
    assert " ".join(str(lengths[p]) for p in range(24, 29)) == coded["lengths"]
    best = min(lengths, key=lambda p: (lengths[p], p))
    assert str(best) == coded["P"]
    bits = ["1" * (gap >> best) + "0" + f"{gap % (1 << best):0{best}b}" for gap in gaps]
    assert " ".join(bits) == coded["bits"]
    padding = "0" * int(coded["padding"])
    whole = "".join(bits) + padding
    assert len(padding) < 8
    assert len(whole) % 8 == 0
    assert int(whole, 2).to_bytes(len(whole) // 8, "big").hex() == coded["classes/0.gr"]


# -- 9.4 --------------------------------------------------------------------------------------------------------


def members() -> dict[str, bytes]:
    """Return the members of the target, in order."""
    return {**files("9.4"), "classes/0.gr": bytes.fromhex(tables("9.3")[0]["classes/0.gr"])}


def fields(flags: int, method: int, crc: int, sizes: tuple[int, int], name: str, extra: bytes) -> bytes:
    """Return the common fields of 2."""
    return struct.pack("<5H3L2H", 20, flags, method, 0, 0x21, crc, *sizes, len(name), len(extra))


def zip_of(parts: list[tuple[str, bytes, bytes, bytes]]) -> bytes:
    """Return a zip of (name, common fields, extra field, content)."""
    data = directory = b""
    for name, common, extra, content in parts:
        rest = struct.pack("<3H2L", 0, 0, 0, 0o100644 << 16, len(data))
        directory += b"PK\1\2\x14\3" + common + rest + name.encode() + extra
        data += b"PK\3\4" + common + name.encode() + extra + content
    ends = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(parts), len(parts), len(directory), len(data), 0)
    return data + directory + ends


def encrypted(name: str, plain: bytes) -> dict[str, bytes]:
    """Return every step of the encryption of a member (4)."""
    salt = hashlib.sha256(f"test AES salt {name}".encode()).digest()[:16]
    derived = hashlib.pbkdf2_hmac("sha1", b"0123456789ABCDEF", salt, 1000, 66)
    key, mackey, check = derived[:32], derived[32:64], derived[64:]
    counters = [n.to_bytes(16, "little") for n in range(1, 2 + len(plain) // 16)]
    stream = Cipher(AES(key), ECB()).encryptor().update(b"".join(counters))  # noqa: S305 - counter mode by hand
    ciphertext = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
    mac = hmac.digest(mackey, ciphertext, "sha1")
    steps = {"salt": salt, "key": key, "mackey": mackey, "check": check, "counter": counters[0], "plain": plain}
    steps |= {"keystream": stream[:16], "ciphertext": ciphertext, "hmac-sha1": mac}
    return steps | {"content": salt + check + ciphertext + mac[:10]}


@cache
def target() -> bytes:
    """Return the target."""
    parts = []
    for name, plain in members().items():
        content = encrypted(name, plain)["content"]
        extra = bytes.fromhex("019907000200414503") + struct.pack("<H", 0)
        parts.append((name, fields(1, 99, 0, (len(content), len(plain)), name, extra), extra, content))
    return zip_of(parts)


def test_the_members_say_what_9_1_to_9_3_say() -> None:
    said = {name: json.loads(data) for name, data in files("9.4").items()}
    assert all(canonical(said[name]) == data for name, data in files("9.4").items())
    assert all(f"`{name}`, {len(data)} bytes:" in section("9.4") for name, data in files("9.4").items())
    manifest, (coded,) = said["manifest.json"], tables("9.3")
    assert manifest["collapse"]["salt"] == secrets()["U_SALT"].hex()
    assert manifest["token"] == {"key": secrets()["T_KEY"].hex(), "t": 29}
    (class_,) = manifest["classes"]
    assert (class_["count"], class_["parameter"]) == (len(coded["tokens"].split()), int(coded["P"]))
    assert b",".join(f"{s}={day}".encode() for s, day in sorted(class_["scenarios"].items())) == LABEL


def test_the_encryption_of_the_class() -> None:
    steps, whole = tables("9.4")
    found = encrypted("classes/0.gr", members()["classes/0.gr"])
    assert {name: data.hex() for name, data in found.items()}.items() <= steps.items()
    place, entry = int(steps["offset"]), bytes.fromhex(steps["entry"])
    assert target()[place:].startswith(bytes.fromhex(steps["header"] + steps["content"]))
    assert target()[:-22].endswith(entry)
    assert whole["salts"].split() == [encrypted(name, b"")["salt"].hex() for name in members()]
    assert (whole["length"], whole["sha256"]) == (str(len(target())), sha256(target()))
    assert target()[-22:].hex() == whole["end"]


# -- 9.5 --------------------------------------------------------------------------------------------------------


def rightly_signed(data: bytes, keys: dict[str, Any], role: dict[str, Any]) -> bool:
    """Return whether enough keys of a role have signed a file (2.1)."""
    content, good = json.loads(data), set()
    for signature in content["signatures"]:
        if signature["keyid"] in role["keyids"]:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys[signature["keyid"]]["keyval"]["public"]))
            try:
                public.verify(bytes.fromhex(signature["sig"]), canonical(content["signed"]))
                good.add(signature["keyid"])
            except InvalidSignature:
                pass
    return len(good) >= int(role["threshold"])


def test_the_metadata() -> None:
    found = files("9.5")
    root, timestamp, snapshot, targets = found.values()
    said = [json.loads(data)["signed"] for data in found.values()]
    assert [part["_type"] for part in said] == ["root", "timestamp", "snapshot", "targets"]
    assert {part["expires"] for part in said[1:]} == {"2026-12-29T16:00:00Z"}
    keys, roles = said[0]["keys"], said[0]["roles"]
    assert {row["id"]: row["public"] for row in tables("9.1")[1:]} == {
        i: k["keyval"]["public"] for i, k in keys.items()
    }
    assert all(
        rightly_signed(data, keys, roles[part["_type"]]) for data, part in zip(found.values(), said, strict=True)
    )
    assert not rightly_signed(timestamp.replace(b'"version":1,"x', b'"version":2,"x'), keys, roles["timestamp"])
    assert not rightly_signed(timestamp, keys, roles["root"])
    describes = {"length": len(snapshot), "hashes": {"sha256": sha256(snapshot)}, "version": 1}
    assert said[1]["meta"] == {"snapshot.json": describes}
    assert said[2]["meta"] == {
        "targets.json": {"length": len(targets), "hashes": {"sha256": sha256(targets)}, "version": 1}
    }
    assert said[1]["x-xinyi-roots"] == {"1.root.json": sha256(root)}
    (info,) = said[3]["targets"].values()
    assert (info["length"], info["hashes"]) == (len(target()), {"sha256": sha256(target())})
    assert all(f"`{name}`, SHA-256 `{sha256(data)}`:" in section("9.5") for name, data in found.items())


def test_the_bin_of_a_path() -> None:
    digest, eight, ten = re.findall(r"`([0-9a-f]{64}|bins-[0-9a-f]+)`", section("9.5"))[-3:]
    assert digest == sha256(b"canyin.zip")
    bits = f"{int(digest, 16):0256b}"
    assert (eight, ten) == (f"bins-{int(bits[:8], 2):02x}", f"bins-{int(bits[:10], 2):03x}")


# -- 9.6 to 9.8 -------------------------------------------------------------------------------------------------


def test_the_bundle_is_that_of_the_vector() -> None:
    (whole,) = tables("9.6")
    parts = {"README.txt": b"for people", **files("9.5"), f"targets/{sha256(target())}.canyin.zip": target()}
    bundle = zip_of(
        [(name, fields(0, 0, zlib.crc32(d), (len(d), len(d)), name, b""), b"", d) for name, d in parts.items()]
    )
    assert (whole["length"], whole["sha256"]) == (str(len(bundle)), sha256(bundle))
    assert bundle.startswith(bytes.fromhex(whole["header"]))
    assert bytes.fromhex(whole["entry"]) in bundle
    assert bundle[-22:].hex() == whole["end"]
    assert (EXAMPLE / "bundle.zip").read_bytes() == bundle


def test_the_answer_is_that_of_the_vector() -> None:
    case = json.loads((EXAMPLE / "case.json").read_bytes())
    typed = re.findall(r'"([^"]*)"', tables("9.2")[-1]["typed"])
    assert list(case["question"].values()) == typed
    assert case["expect"]["code"] == "eligible"
    for value in (case["expect"]["perks"][0]["last_day"], case["after"]["seen"], "2026-11-20", "2026-12-29"):
        assert value in section("9.7")
    digests = {name: sha256(data) for name, data in files("9.5").items()}
    assert case["pin"] == digests["metadata/1.root.json"] == case["after"]["roots"][0]
    assert case["after"]["timestamp"] == digests["metadata/timestamp.json"]
    assert case["after"]["snapshot"] == digests["metadata/1.snapshot.json"]


def office_hmac(*parts: bytes) -> bytes:
    return hmac.digest(secrets()["REF_KEY"], b"\0".join(parts), "sha256")


def first_bits(data: bytes, count: int) -> int:
    return int(f"{int.from_bytes(data, 'big'):0256b}"[:count], 2)


def test_what_stays_in_the_office() -> None:
    (told,) = tables("9.8")
    u = int(tables("9.2")[0]["u"])
    references = []
    for counter in range(2):
        mac = office_hmac(b"xinyi/ref/1", b"2026-01", "张三".encode(), struct.pack(">H", u), bytes([counter]))
        bits = f"{first_bits(mac, 50):050b}"
        references.append("".join(CROCKFORD[int(bits[i : i + 5], 2)] for i in range(0, 50, 5)))
    assert " ".join(references) == told["references"]
    for name, domain in (("dummies", b"xinyi/dummy/1"), ("candidates", b"xinyi/canary/1")):
        tokens = [first_bits(office_hmac(domain, LABEL, struct.pack(">L", i)), 29) for i in range(2)]
        assert " ".join(map(str, tokens)) == told[name]
    assert office_hmac(b"xinyi/canary-of/1", b"canyin", LABEL)[:4].hex() == told["chosen"]
    undated = {**members(), "manifest.json": members()["manifest.json"].replace(b'"made":"2026-11-20",', b"")}
    counted = b"".join(name.encode() + b"\0" + struct.pack(">Q", len(d)) + d for name, d in undated.items())
    assert office_hmac(b"xinyi/content/1", b"0123456789ABCDEF", counted).hex() == told["content"]
    assert office_hmac(b"xinyi/programme/1", secrets()["U_SALT"] + secrets()["T_KEY"]).hex() == told["programme"]
    said = {name: json.loads(data)["signed"] for name, data in files("9.5").items()}
    assert said["metadata/1.targets.json"]["targets"]["canyin.zip"]["custom"]["content"] == told["content"]
    assert said["metadata/timestamp.json"]["x-xinyi-programme"] == told["programme"]


# -- the registry -----------------------------------------------------------------------------------------------


def test_every_domain_string_of_the_generator_is_registered() -> None:
    used: set[str] = set()
    for path in sorted((ROOT / "generator").rglob("*.py")):
        used |= set(re.findall(r"xinyi/[a-z0-9-]+/[0-9]+", path.read_text(encoding="utf-8")))
    registered = re.findall(r"^\| `(xinyi/[a-z0-9-]+/[0-9]+)` \|", section("8"), re.MULTILINE)
    assert sorted(registered) == sorted(used)
