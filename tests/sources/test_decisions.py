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
from generator.sources.decisions import append, check_head, encode_head, head, parse_decisions

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


@pytest.mark.parametrize("field", ["honours", "kind"])
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


class TestHead:
    """What a chain cannot show is its end; the file beside it tells what was there."""

    def faults(self, log: bytes, said: bytes | None) -> list[str]:
        faults = Faults()
        check_head(log, said, faults)
        return [str(fault) for fault in faults.found]

    def test_what_was_written_together_agrees(self) -> None:
        for count in range(len(LINES) + 1):
            log = b"".join(LINES[:count])
            assert self.faults(log, encode_head(log)) == []

    def test_a_log_that_never_had_a_line_needs_none(self) -> None:
        assert self.faults(b"", None) == []

    def test_a_crash_between_the_two_files_is_no_fault(self) -> None:
        """The log is written first, so it may be one line ahead."""
        for count in range(len(LINES)):
            assert self.faults(b"".join(LINES[: count + 1]), encode_head(b"".join(LINES[:count]))) == []

    @pytest.mark.parametrize("kept", range(len(LINES)))
    def test_lines_cut_off_the_end(self, kept: int) -> None:
        (fault,) = self.faults(b"".join(LINES[:kept]), encode_head(LOG))
        lost = f"第{kept + 1}行" if kept + 1 == len(LINES) else f"第{kept + 1}到{len(LINES)}行"
        assert fault.startswith(f"lists/decisions.jsonl:{kept + 1}：应有{len(LINES)}行，只有{kept}行：{lost}被删掉了")

    def test_lines_added_by_another_program(self) -> None:
        (fault,) = self.faults(LOG, encode_head(LINES[0]))
        assert fault.startswith("lists/decisions.jsonl:2：应有1行，却有4行")

    def test_the_last_line_changed(self) -> None:
        (fault,) = self.faults(LOG[:-2] + b" }\n", encode_head(LOG))
        assert fault.startswith("lists/decisions.jsonl:4：与记录时不一样")

    @pytest.mark.parametrize("said", [None, b"", b"4\n", b"x " + b"0" * 64 + b"\n", encode_head(LOG) + b"x"])
    def test_the_file_missing_or_damaged(self, said: bytes | None) -> None:
        (fault,) = self.faults(LOG, said)
        assert fault.startswith("lists/decisions.head：不见了或者读不懂")
