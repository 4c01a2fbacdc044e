"""Which releases are ours, and which of them went out: what tells our own history from a fork (docs/adr/0014).

``history.json`` in keys/repository/ names every release of this office, oldest first, by the SHA-256 of its
timestamp.json; it is also served beside the TUF metadata, so that anyone can hold the chain (each timestamp names the
one before it) against it. ``published.json`` notes, for each target, the release last published there, and
``programme.json`` how often passphrases were replaced or dropped in the newest programme.key used; both stay here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from generator.errors import KeysError, RefusedError
from generator.trust.saving import save

HISTORY, PUBLISHED, PROGRAMME = "history.json", "published.json", "programme.json"
_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNREADABLE = "{} 读不懂，可能损坏了。请从备份恢复整个 keys/repository 文件夹"
_WAY_OUT = "请换上最新的 keys 文件夹；实在没有，把那里的 tuf 文件夹抄成 keys/repository，再重新生成"
_AHEAD = (
    "{}：那里已经发布了更新的版本，可能是另一台电脑发布的，也可能这里的 keys 是从旧备份恢复的"
    "（那里第{}版，这里第{}版）。接着做会分叉，商户会拒收。" + _WAY_OUT
)
_FORK = (
    "{}：那里的第{}版不是从这里的 keys 文件夹发布的：另一台电脑也在发布，或者 keys 是从旧备份恢复以后又生成过，"
    "或者那里的文件被人改过。已停止，以免商户手里的名单作废。请先弄清楚。" + _WAY_OUT
)
_OLD_PROGRAMME = (
    "programme.key 是旧的：这里用过商户口令改过{}次的那一份，现在这一份只改过{}次，可能是从旧备份恢复的。"
    "用它的话，换掉的旧口令又会作数。请换上最新的一份；"
    "实在没有，给全部商户换口令：xinyi merchants passphrase --all --replace"
)


@dataclass(frozen=True, slots=True)
class Past:
    """One release of the chain: its version, the SHA-256 of its timestamp.json, and its instant as TUF writes it."""

    version: int
    sha256: str
    issued: str


@dataclass(frozen=True, slots=True)
class Published:
    """What was last published to one target; ``expires`` is the instant from which it is refused."""

    version: int
    sha256: str
    expires: datetime


def digest(timestamp: bytes) -> str:
    """Return the name of a release in the chain: the SHA-256 of its timestamp.json in hexadecimal."""
    return hashlib.sha256(timestamp).hexdigest()


def encode(chain: Sequence[Past]) -> bytes:
    """Return a chain as history.json holds it."""
    return _json({"releases": [asdict(past) for past in chain]})


def parse(data: bytes) -> tuple[Past, ...]:
    """Return the chain that history.json holds; raise ``ValueError`` if it is none."""
    try:
        given = _parse(data)["releases"]
        chain = tuple(Past(int(one["version"]), str(one["sha256"]), str(one["issued"])) for one in given)
    except (LookupError, TypeError) as error:
        raise ValueError("not a history") from error
    if any(after.version != before.version + 1 for before, after in pairwise(chain)):
        raise ValueError("a release is missing in the history")
    if not all(_SHA256.fullmatch(past.sha256) for past in chain):
        raise ValueError("a digest in the history is none")
    return chain


def check_ours(published: bytes, chain: Sequence[Past], where: str) -> None:
    """Raise ``RefusedError`` unless a published timestamp.json is of our chain; ``where`` names the place for staff.

    A second PC, or a restored backup, would otherwise go on from an older release, and whoever has seen the other
    branch would refuse everything that follows. Raises ``ValueError`` for bytes that are no timestamp.
    """
    _check(version_of(published), digest(published), chain, where)


def check_all_ours(folder: Path, chain: Sequence[Past]) -> None:
    """Raise ``RefusedError`` unless all that published.json notes is of our chain."""
    for target, noted in read_published(folder).items():
        _check(noted.version, noted.sha256, chain, f"发布目标“{target}”")


def _check(version: int, sha256: str, chain: Sequence[Past], where: str) -> None:
    if any(past.sha256 == sha256 for past in chain):
        return
    newest = chain[-1].version if chain else 0
    if version > newest:
        raise RefusedError(_AHEAD.format(where, version, newest))
    raise RefusedError(_FORK.format(where, version))


def version_of(timestamp: bytes) -> int:
    """Return the version of a timestamp.json, its signature unchecked; raise ``ValueError`` if it has none."""
    return int(_signed(timestamp, "version"))


def read_published(folder: Path) -> dict[str, Published]:
    """Return what was last published where, by target; nothing before the first time."""
    path = folder / PUBLISHED
    if not path.exists():
        return {}
    try:
        noted = _parse(path.read_bytes())["targets"]
        return {
            str(target): Published(int(one["version"]), str(one["sha256"]), datetime.fromisoformat(one["expires"]))
            for target, one in noted.items()
        }
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise KeysError(_UNREADABLE.format(path)) from error


def note_published(folder: Path, target: str, timestamp: bytes) -> None:
    """Note that a release goes out to a target; raise ``ValueError`` for bytes that are no timestamp."""
    expires = datetime.fromisoformat(_signed(timestamp, "expires"))
    noted = {**read_published(folder), target: Published(version_of(timestamp), digest(timestamp), expires)}
    described = {
        name: {"version": one.version, "sha256": one.sha256, "expires": one.expires.isoformat()}
        for name, one in sorted(noted.items())
    }
    save(folder / PUBLISHED, _json({"targets": described}))


def read_changes(folder: Path) -> int:
    """Return how often passphrases had been replaced or dropped in the newest programme.key used here."""
    path = folder / PROGRAMME
    try:
        return int(_parse(path.read_bytes())["changes"]) if path.exists() else 0
    except (LookupError, TypeError, ValueError) as error:
        raise KeysError(_UNREADABLE.format(path)) from error


def check_changes(folder: Path, changes: int) -> None:
    """Raise ``RefusedError`` for a programme.key older than one used here: what was replaced since would count again.

    The other secrets in it are the same, so that nothing else would tell.
    """
    if changes < (newest := read_changes(folder)):
        raise RefusedError(_OLD_PROGRAMME.format(newest, changes))


def note_changes(folder: Path, changes: int) -> None:
    """Note that a programme.key is used here; an older one is refused, as ``check_changes`` does."""
    check_changes(folder, changes)
    if changes:
        save(folder / PROGRAMME, _json({"changes": changes}))


def _signed(timestamp: bytes, field: str) -> Any:
    try:
        return json.loads(timestamp)["signed"][field]
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError("not a timestamp") from error


def _parse(data: bytes) -> Any:
    value = json.loads(data)
    if value["format"] != _FORMAT:
        raise ValueError("another format")
    return value


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps({"format": _FORMAT, **values}, ensure_ascii=False, indent=1) + "\n").encode()
