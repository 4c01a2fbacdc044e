"""An issuer in memory, written from docs/spec/bundle.md and sharing nothing with generator/.

Change a field, ask for the bundle. Keys come from seeds, so metadata are the same in every run; people and values are
those of facts/collapse.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyzipper
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from generator.verifier import verify

# facts/collapse.md: name, number, token
ZHANG = ("张三", "990621199001011233", 443321209)
OUYANG = ("欧阳娜娜", "990621200002298884", 476629958)
ABDULLA = ("阿卜杜拉·买买提", "990621198505050071", 427089318)
LI = ("李四", "99062119770707101X", 56555655)
STRANGER = ("张三", "990621199001012252")
COMPANY = ("91350100M000100Y43", "示例餐饮有限公司")

ISSUED = datetime(2026, 11, 19, 16, tzinfo=UTC)
"""The start of 20 November 2026 in Asia/Shanghai."""
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
"""Noon of 21 November 2026 in Asia/Shanghai, the day on which most tests ask."""
PASSPHRASE = "0123456789ABCDEF"


def signer(seed: str) -> CryptoSigner:
    """Return the test key that belongs to a seed."""
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest()))


def rice(tokens: Iterable[int], parameter: int | None = None) -> tuple[bytes, int, int]:
    """Return a class file, its count and its parameter: the best one unless another is given (4.2)."""
    ordered = sorted(tokens)
    gaps = [token - before - 1 for before, token in zip([-1, *ordered], ordered, strict=False)]
    codes = ["".join(code(gap, p) for gap in gaps) for p in range(49)] if parameter is None else []
    best = min(range(49), key=lambda p: (len(codes[p]), p)) if parameter is None else parameter
    bits = codes[best] if codes else "".join(code(gap, best) for gap in gaps)
    octets = [bits[i : i + 8].ljust(8, "0") for i in range(0, len(bits), 8)]
    return bytes(int(octet, 2) for octet in octets), len(ordered), best


def code(gap: int, parameter: int) -> str:
    """Return the bits of one gap."""
    if gap >> parameter > 10_000:
        return "1" * 10_000  # too long to be the best; keeps the search short
    return "1" * (gap >> parameter) + "0" + (f"{gap % (1 << parameter):0{parameter}b}" if parameter else "")


def pack(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a container (2)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def unpack(bundle: bytes) -> dict[str, bytes]:
    """Return the members of a container."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def encrypt(
    members: Iterable[tuple[str, bytes]], passphrase: str = PASSPHRASE, *, bits: int = 256, ae: int = 2, method: int = 8
) -> bytes:
    """Return a target (4)."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=method) as archive:
        if passphrase:
            archive.setpassword(passphrase.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=bits, force_wz_aes_version=ae)
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def manifest() -> dict[str, Any]:
    """Return a manifest (4.1); the classes are filled in when the target is made."""
    return {
        "format": 1,
        "demo": False,
        "office": "示例县信用办",
        "made": "2026-11-20",
        "merchant": {"id": "canyin", "name": "示例餐馆"},
        "scenarios": [
            {
                "id": "canyin",
                "name": "信易+餐饮",
                "provider": "示例餐馆",
                "benefit": "九八折",
                "conditions": ["出示身份证"],
            },
            {"id": "guanying", "name": "信易+观影", "provider": "示例影院", "benefit": "半价", "conditions": []},
        ],
        "collapse": {
            "salt": hashlib.sha256(b"test U_SALT").hexdigest()[:32],
            "w": 12,
            "kdf": {"name": "argon2id", "version": 19, "memory": 19456, "passes": 2, "lanes": 1, "length": 32},
        },
        "token": {"key": hashlib.sha256(b"test T_KEY").hexdigest(), "t": 29},
    }


def classes() -> list[tuple[dict[str, str], list[int]]]:
    """Return two classes of 64: last days by scenario, tokens."""
    fill = Random(1).sample(range(1 << 29), 128)  # noqa: S311 - these only take up room
    return [
        ({"canyin": "2027-01-14", "guanying": "2026-11-30"}, [ZHANG[2], OUYANG[2], *fill[:62]]),
        ({"canyin": "2026-11-25"}, [LI[2], ABDULLA[2], *fill[64:126]]),
    ]


@dataclass
class Issuer:
    """Who signs. Every field may be changed before the next bundle is asked for."""

    merchant: str = "canyin"
    version: int = 1
    issued: datetime = ISSUED
    days: int = 40
    office: str = "office"
    passphrase: str = PASSPHRASE
    manifest: dict[str, Any] = field(default_factory=manifest)
    classes: list[tuple[dict[str, str], list[int]]] = field(default_factory=classes)
    organisations: Any = field(
        default_factory=lambda: [{"code": COMPANY[0], "name": COMPANY[1], "scenarios": {"canyin": "2027-01-14"}}]
    )
    custom: dict[str, Any] | None = None
    bins: SuccinctRoles | None = None
    chain: list[bytes] = field(default_factory=list)
    root: Root = field(default_factory=Root)
    root_keys: tuple[str, ...] = ("one", "two", "three")

    def __post_init__(self) -> None:
        if not self.chain:
            self.rotate()

    # -- the root chain

    def rotate(
        self,
        *,
        root_keys: tuple[str, ...] = ("one", "two", "three"),
        office: str = "office",
        signed_by: tuple[str, ...] = (),
        years: int = 2,
        version: int | None = None,
    ) -> None:
        """Add a root; unless told otherwise two old and two new keys sign it."""
        signers = signed_by or (*self.root_keys[:2], *root_keys[:2])
        root = Root(version=version or len(self.chain) + 1, expires=self.issued + timedelta(days=365 * years))
        for seed in root_keys:
            root.add_key(signer(seed).public_key, "root")
        root.roles["root"].threshold = 2
        for role in ("timestamp", "snapshot", "targets"):
            root.add_key(signer(office).public_key, role)
        self.root, self.root_keys, self.office = root, root_keys, office
        self.chain.append(signed(root, *signers))

    @property
    def pin(self) -> str:
        """The digest of the first root."""
        return hashlib.sha256(self.chain[0]).hexdigest()

    # -- the target

    def members(self) -> dict[str, bytes]:
        """Return what is encrypted (4)."""
        files, listed = {}, []
        for index, (days, tokens) in enumerate(self.classes):
            data, count, parameter = rice(tokens)
            files[f"classes/{index}.gr"] = data
            listed.append({"file": f"classes/{index}.gr", "count": count, "parameter": parameter, "scenarios": days})
        content = {"classes": listed} | self.manifest
        organisations = {"organisations": self.organisations}
        return {"manifest.json": encoded(content), "organisations.json": encoded(organisations), **files}

    def target(self) -> bytes:
        """Return the encrypted zip."""
        return encrypt(self.members().items(), self.passphrase)

    # -- the release

    def release(self, target: bytes) -> dict[str, bytes]:
        """Return the metadata by member name (2.1)."""
        path, number, expires = f"{self.merchant}.zip", self.version, self.issued + timedelta(days=self.days)
        info = TargetFile.from_data(path, target, ["sha256"])
        issued = self.issued.strftime("%Y-%m-%dT%H:%M:%SZ")
        info.unrecognized_fields["custom"] = self.custom or {"issued": issued, "merchant": self.merchant}
        targets, files, snapshot = Targets(number, expires=expires), {}, Snapshot(number, expires=expires)
        if self.bins:
            name = self.bins.get_role_for_target(path)
            key = signer(self.office).public_key
            targets.delegations = Delegations({key.keyid: key}, succinct_roles=self.bins)
            bin_targets = Targets(number, expires=expires, targets={path: info})
            files[f"metadata/{number}.{name}.json"] = signed(bin_targets, self.office)
            snapshot.meta = {f"{role}.json": MetaFile(number) for role in self.bins.get_roles()}
        else:
            targets.targets[path] = info
        snapshot.meta["targets.json"] = MetaFile(number)
        timestamp = Timestamp(number, expires=expires, snapshot_meta=MetaFile(number))
        files["metadata/timestamp.json"] = signed(timestamp, self.office)
        files[f"metadata/{number}.snapshot.json"] = signed(snapshot, self.office)
        files[f"metadata/{number}.targets.json"] = signed(targets, self.office)
        return files

    def container(self) -> dict[str, bytes]:
        """Return the members of the bundle by name (2)."""
        target = self.target()
        digest = hashlib.sha256(target).hexdigest()
        roots = {f"metadata/{number}.root.json": data for number, data in enumerate(self.chain, 1)}
        target_name = f"targets/{digest}.{self.merchant}.zip"
        return {"README.txt": b"for people", **roots, **self.release(target), target_name: target}

    def bundle(self) -> bytes:
        """Return the bundle."""
        return pack(self.container().items())

    def later(self, **changes: Any) -> Issuer:
        """Return this issuer one release on, a day later, with changes."""
        fields = deepcopy(self.__dict__) | {"version": self.version + 1, "issued": self.issued + timedelta(days=1)}
        return Issuer(**(fields | changes))


def encoded(content: object) -> bytes:
    """Return the JSON of a value."""
    return json.dumps(content, ensure_ascii=False).encode()


def signed(content: Signed, *seeds: str) -> bytes:
    """Return metadata signed by some keys."""
    metadata: Metadata[Any] = Metadata(content)
    for seed in dict.fromkeys(seeds):
        metadata.sign(signer(seed), append=True)
    return metadata.to_bytes()


# -- what tests ask ---------------------------------------------------------------------------------------------


def open_at(folder: Path, bundle: bytes, pin: str, at: datetime = NOON, passphrase: str = PASSPHRASE) -> verify.Bundle:
    """Open a bundle as a merchant would."""
    return verify.open_bundle(bundle, verify.State(folder, pin), passphrase, at)


def refusal(folder: Path, bundle: bytes, pin: str, at: datetime = NOON, passphrase: str = PASSPHRASE) -> str:
    """Return the code with which a bundle is refused, or the word opened; a refusal leaves the state as it was."""
    before = tree(folder)
    try:
        open_at(folder, bundle, pin, at, passphrase)
    except verify.Refused as refused:
        assert tree(folder) == before
        return str(refused.code)
    return "opened"


def tree(folder: Path) -> Mapping[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def eligible(bundle: verify.Bundle, who: Sequence[object], at: datetime = NOON) -> list[str]:
    """Return the scenarios that somebody may use."""
    day = at.astimezone(verify.TIMEZONE).date()
    answer = bundle.judge({verify.NAME: who[0], verify.NUMBER: who[1]}, day)
    return [perk["scenario"] for perk in answer["perks"]]
