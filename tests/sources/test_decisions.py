"""The log of decisions: what is appended reads back, and whatever is done to a line is a fault with its number."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.model import AnyDecision, BatchId, Correction, Ground, Objection, Resolution, UnitId, Withdrawal
from generator.errors import Faults, InputFaultsError
from generator.sources.decisions import append, head, parse_decisions

DECISIONS: tuple[AnyDecision, ...] = (
    Objection(
        kind="objection",
        batch=BatchId("2025-01"),
        name="张三",
        number="990621199001011233",
        day=date(2026, 1, 8),
        unit=UnitId("u"),
        grounds="示例",
        operator="示例",
    ),
    Resolution(
        kind="resolution",
        upheld=False,
        batch=BatchId("2025-01"),
        name="张三",
        number="990621199001011233",
        day=date(2026, 1, 20),
        unit=UnitId("u"),
        grounds="示例\u2028\n",
        operator="示例",
    ),
    Correction(
        kind="correction",
        fields={"name": "张叁"},
        batch=BatchId("2025-01"),
        name="张三",
        number="990621199001011233",
        day=date(2026, 2, 1),
        unit=UnitId("u"),
        grounds="示例",
        operator="示例",
    ),
    Withdrawal(
        kind="withdrawal",
        ground=Ground.ABUSE,
        batch=BatchId("2025-01"),
        name="张叁",
        number="990621199001011233",
        day=date(2026, 3, 1),
        unit=UnitId("u"),
        grounds="示例",
        operator="示例",
    ),
)


def log(*decisions: AnyDecision) -> bytes:
    data = b""
    for decision in decisions:
        data += append(data, decision)
    return data


LOG = log(*DECISIONS)
LINES = LOG.splitlines(keepends=True)


def faults_in(data: bytes) -> list[tuple[int, str]]:
    faults = Faults()
    parse_decisions(data, "d", faults)
    return [(fault.place.line, fault.message) for fault in faults.found]


def test_what_is_appended_reads_back() -> None:
    faults = Faults()
    assert parse_decisions(LOG, "d", faults) == DECISIONS
    assert not faults.found
    assert parse_decisions(b"", "d", faults) == ()


def test_the_chain_as_the_format_says() -> None:
    prev = "0" * 64
    for seq, line in enumerate(LOG.split(b"\n")[:-1], start=1):
        values = json.loads(line)
        assert (values["seq"], values["prev"]) == (seq, prev)
        prev = hashlib.sha256(line).hexdigest()
    assert head(LOG) == prev
    assert head(b"") == "0" * 64


@pytest.mark.parametrize("dropped", range(len(LINES) - 1))
def test_a_dropped_line(dropped: int) -> None:
    data = b"".join(LINES[:dropped] + LINES[dropped + 1 :])
    assert faults_in(data)[0] == (
        dropped + 1,
        f"序号应为 {dropped + 1}，这里是 {dropped + 2}：少了一行、多了一行，或者次序乱了",
    )


@given(st.integers(0, len(LOG) - len(LINES[-1]) - 1), st.integers(0, 255))
def test_any_changed_byte_before_the_last_line(at: int, value: int) -> None:
    data = bytearray(LOG)
    data[at] = value
    assert bool(faults_in(bytes(data))) == (bytes(data) != LOG)


@given(st.integers(1, len(LINES[-1]) - 1))
def test_a_half_written_last_line(missing: int) -> None:
    found = faults_in(LOG[:-missing])
    assert found == [(len(LINES), "最后一行没有写完")]


def relinked(**changed: object) -> bytes:
    """Return a log of one line, rightly linked, with some fields changed; None takes a field away."""
    values = {**json.loads(LINES[1]), "seq": 1, "prev": "0" * 64, **changed}
    return json.dumps({key: value for key, value in values.items() if value is not None}).encode() + b"\n"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"extra": 1}, "extra"),
        ({"upheld": None}, "upheld"),
        ({"upheld": "yes"}, "upheld"),
        ({"day": 1767225600}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"kind": "pardon"}, "kind"),
        ({"kind": None}, "kind"),
        ({"number": 990621199001011233}, "number"),
    ],
)
def test_fields_are_strict(changed: dict[str, object], field: str) -> None:
    assert faults_in(relinked()) == []
    assert faults_in(relinked(**changed)) == [(1, f"这条决定的内容不合规定：{field}")]


@pytest.mark.parametrize("field", ["honours", "number"])
def test_only_some_fields_can_be_corrected(field: str) -> None:
    ((line, message),) = faults_in(log(DECISIONS[2]).replace(b'{"name"', f'{{"{field}"'.encode()))
    assert line == 1
    assert message.startswith("这条决定的内容不合规定：")


@pytest.mark.parametrize(
    "line",
    [b"\n", b"[]\n", b"{\n", b"\xff\n", b"[" * 100_000 + b"\n", LINES[0][:-1] + b"\r\n", b"\xef\xbb\xbf" + LINES[0]],
)
def test_a_line_that_is_no_object(line: bytes) -> None:
    ((number, _),) = faults_in(line)
    assert number == 1


def test_a_name_said_twice_is_refused() -> None:
    twice = LINES[0].replace(b'"name"', b'"name": "x", "name"', 1)
    assert faults_in(twice) == [(1, "这一行不是完整的 JSON")]


def test_true_is_no_sequence_number() -> None:
    assert faults_in(relinked(seq=True))[0][0] == 1


def test_nothing_is_appended_to_a_broken_log() -> None:
    with pytest.raises(InputFaultsError, match=r"lists/decisions\.jsonl:4：最后一行没有写完"):
        append(LOG[:-1], DECISIONS[0])
