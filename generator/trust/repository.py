"""The TUF repository in keys/repository/: what has been released (docs/spec/bundle.md, 2.1).

A release is saved in an order that leaves the folder consistent wherever it is cut short: targets, then the numbered
metadata, then the history, then timestamp.json by a rename, and only then are superseded files removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from generator.core.model import MerchantId
from generator.errors import KeysError
from generator.trust import history
from generator.trust.history import HISTORY, Past
from generator.trust.keys import MISSING
from generator.trust.releases import ISSUED, PREVIOUS, PROGRAMME, ROOTS, TIMESTAMP, Release, Sealed, sha256
from generator.trust.roots import check_chain
from generator.trust.saving import save

_DAMAGED = "{} 里的发布记录不完整或被改动过。请从备份恢复整个 keys/repository 文件夹"


def root_fingerprint(folder: Path) -> str:
    """Return the SHA-256 of the first root in hexadecimal: what merchants pin."""
    return sha256(read_roots(folder)["1.root.json"])


def root_expiry(folder: Path) -> datetime:
    """Return when the newest root expires."""
    return Metadata[Root].from_bytes(list(read_roots(folder).values())[-1]).signed.expires


def read_roots(folder: Path) -> dict[str, bytes]:
    """Return every N.root.json, from 1 on; raise ``KeysError`` if there is none, a gap, or one not rightly signed."""
    found = sum(1 for _ in (folder / "metadata").glob("*.root.json"))
    if not found:
        raise KeysError(MISSING.format(folder / "metadata" / "1.root.json"))
    paths = [folder / "metadata" / f"{number}.root.json" for number in range(1, found + 1)]
    try:
        roots = {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise KeysError(_DAMAGED.format(folder)) from error
    check_chain(tuple(roots.values()))
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


def read_expiry(folder: Path) -> tuple[int, datetime] | None:
    """Return version and expiry of the current release, its timestamp alone checked; None before the first one."""
    path = folder / "metadata" / TIMESTAMP
    if not path.exists():
        return None
    roots = read_roots(folder)
    try:
        timestamp, _ = _open_timestamp(path.read_bytes(), roots)
    except (RepositoryError, DeserializationError, OSError, LookupError, TypeError, ValueError) as error:
        raise KeysError(_DAMAGED.format(folder)) from error
    return timestamp.version, timestamp.expires


def save_release(folder: Path, release: Release) -> None:
    """Put a release in place of the one before; see the module's note on the order."""
    kept_targets = {release.target_file(merchant): target.data for merchant, target in release.targets.items()}
    for name, data in kept_targets.items():
        if not (folder / "targets" / name).exists():
            save(folder / "targets" / name, data)
    for name in sorted(release.metadata.keys() - {TIMESTAMP}):
        save(folder / "metadata" / name, release.metadata[name])
    save(folder / HISTORY, history.encode(release.chain))
    save(folder / "metadata" / TIMESTAMP, release.metadata[TIMESTAMP])
    _remove_others(folder / "targets", kept_targets)
    _remove_others(folder / "metadata", release.metadata)


def _read(folder: Path, roots: Mapping[str, bytes]) -> Release:
    place = folder / "metadata"
    stamp = (place / TIMESTAMP).read_bytes()
    timestamp, released = _open_timestamp(stamp, roots)
    root = Metadata[Root].from_bytes(list(released.values())[-1]).signed
    metadata = {**released, TIMESTAMP: stamp}

    def load(role: str, described: MetaFile, delegator: Root | Targets) -> Any:
        name = f"{described.version}.{role}.json"
        metadata[name] = (place / name).read_bytes()
        described.verify_length_and_hashes(metadata[name])
        loaded = Metadata[Any].from_bytes(metadata[name])
        delegator.verify_delegate(role, loaded.signed_bytes, loaded.signatures)
        return loaded.signed

    meta = load(Snapshot.type, timestamp.snapshot_meta, root).meta
    top = load(Targets.type, meta["targets.json"], root)
    files = dict(top.targets)
    if top.delegations:
        for role in top.delegations.succinct_roles.get_roles():
            files.update(load(role, meta[f"{role}.json"], top).targets)
    own = timestamp.unrecognized_fields
    return Release(
        version=timestamp.version,
        issued=datetime.fromisoformat(own[ISSUED]),
        expires=timestamp.expires,
        programme=own.get(PROGRAMME, ""),
        metadata=metadata,
        targets=dict(_read_target(folder, path, file) for path, file in files.items()),
        chain=_read_chain(folder, Past(timestamp.version, sha256(stamp), own[ISSUED]), own.get(PREVIOUS)),
    )


def _open_timestamp(stamp: bytes, roots: Mapping[str, bytes]) -> tuple[Timestamp, dict[str, bytes]]:
    """Return a release's timestamp and its roots: the office key that the newest of those names has signed it.

    Roots that have come since then may name another office key.
    """
    loaded = Metadata[Timestamp].from_bytes(stamp)
    digests = loaded.signed.unrecognized_fields[ROOTS]
    released = dict(list(roots.items())[: len(digests)])
    if not digests or {name: sha256(data) for name, data in released.items()} != digests:
        raise ValueError("the roots are not those that were released")
    root = Metadata[Root].from_bytes(list(released.values())[-1]).signed
    root.verify_delegate(Timestamp.type, loaded.signed_bytes, loaded.signatures)
    return loaded.signed, released


def _read_target(folder: Path, path: str, file: TargetFile) -> tuple[MerchantId, Sealed]:
    digest, custom = file.hashes["sha256"], file.unrecognized_fields["custom"]
    data = (folder / "targets" / f"{digest}.{path}").read_bytes()
    if (len(data), sha256(data)) != (file.length, digest):
        raise ValueError(f"{path} is not the one that was released")
    return MerchantId(custom["merchant"]), Sealed(data, custom.get("content", ""), digest)


def _read_chain(folder: Path, own: Past, previous: str | None) -> tuple[Past, ...]:
    """Return the history up to this release: an entry after it is of a release cut short before its timestamp stood.

    Where the file is missing (a repository from before there was one), the chain begins anew with this release.
    """
    if not (folder / HISTORY).exists():
        return (own,)
    chain = history.parse((folder / HISTORY).read_bytes())
    chain = chain[: chain.index(own) + 1]
    if len(chain) > 1 and chain[-2].sha256 != previous:
        raise ValueError("the history is not the one that was released")
    return chain


def _remove_others(folder: Path, kept: Mapping[str, object]) -> None:
    for path in sorted(folder.glob("*")):
        if path.name not in kept and path.is_file() and not path.name.endswith(".root.json"):
            path.unlink()
