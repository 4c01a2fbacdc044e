"""What was last sent upward of each entry: by reference and keyed digest, a line each, never by name or number.

The log lies in lists/exports/, not in build/, which is disposable. Lines are only added.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from generator.errors import Faults, Place, RefusedError

PATH = "lists/exports/upward.jsonl"
WITHDRAWN = "撤销"
_DAMAGED = "这一行读不懂，分不清上次报到哪里", "请从备份恢复这个文件；没有备份就删掉它，再做一次全部上报"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last sent of an entry: on which day, whether as listed, its last day, a keyed digest of its fields."""

    day: date
    listed: bool
    until: date
    digest: str


def digest(fields: Mapping[str, str], ref_key: bytes) -> str:
    """Return a digest of an entry's fields that says nothing to whoever has no REF_KEY: a number can be guessed."""
    told = json.dumps(sorted(fields.items()), ensure_ascii=False).encode()
    return hmac.new(ref_key, b"xinyi/upward/1\0" + told, hashlib.sha256).hexdigest()[:32]


def last_sent(log: bytes, as_of: date) -> tuple[dict[str, Sent], dict[str, Sent]]:
    """Return what was last sent of each entry before a day, and by the end of it."""
    earlier: dict[str, Sent] = {}
    latest: dict[str, Sent] = {}
    for reference, sent in _parse(log):
        if sent.day > as_of:
            raise RefusedError(f"{sent.day} 已经做过上报，不能再按更早的 {as_of} 上报。请改用今天的日期")
        latest[reference] = sent
        if sent.day < as_of:
            earlier[reference] = sent
    return earlier, latest


def _parse(log: bytes) -> Iterator[tuple[str, Sent]]:
    faults = Faults()
    for number, line in enumerate(log.splitlines(), start=1):
        try:
            values = json.loads(line)
            day, until = (date.fromisoformat(values[name]) for name in ("day", "until"))
            yield str(values["ref"]), Sent(day, values["status"] != WITHDRAWN, until, str(values["digest"]))
        except (ValueError, LookupError, TypeError):
            faults.add(Place(PATH, line=number), *_DAMAGED)
    faults.stop_if_any()


def remembered(reference: str, status: str, sent: Sent, latest: Mapping[str, Sent]) -> bytes:
    """Return the line that remembers what was sent of an entry; nothing where the log says so already."""
    before = latest.get(reference)
    if before and (before.listed, before.digest) == (sent.listed, sent.digest):
        return b""
    days = {"day": sent.day.isoformat(), "until": sent.until.isoformat()}
    values = {"ref": reference, "status": status, **days, "digest": sent.digest}
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"
