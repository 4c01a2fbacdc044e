"""The log of decisions: one JSON object a line, append-only, each line chained to the one before by SHA-256.

A line holds ``seq`` (from 1), ``prev`` (the hash of the previous line's bytes, without its line end; 64 zeros for
the first) and the fields of a decision. Whoever changes, drops or reorders a line breaks the chain after it. What
a chain cannot show is a last line changed or cut off; so a small file beside the log keeps how many lines there are
and the hash of the last. It is written after the log: one line more than it says is a crash, one less a loss.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from generator.core.model import AnyDecision
from generator.errors import Faults, Place

PATH = "lists/decisions.jsonl"
HEAD_PATH = "lists/decisions.head"
FIRST = "0" * 64

LINE_END = b"\n"
_HEAD = re.compile(rb"([0-9]{1,9}) ([0-9a-f]{64})\n")
RESTORE_BOTH = f"请从备份恢复 {PATH} 和 {HEAD_PATH} 这两个文件"
RESTORE = "这个文件只由 xinyi record 追加，不能手改；请从备份恢复"

_DECISION: TypeAdapter[AnyDecision] = TypeAdapter(Annotated[AnyDecision, Field(discriminator="kind")])


def parse_decisions(data: bytes, path: str, faults: Faults) -> tuple[AnyDecision, ...]:
    """Return the decisions in a log, in the order they were recorded; every break of the chain is a fault."""
    *lines, rest = data.split(b"\n")
    decisions = []
    prev = FIRST
    for seq, line in enumerate(lines, start=1):
        place = Place(path, line=seq)
        values = _object(line, place, faults)
        if values is not None:
            _check_link(values, seq, prev, place, faults)
            if (decision := _decision(values, place, faults)) is not None:
                decisions.append(decision)
        prev = _hash(line)
    if rest:
        faults.add(Place(path, line=len(lines) + 1), "最后一行没有写完", RESTORE)
    return tuple(decisions)


def append(existing: bytes, decision: AnyDecision, path: str = PATH) -> bytes:
    """Return the line that adds a decision to a log; raises ``InputFaultsError`` if the log is not whole."""
    faults = Faults()
    parse_decisions(existing, path, faults)
    faults.stop_if_any()
    link = {"seq": existing.count(b"\n") + 1, "prev": head(existing)}
    values = _DECISION.dump_python(decision, mode="json")
    return json.dumps({**link, **values}, ensure_ascii=False).encode() + b"\n"


def head(data: bytes) -> str:
    """Return the hash of a log's last line, which stands for the whole log."""
    return _hash(data.removesuffix(b"\n").rsplit(b"\n", 1)[-1]) if data else FIRST


def encode_head(data: bytes) -> bytes:
    """Return what the file beside a log says of it: the number of its lines, a space, the hash of the last."""
    return f"{data.count(LINE_END)} {head(data)}\n".encode()


def check_head(data: bytes, said: bytes | None, faults: Faults) -> None:
    """Note where a log is shorter than it was, or ends otherwise; ``said`` is the file beside it, None if missing."""
    if said is None and not data:
        return
    match = _HEAD.fullmatch(said or b"")
    if match is None:
        faults.add(Place(HEAD_PATH), "不见了或者读不懂，没法确认决定记录的最后几行还在", RESTORE_BOTH)
        return
    lines = data.split(LINE_END)[:-1]
    count = int(match[1])
    if len(lines) < count:
        lost = f"第{len(lines) + 1}行" if count == len(lines) + 1 else f"第{len(lines) + 1}到{count}行"
        faults.add(Place(PATH, line=len(lines) + 1), f"应有{count}行，只有{len(lines)}行：{lost}被删掉了", RESTORE)
    elif len(lines) > count + 1:
        faults.add(Place(PATH, line=count + 1), f"应有{count}行，却有{len(lines)}行：后面的不是本程序记录的", RESTORE)
    elif (_hash(lines[count - 1]) if count else FIRST) != match[2].decode():
        faults.add(Place(PATH, line=max(count, 1)), "与记录时不一样：这一行被改过", RESTORE)


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _object(line: bytes, place: Place, faults: Faults) -> dict[str, object] | None:
    """Return the JSON object on a line."""
    if line.endswith(b"\r"):
        faults.add(place, "换行被别的程序改过", RESTORE)
        return None
    try:
        values = json.loads(line.decode(), object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        faults.add(place, "这一行不是完整的 JSON", RESTORE)
        return None
    if not isinstance(values, dict):
        faults.add(place, "这一行不是一条决定", RESTORE)
        return None
    return values


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's fields; two with one name would let readers disagree on what was decided."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _check_link(values: dict[str, object], seq: int, prev: str, place: Place, faults: Faults) -> None:
    """Take a line's own number and link out of its values and note where they do not fit."""
    own_seq, own_prev = values.pop("seq", None), values.pop("prev", None)
    if type(own_seq) is not int or own_seq != seq:
        faults.add(place, f"序号应为 {seq}，这里是 {own_seq}：少了一行、多了一行，或者次序乱了", RESTORE)
    elif own_prev != prev:
        faults.add(place, "与上一行对不上：上一行被改过，或者中间缺行", RESTORE)


def _decision(values: dict[str, object], place: Place, faults: Faults) -> AnyDecision | None:
    """Return a decision; its fields are as strict as JSON allows."""
    try:
        return _DECISION.validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        fields = "、".join(dict.fromkeys(".".join(map(str, e["loc"][1:])) or "kind" for e in error.errors()))
        faults.add(place, f"这条决定的内容不合规定：{fields}", RESTORE)
        return None
