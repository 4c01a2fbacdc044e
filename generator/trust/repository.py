"""The TUF repository in keys/repository/: what has been released, and the next release (docs/spec/bundle.md, 2.1).

A release is made in memory and saved in an order that leaves the folder consistent wherever it is cut short: targets,
then the numbered metadata, then timestamp.json by a rename, and only then are superseded files removed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust.keys import MISSING

RELEASE_LIFE = timedelta(days=40)
TIMESTAMP = "timestamp.json"
ISSUED = "x-xinyi-issued"
"""A field of our own in timestamp.json: the instant of the release, in UTC."""
ROOTS = "x-xinyi-roots"
"""A field of our own in timestamp.json: the SHA-256 of every root known at the release, by file name."""
_DAMAGED = "{} 里的发布记录不完整或被改动过。请从备份恢复整个 keys/repository 文件夹"


@dataclass(frozen=True, slots=True)
class Release:
    """One set of signed metadata and the targets it signs.

    ``metadata`` holds every file of the TUF metadata folder that is current, by name: each root, timestamp, snapshot,
    targets. ``targets`` holds each merchant's encrypted target.
    """

    version: int
    issued: datetime
    expires: datetime
    metadata: Mapping[str, bytes]
    targets: Mapping[MerchantId, bytes]

    def target_file(self, merchant: MerchantId) -> str:
        """Return the name under which a target is stored and served: its digest and its path."""
        return f"{_digest(self.targets[merchant])}.{target_path(merchant)}"


def target_path(merchant: MerchantId) -> str:
    """Return the TUF target path of a merchant."""
    return f"{merchant}.zip"


def root_fingerprint(folder: Path) -> str:
    """Return the SHA-256 of the first root in hexadecimal: what merchants pin."""
    return _digest(read_roots(folder)["1.root.json"])


def root_expiry(folder: Path) -> datetime:
    """Return when the newest root expires."""
    return Metadata[Root].from_bytes(list(read_roots(folder).values())[-1]).signed.expires


def read_roots(folder: Path) -> dict[str, bytes]:
    """Return every N.root.json, from 1 on; raise ``KeysError`` if there is none, a gap, or one not rightly signed."""
    found = sum(1 for _ in (folder / "metadata").glob("*.root.json"))
    if not found:
        raise KeysError(MISSING.format(folder / "metadata" / "1.root.json"))
    try:
        paths = [folder / "metadata" / f"{number}.root.json" for number in range(1, found + 1)]
        roots = {path.name: path.read_bytes() for path in paths}
        _check_roots(roots)
    except (RepositoryError, DeserializationError, OSError, ValueError) as error:
        raise KeysError(_DAMAGED.format(folder)) from error
    return roots


def read_release(folder: Path) -> Release | None:
    """Return the current release, its signatures and digests checked; None before the first one.

    Without a timestamp only a first release that was cut short is believed; to begin again at version 1 after others
    have gone out would make every merchant refuse what follows.
    """
    if not (folder / "metadata" / TIMESTAMP).exists():
        if any(not path.name.startswith("1.") for path in (folder / "metadata").glob("*.snapshot.json")):
            raise KeysError(_DAMAGED.format(folder))
        return None
    roots = read_roots(folder)
    try:
        return _read(folder, roots)
    except (RepositoryError, DeserializationError, OSError, LookupError, TypeError, ValueError) as error:
        raise KeysError(_DAMAGED.format(folder)) from error


def next_release(
    current: Release | None,
    roots: Mapping[str, bytes],
    targets: Mapping[MerchantId, bytes],
    issued: datetime,
    signer: CryptoSigner,
) -> Release:
    """Return the release that follows, or the current one where nothing has changed since the same instant.

    Raises ``KeysError`` if the newest root does not name the signer or has expired by ``issued``.
    """
    newest = list(roots.values())[-1]
    _check_signer(newest, signer, issued)
    known = {} if current is None else {name: data for name, data in current.metadata.items() if name in roots}
    if current and current.issued == issued and current.targets == targets and known == roots:
        return current
    version = 1 if current is None else current.version + 1
    expires = min(issued + RELEASE_LIFE, Metadata[Root].from_bytes(newest).signed.expires)
    files = {}
    for merchant, data in sorted(targets.items()):
        file = TargetFile.from_data(target_path(merchant), data, ["sha256"])
        file.unrecognized_fields["custom"] = {"issued": _text(issued), "merchant": merchant}
        files[file.path] = file
    signed_targets = _sign(Targets(version, expires=expires, targets=files), signer)
    snapshot = Snapshot(version, expires=expires, meta={"targets.json": _described(version, signed_targets)})
    signed_snapshot = _sign(snapshot, signer)
    timestamp = Timestamp(
        version,
        expires=expires,
        snapshot_meta=_described(version, signed_snapshot),
        unrecognized_fields={ISSUED: _text(issued), ROOTS: {name: _digest(data) for name, data in roots.items()}},
    )
    metadata = {
        **roots,
        TIMESTAMP: _sign(timestamp, signer),
        f"{version}.snapshot.json": signed_snapshot,
        f"{version}.targets.json": signed_targets,
    }
    return Release(version, issued, expires, metadata, dict(targets))


def save_release(folder: Path, release: Release) -> None:
    """Put a release in place of the one before; see the module's note on the order."""
    kept_targets = {release.target_file(merchant): data for merchant, data in release.targets.items()}
    for name, data in kept_targets.items():
        if not (folder / "targets" / name).exists():
            _write(folder / "targets" / name, data)
    for name in sorted(release.metadata, key=lambda name: name == TIMESTAMP):
        _write(folder / "metadata" / name, release.metadata[name])
    _remove_others(folder / "targets", kept_targets)
    _remove_others(folder / "metadata", release.metadata)


def _read(folder: Path, roots: Mapping[str, bytes]) -> Release:
    place = folder / "metadata"
    root = Metadata[Root].from_bytes(list(roots.values())[-1])
    metadata = dict(roots)

    def load(name: str, role: str, described: MetaFile | None) -> Metadata[Any]:
        metadata[name] = (place / name).read_bytes()
        if described:
            described.verify_length_and_hashes(metadata[name])
        loaded = Metadata[Any].from_bytes(metadata[name])
        root.verify_delegate(role, loaded)
        return loaded

    timestamp = load(TIMESTAMP, Timestamp.type, None).signed
    for name, digest in timestamp.unrecognized_fields[ROOTS].items():
        if _digest(roots[name]) != digest:
            raise ValueError(f"{name} is not the one that was released")
    snapshot_meta = timestamp.snapshot_meta
    snapshot = load(f"{snapshot_meta.version}.snapshot.json", Snapshot.type, snapshot_meta).signed
    targets_meta = snapshot.meta["targets.json"]
    signed = load(f"{targets_meta.version}.targets.json", Targets.type, targets_meta).signed
    targets = {}
    issued = datetime.fromisoformat(timestamp.unrecognized_fields[ISSUED])
    for path, file in signed.targets.items():
        data = (folder / "targets" / f"{file.hashes['sha256']}.{path}").read_bytes()
        file.verify_length_and_hashes(data)
        targets[MerchantId(file.unrecognized_fields["custom"]["merchant"])] = data
    return Release(timestamp.version, issued, timestamp.expires, metadata, targets)


def _check_roots(roots: Mapping[str, bytes]) -> None:
    """Check that each root carries its number and is signed by itself and by the one before it."""
    before: Root | None = None
    for number, data in enumerate(roots.values(), 1):
        loaded = Metadata[Root].from_bytes(data)
        if loaded.signed.version != number:
            raise ValueError(f"{number}.root.json has version {loaded.signed.version}")
        for verifier in (before or loaded.signed, loaded.signed):
            verifier.verify_delegate(Root.type, loaded.signed_bytes, loaded.signatures)
        before = loaded.signed


def _check_signer(root: bytes, signer: CryptoSigner, at: datetime) -> None:
    signed = Metadata[Root].from_bytes(root).signed
    for role in (Targets.type, Snapshot.type, Timestamp.type):
        if signer.public_key.keyid not in signed.roles[role].keyids:
            raise KeysError("办公室密钥与根证书不配套：这把密钥不在根证书里。请用同一次生成的一套密钥")
    if signed.expires <= at:
        raise RefusedError(f"根证书已于{signed.expires:%Y-%m-%d}到期，不能再签发名单。请先更新根证书")


def _sign(signed: Targets | Snapshot | Timestamp, signer: CryptoSigner) -> bytes:
    metadata = Metadata[Any](signed)
    metadata.sign(signer)
    return metadata.to_bytes()


def _described(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": _digest(data)})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _remove_others(folder: Path, kept: Mapping[str, object]) -> None:
    for path in sorted(folder.glob("*")):
        if path.name not in kept and path.is_file() and not path.name.endswith(".root.json"):
            path.unlink()
