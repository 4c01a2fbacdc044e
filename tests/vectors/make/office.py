"""An office that signs, in plain JSON: every field of every role can be missing or wrong (docs/spec/bundle.md, 2-4).

Keys, salts and people come from seeds, so that the same bytes are made on every machine.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.vectors.make import zips

Json = dict[str, Any]
Edit = Callable[[Json], object]

ISSUED = datetime(2026, 11, 19, 16, tzinfo=UTC)
"""The start of 20 November 2026 in Asia/Shanghai."""
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
"""Noon of 21 November 2026 in Asia/Shanghai, when most cases are asked."""
DAY = timedelta(days=1)
PASSPHRASE = "0123456789ABCDEF"
ROOT_KEYS = ("one", "two", "three")
U_SALT = hashlib.sha256(b"test U_SALT").digest()[:16]
T_KEY = hashlib.sha256(b"test T_KEY").digest()
T = 29

ZHANG = ("张三", "990621199001011233")
STRANGER = ("张三", "990621199001012252")
OUYANG = ("欧阳娜娜", "990621200002298884")
ABDULLA = ("阿卜杜拉买买提", "990621198505050071")
LI = ("李四", "99062119770707101X")
COMPANY = ("91350100M000100Y43", "示例餐饮有限公司")

LONG = {"canyin": "2027-01-14", "guanying": "2026-11-30"}
SHORT = {"canyin": "2026-11-25"}


@cache
def collapsed(name: str, number: str) -> int:
    """Return u of a canonical name and number (3.3)."""
    kdf = Argon2id(salt=U_SALT, length=32, iterations=2, lanes=1, memory_cost=19456)
    return int.from_bytes(kdf.derive(b"\0".join((b"xinyi/u/1", name.encode(), number.encode())))[:2], "big") >> 4


def token(name: str, number: str, t: int = T) -> int:
    """Return the token of a canonical name and number (3.4)."""
    message = b"xinyi/t/1\0" + name.encode() + b"\0" + collapsed(name, number).to_bytes(2, "big")
    return int.from_bytes(hmac.digest(T_KEY, message, "sha256"), "big") >> (256 - t)


def filling(label: str, count: int, t: int = T) -> list[int]:
    """Return tokens of nobody, which only take up room."""
    digests = (hashlib.sha256(f"{label} {index}".encode()).digest() for index in range(count))
    return [int.from_bytes(digest, "big") >> (256 - t) for digest in digests]


# -- signing ----------------------------------------------------------------------------------------------------


@cache
def private(seed: str) -> Ed25519PrivateKey:
    """Return the test key that belongs to a seed."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


def public(seed: str) -> Json:
    """Return a public key as it stands in metadata."""
    value = private(seed).public_key().public_bytes_raw().hex()
    return {"keytype": "ed25519", "keyval": {"public": value}, "scheme": "ed25519"}


@cache
def key_id(seed: str) -> str:
    """Return the id of a key: the digest of its canonical JSON."""
    return digest(canonical(public(seed)))


def digest(data: bytes) -> str:
    """Return a SHA-256 digest as hex digits."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> bytes:
    """Return canonical JSON: without control characters, which we have nowhere, it is this."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def signed(content: Json, *seeds: str) -> Json:
    """Return metadata with a signature of each key."""
    message = canonical(content)
    signatures = [{"keyid": key_id(seed), "sig": private(seed).sign(message).hex()} for seed in dict.fromkeys(seeds)]
    return {"signatures": signatures, "signed": content}


def instant(at: datetime) -> str:
    """Return an instant as metadata have it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def described(version: int, data: bytes) -> Json:
    """Return what timestamp and snapshot say about a file."""
    return {"version": version, "length": len(data), "hashes": {"sha256": digest(data)}}


def keep(content: Json) -> None:
    """Change nothing."""


# -- what is signed ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Class:
    """A class as the target has it: last days by scenario, tokens; or bits and numbers of one's own."""

    days: Mapping[str, str]
    tokens: Sequence[int] = ()
    coded: tuple[bytes, object, object] | None = None

    def parts(self) -> tuple[bytes, object, object]:
        """Return data, count and parameter."""
        if self.coded:
            return self.coded
        gaps = zips.gaps_of(self.tokens)
        return zips.octets(zips.rice(gaps, zips.best(gaps))), len(gaps), zips.best(gaps)


def classes() -> list[Class]:
    """Return two classes of 64."""
    return [
        Class(LONG, [token(*ZHANG), token(*OUYANG), *filling("long", 62)]),
        Class(SHORT, [token(*LI), token(*ABDULLA), *filling("short", 62)]),
    ]


def manifest() -> Json:
    """Return a manifest without its classes (4.1)."""
    scenarios = [
        {
            "id": "canyin",
            "name": "信易+餐饮",
            "provider": "示例餐馆",
            "benefit": "九八折",
            "conditions": ["出示身份证"],
        },
        {"id": "guanying", "name": "信易+观影", "provider": "示例影院", "benefit": "半价", "conditions": []},
    ]
    kdf = {"name": "argon2id", "version": 19, "memory": 19456, "passes": 2, "lanes": 1, "length": 32}
    return {
        "format": 1,
        "demo": False,
        "office": "示例县信用办",
        "made": "2026-11-20",
        "merchant": {"id": "canyin", "name": "示例餐馆"},
        "scenarios": scenarios,
        "collapse": {"salt": U_SALT.hex(), "w": 12, "kdf": kdf},
        "token": {"key": T_KEY.hex(), "t": T},
    }


def first_root() -> list[bytes]:
    """Return the chain that every case begins with: one root."""
    return [canonical(signed(root(1), *ROOT_KEYS[:2]))]


def root(
    version: int,
    keys: Sequence[str] = ROOT_KEYS,
    office: Sequence[str] = ("office",),
    threshold: int = 2,
    expires: datetime = ISSUED + 730 * DAY,
) -> Json:
    """Return what a root says (2.1)."""
    role = {"keyids": [key_id(seed) for seed in office], "threshold": 1}
    return {
        "_type": "root",
        "consistent_snapshot": True,
        "expires": instant(expires),
        "keys": {key_id(seed): public(seed) for seed in (*keys, *office)},
        "roles": {
            "root": {"keyids": [key_id(seed) for seed in keys], "threshold": threshold},
            **{name: deepcopy(role) for name in ("snapshot", "targets", "timestamp")},
        },
        "spec_version": "1.0.31",
        "version": version,
    }


@dataclass
class Office:
    """Who signs. Every field may differ; ``edits`` change a role before it is signed, ``envelopes`` after."""

    version: int = 1
    merchant: str = "canyin"
    issued: datetime = ISSUED
    days: int = 40
    key: str = "office"
    passphrase: str = PASSPHRASE
    manifest: Json = field(default_factory=manifest)
    classes: list[Class] = field(default_factory=classes)
    organisations: object = field(
        default_factory=lambda: [{"code": COMPANY[0], "name": COMPANY[1], "scenarios": {"canyin": "2027-01-14"}}]
    )
    chain: list[bytes] = field(default_factory=first_root)
    bins: tuple[int, str] | None = None
    edits: Mapping[str, Edit] = field(default_factory=dict)
    envelopes: Mapping[str, Edit] = field(default_factory=dict)
    signers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pack: Callable[[dict[str, bytes], str], bytes] | None = None

    def rotate(
        self,
        *signers: str,
        keys: Sequence[str] = ROOT_KEYS,
        office: Sequence[str] = ("office",),
        threshold: int = 2,
        expires: datetime = ISSUED + 730 * DAY,
        edit: Edit = keep,
        envelope: Edit = keep,
    ) -> Office:
        """Add a root that these keys sign, or two of the first three; return this office."""
        content = root(len(self.chain) + 1, keys, office, threshold, expires)
        edit(content)
        sealed = signed(content, *(signers or ROOT_KEYS[:2]))
        envelope(sealed)
        self.chain.append(canonical(sealed))
        self.key = office[0]
        return self

    def members(self) -> dict[str, bytes]:
        """Return the members of the target (4)."""
        files, listed = {}, []
        for index, class_ in enumerate(self.classes):
            name = f"classes/{index}.gr"
            files[name], count, parameter = class_.parts()
            listed.append({"file": name, "count": count, "parameter": parameter, "scenarios": class_.days})
        content = {"classes": listed} | self.manifest
        organisations = {"organisations": self.organisations}
        return {"manifest.json": canonical(content), "organisations.json": canonical(organisations), **files}

    def target(self) -> bytes:
        """Return the encrypted zip."""
        if self.pack:
            return self.pack(self.members(), self.passphrase)
        return target(self.members(), self.passphrase)

    def sign(self, role: str, content: Json) -> bytes:
        """Return a role's metadata, edited and signed."""
        self.edits.get(role, keep)(content)
        sealed = signed(content, *self.signers.get(role, (self.key,)))
        self.envelopes.get(role, keep)(sealed)
        return canonical(sealed)

    def start(self, kind: str) -> Json:
        """Return what the roles of a release have in common."""
        expires = instant(self.issued + self.days * DAY)
        return {"_type": kind, "expires": expires, "spec_version": "1.0.31", "version": self.version}

    def release(self, packed: bytes) -> dict[str, bytes]:
        """Return timestamp, snapshot, targets and bin by member name (2.1)."""
        path, number, issued = f"{self.merchant}.zip", self.version, instant(self.issued)
        info = {
            "length": len(packed),
            "hashes": {"sha256": digest(packed)},
            "custom": {"issued": issued, "merchant": self.merchant, "content": digest(b"test content")},
        }
        top: Json = {**self.start("targets"), "targets": {path: info}}
        meta, files = {}, {}
        if self.bins:
            names, name = bin_names(*self.bins), bin_name(path, *self.bins)
            lower = self.sign("bin", top)
            top = {**self.start("targets"), "targets": {}, "delegations": succinct(*self.bins, self.key)}
            meta = {f"{other}.json": {"version": number} for other in names}
            meta[f"{name}.json"] = described(number, lower)
            files[f"metadata/{number}.{name}.json"] = lower
        targets = self.sign("targets", top)
        meta["targets.json"] = described(number, targets)
        snapshot = self.sign("snapshot", {**self.start("snapshot"), "meta": meta})
        about = {"snapshot.json": described(number, snapshot)}
        roots = {f"{n}.root.json": digest(data) for n, data in enumerate(self.chain, 1)}
        more = {"x-xinyi-issued": issued, "x-xinyi-roots": roots}
        timestamp = self.sign("timestamp", {**self.start("timestamp"), "meta": about, **more})
        return {
            "metadata/timestamp.json": timestamp,
            f"metadata/{number}.snapshot.json": snapshot,
            f"metadata/{number}.targets.json": targets,
            **files,
        }

    def container(self) -> dict[str, bytes]:
        """Return the members of the bundle by name (2)."""
        packed = self.target()
        roots = {f"metadata/{number}.root.json": data for number, data in enumerate(self.chain, 1)}
        name = f"targets/{digest(packed)}.{self.merchant}.zip"
        return {"README.txt": b"for people", **roots, **self.release(packed), name: packed}

    def bundle(self) -> bytes:
        """Return the bundle."""
        return bundled(self.container())


def target(members: Mapping[str, bytes], passphrase: str = PASSPHRASE, method: int = zips.STORED) -> bytes:
    """Return a target of these members (4)."""
    return zips.zipped(zips.sealed(name, data, passphrase, method=method) for name, data in members.items())


def bundled(members: Mapping[str, bytes]) -> bytes:
    """Return a container of these members (2)."""
    return zips.zipped(zips.stored(name, data) for name, data in members.items())


def succinct(bits: int, prefix: str, seed: str) -> Json:
    """Return the delegation to hash bins (2.1)."""
    roles = {"bit_length": bits, "keyids": [key_id(seed)], "name_prefix": prefix, "threshold": 1}
    return {"keys": {key_id(seed): public(seed)}, "succinct_roles": roles}


def bin_names(bits: int, prefix: str) -> Iterable[str]:
    """Return the name of every bin."""
    digits = len(f"{(1 << bits) - 1:x}")
    return [f"{prefix}-{number:0{digits}x}" for number in range(1 << bits)]


def bin_name(path: str, bits: int, prefix: str) -> str:
    """Return the name of the bin that covers a path."""
    number = int(digest(path.encode())[:8], 16) >> (32 - bits)
    return list(bin_names(bits, prefix))[number]
