"""What a release is and how the next one is made: signed, in memory, from the one before (docs/spec/bundle.md, 2.1).

One version number for all its metadata, growing by one. Past 200 merchants the targets are spread over 256 hash bins,
and stay so for ever, since no client accepts a snapshot that has lost entries (docs/adr/0014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust.history import Past

RELEASE_LIFE = timedelta(days=40)
LARGEST_UNBINNED = 200
"""So many merchants have their targets in one targets.json; more need hash bins."""
BIN_BITS, BIN_PREFIX = 8, "bins"
TIMESTAMP = "timestamp.json"
ISSUED = "x-xinyi-issued"
"""A field of our own in timestamp.json: the instant of the release, in UTC."""
ROOTS = "x-xinyi-roots"
"""A field of our own in timestamp.json: the SHA-256 of every root known at the release, by file name."""
PROGRAMME = "x-xinyi-programme"
"""A field of our own in timestamp.json: tells the programme's secrets from others (``collapse.programme_digest``)."""
PREVIOUS = "x-xinyi-previous"
"""A field of our own in timestamp.json: the SHA-256 of the timestamp.json before it; absent in the first."""
_OTHER_PROGRAMME = (
    "programme.key 与已发布的名单不配套：可能是旧的备份，或另一次生成的。请从最新的备份恢复整个 keys 文件夹"
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One merchant's encrypted target, its SHA-256, and the digest of what it says (``payload.content_digest``)."""

    data: bytes = field(repr=False)
    content: str
    sha256: str


def sealed(data: bytes, content: str) -> Sealed:
    """Return a target that has just been encrypted."""
    return Sealed(data, content, sha256(data))


@dataclass(frozen=True, slots=True)
class Release:
    """One set of signed metadata and the targets it signs.

    ``metadata`` holds every file of the TUF metadata folder that is current, by name: each root, timestamp, snapshot,
    targets, and the bins if there are any. ``programme`` tells whose secrets the targets were made with; it is empty
    in a release from before it was noted. ``chain`` ends with this release.
    """

    version: int
    issued: datetime
    expires: datetime
    programme: str
    metadata: Mapping[str, bytes]
    targets: Mapping[MerchantId, Sealed]
    chain: tuple[Past, ...]

    @property
    def binned(self) -> bool:
        """Whether the targets are spread over hash bins."""
        return self._bin(next(_bins(()).get_roles())) in self.metadata

    def target_file(self, merchant: MerchantId) -> str:
        """Return the name under which a target is stored and served: its digest and its path."""
        return f"{self.targets[merchant].sha256}.{target_path(merchant)}"

    def metadata_for(self, merchant: MerchantId) -> dict[str, bytes]:
        """Return the metadata that one merchant needs, by name: of the bins only its own."""
        own = self._bin(_bins(()).get_role_for_target(target_path(merchant)))
        every_bin = self._bin(BIN_PREFIX).removesuffix(".json")
        return {name: data for name, data in self.metadata.items() if name == own or not name.startswith(every_bin)}

    def _bin(self, role: str) -> str:
        return f"{self.version}.{role}.json"


def target_path(merchant: MerchantId) -> str:
    """Return the TUF target path of a merchant."""
    return f"{merchant}.zip"


def next_release(
    current: Release | None,
    roots: Mapping[str, bytes],
    targets: Mapping[MerchantId, Sealed],
    issued: datetime,
    signer: CryptoSigner,
    programme: str,
) -> Release:
    """Return the release that follows, or the current one where nothing has changed since the same instant.

    The snapshot names the bins by version alone, as TUF allows: 256 digests would be most of every bundle. Raises
    ``KeysError`` if the newest root does not name the signer or the release before was made with other secrets,
    ``RefusedError`` if the newest root has expired by ``issued``.
    """
    newest = list(roots.values())[-1]
    _check_signer(newest, signer, issued)
    if current:
        check_programme(current, programme)
        known = {name: data for name, data in current.metadata.items() if name in roots}
        same = (current.issued, current.programme, current.targets, known) == (issued, programme, targets, roots)
        if same:
            return current
    version = 1 if current is None else current.version + 1
    expires = min(issued + RELEASE_LIFE, Metadata[Root].from_bytes(newest).signed.expires)
    metadata = dict(roots)
    binned = len(targets) > LARGEST_UNBINNED or (current is not None and current.binned)
    described = {}
    for role, signed in _targets(targets, issued, binned, signer):
        signed.version, signed.expires = version, expires
        data = _sign(signed, signer)
        metadata[f"{version}.{role}.json"] = data
        described[f"{role}.json"] = _described(version, data) if role == Targets.type else MetaFile(version)
    snapshot = _sign(Snapshot(version, expires=expires, meta=described), signer)
    metadata[f"{version}.snapshot.json"] = snapshot
    own_fields: dict[str, Any] = {
        ISSUED: _text(issued),
        ROOTS: {name: sha256(data) for name, data in roots.items()},
        PROGRAMME: programme,
    }
    if current:
        own_fields[PREVIOUS] = sha256(current.metadata[TIMESTAMP])
    timestamp = Timestamp(
        version, expires=expires, snapshot_meta=_described(version, snapshot), unrecognized_fields=own_fields
    )
    metadata[TIMESTAMP] = _sign(timestamp, signer)
    own = Past(version, sha256(metadata[TIMESTAMP]), _text(issued))
    chain = (*(current.chain if current else ()), own)
    return Release(version, issued, expires, programme, metadata, dict(targets), chain)


def is_signed_by(release: Release, signer: CryptoSigner) -> bool:
    """Return whether the office key of a release is this one and has not been replaced since."""
    return signer.public_key.keyid in Metadata[Timestamp].from_bytes(release.metadata[TIMESTAMP]).signatures


def check_programme(current: Release, programme: str) -> None:
    """Raise ``KeysError`` if a release was made with other secrets.

    They would give everyone a second u, and tell twice as much about each number.
    """
    if current.programme and current.programme != programme:
        raise KeysError(_OTHER_PROGRAMME)


def _targets(
    targets: Mapping[MerchantId, Sealed], issued: datetime, binned: bool, signer: CryptoSigner
) -> list[tuple[str, Targets]]:
    """Return the roles that describe the targets: the one named targets, and the bins it delegates to, if any."""
    files = {target_path(m): _target(m, targets[m], issued) for m in sorted(targets)}
    if not binned:
        return [(Targets.type, Targets(targets=files))]
    key = signer.public_key
    bins = _bins((key.keyid,))
    spread: dict[str, dict[str, TargetFile]] = {role: {} for role in bins.get_roles()}
    for path, file in files.items():
        spread[bins.get_role_for_target(path)][path] = file
    top = Targets(delegations=Delegations({key.keyid: key}, succinct_roles=bins))
    return [(Targets.type, top), *((role, Targets(targets=part)) for role, part in spread.items())]


def _target(merchant: MerchantId, target: Sealed, issued: datetime) -> TargetFile:
    custom = {"issued": _text(issued), "merchant": merchant, "content": target.content}
    return TargetFile(len(target.data), {"sha256": target.sha256}, target_path(merchant), {"custom": custom})


def _bins(keyids: tuple[str, ...]) -> SuccinctRoles:
    return SuccinctRoles(list(keyids), 1, BIN_BITS, BIN_PREFIX)


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
    return MetaFile(version, len(data), {"sha256": sha256(data)})


def sha256(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
