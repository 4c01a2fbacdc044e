"""What sources answer: what a hit means, tables of hits and our own form filled in, and what to look at by name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.identifiers import CreditCode, Number
from generator.core.model import (
    About,
    Batch,
    BatchId,
    CategoryCode,
    Hit,
    HitEffect,
    Nomination,
    Organisation,
    Person,
    Rules,
    ScreeningReturn,
    Source,
    Subject,
    UnitId,
)
from generator.core.screening import required
from generator.errors import Faults, Place
from generator.sources.inquiry import HEADER_ROW, HEADERS, in_order, inquiry
from generator.sources.screening import check_answered, check_sources, hints, known_rules, parse_returns
from tests.sources.sheets_made import by_csv, by_openpyxl

ZHANG, LI, WU = "990621199001011233", "99062119770707101X", "990621200002298884"
CODE = "91350100M000100Y43"
BATCH = BatchId("2027-01")
RULES = Rules(
    screening_sources=("市监局", "法院"),
    sources=(
        Source("市监局", HitEffect.UNTIL_REMOVED, about=About.ORGANISATIONS),
        Source("法院", HitEffect.EXCLUDES),
        Source("征信机构", HitEffect.NOTE),
    ),
)
HEAD = 'source = "法院"\nday = 2026-12-28\noperator = "示例"\n'
HITS = ("姓名", "证件号码", "列入日期", "移出日期", "事由")


def parse(
    head: str = HEAD, table: bytes | None = None, rules: Rules = RULES
) -> tuple[tuple[ScreeningReturn, ...], list[str]]:
    files: dict[str, bytes] = {"a.toml": head.encode()}
    if table is not None:
        files = {"a.toml": (head + 'file = "t"\n').encode(), "t": table}
    faults = Faults()
    found = parse_returns(files, "", BATCH, rules, faults)
    said = [str(fault) for fault in faults.found]
    assert not any(number in line for number in (ZHANG, LI, WU, CODE) for line in said)
    return found, said


def sound(head: str = HEAD, table: bytes | None = None, rules: Rules = RULES) -> ScreeningReturn:
    (found,), said = parse(head, table, rules)
    assert said == []
    return found


def fault(head: str = HEAD, table: bytes | None = None, rules: Rules = RULES) -> str:
    _, (said,) = parse(head, table, rules)
    return said


def nomination(subject: Subject, batch: BatchId = BATCH, cell: str = "E4") -> Nomination:
    place = Place(f"lists/batches/{batch}/nominations/妇联.xlsx", sheet="报送名单", cell=cell)
    return Nomination(
        batch, place, subject, CategoryCode("A7"), "示例", "示例", UnitId("fulian"), received=date(2026, 12, 1)
    )


# -- what a hit means ------------------------------------------------------------------------------------------


class TestEffect:
    def test_what_the_answer_leaves_out_the_source_says(self) -> None:
        assert sound().effect is HitEffect.EXCLUDES
        assert sound(HEAD.replace("法院", "征信机构")).effect is HitEffect.NOTE

    @pytest.mark.parametrize(
        ("source", "effect"),
        [
            ("法院", "excludes"),
            ("市监局", "excludes-until-removed"),
            ("市监局", "excludes"),
            ("征信机构", "excludes-until-removed"),
            ("征信机构", "note"),
        ],
    )
    def test_the_same_or_stricter_needs_no_grounds(self, source: str, effect: str) -> None:
        assert sound(HEAD.replace("法院", source) + f'effect = "{effect}"\n').effect == effect

    @pytest.mark.parametrize(
        ("source", "effect", "said"),
        [
            ("法院", "note", "法院查到的算“严重失信，不列入”，这里写的“只提示”比它轻"),
            (
                "法院",
                "excludes-until-removed",
                "法院查到的算“严重失信，不列入”，这里写的“异常，移出前不列入”比它轻",
            ),
            ("市监局", "note", "市监局查到的算“异常，移出前不列入”，这里写的“只提示”比它轻"),
        ],
    )
    def test_weaker_only_on_grounds(self, source: str, effect: str, said: str) -> None:
        head = HEAD.replace("法院", source) + f'effect = "{effect}"\n'
        for blank in ("", 'effect_grounds = "  "\n'):
            advice = "去掉 effect；确实要放宽，就写上 effect_grounds，说明理由"
            assert fault(head + blank) == f"a.toml › effect：{said}。{advice}"
        assert sound(head + 'effect_grounds = "会商纪要〔2026〕3号"\n').effect == effect

    def test_a_source_nobody_described_must_say(self) -> None:
        bare = Rules(screening_sources=("法院",))
        assert fault(rules=bare) == (
            "a.toml › effect：没有写查到的算什么，content/site.toml 里也没有写法院的。写上 effect，可以是 "
            '"excludes"（严重失信，不列入）、"excludes-until-removed"（异常，移出前不列入）、"note"（只提示）'
        )
        assert sound(HEAD + 'effect = "note"\n', rules=bare).effect is HitEffect.NOTE

    def test_an_effect_there_is_not(self) -> None:
        assert fault(HEAD + 'effect = "excluded"\n') == (
            "a.toml › effect：只能是 excludes、excludes-until-removed、note 之一。是不是想写 excludes"
        )

    def test_a_source_that_need_not_answer_may(self) -> None:
        assert sound(HEAD.replace("法院", "征信机构")).source == "征信机构"
        assert fault(HEAD.replace("法院", "法远")).startswith("a.toml › source：不认识的筛查来源：法远")


class TestSince:
    """From which day a listing counts where its row does not say."""

    def test_rows_without_a_day_count_from_it(self) -> None:
        table = by_csv([HITS, ("张三", ZHANG, "", "", ""), ("李四", LI, "2025-03-01", "", "")])
        found = sound(HEAD + "since = 2026-05-06\n", table)
        assert [hit.recorded for hit in found.hits] == [date(2026, 5, 6), date(2025, 3, 1)]

    def test_a_table_without_that_column(self) -> None:
        table = by_csv([("姓名", "证件号码"), ("张三", ZHANG)])
        assert sound(HEAD + "since = 2026-05-06\n", table).hits == (Hit(ZHANG, date(2026, 5, 6)),)
        assert fault(HEAD, table).startswith("t：表头里找不到：列入日期")

    def test_without_it_every_row_must_say(self) -> None:
        assert fault(HEAD, by_csv([HITS, ("张三", ZHANG, "", "", "")])) == (
            "t:2 › 列入日期：没有写列入日期。请筛查单位补上"
        )

    def test_a_day_that_is_none_is_not_filled_in(self) -> None:
        table = by_csv([HITS, ("张三", ZHANG, "去年", "", "")])
        assert "看不懂的日期" in fault(HEAD + "since = 2026-05-06\n", table)

    def test_later_than_the_answer(self) -> None:
        assert fault(HEAD + "since = 2026-12-29\n") == (
            "a.toml › since：起算的日期 2026-12-29 晚于回复的日期 2026-12-28。核对日期"
        )


# -- our own table, filled in ----------------------------------------------------------------------------------

ASKED: list[Subject] = in_order(
    [
        Person("吴六", Number(WU)),
        Organisation("示例食品厂", CreditCode(CODE)),
        Person("张三", Number(ZHANG)),
        Person("李四", Number(LI)),
    ]
)


def filled(answers: Mapping[str, tuple[object, ...]], rest: str = "无") -> bytes:
    """Return our table with what a source wrote beside each number: 是否有记录, and the columns behind it."""
    book = openpyxl.load_workbook(io.BytesIO(inquiry("示例", ASKED, [""] * len(ASKED))))
    sheet = book.worksheets[0]
    rows: list[list[object]] = [list(row) for row in sheet.iter_rows(values_only=True)]
    for row in rows[HEADER_ROW:]:
        given = answers.get(str(row[3] or row[4]), (rest,))
        row[5 : 5 + len(given)] = [*given]
    return by_openpyxl(rows)


class TestTheTableWeSent:
    def test_what_it_holds(self) -> None:
        data = inquiry("示例", ASKED, ["居民身份证"] * 3 + [""])
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        rows = list(sheet.iter_rows(min_row=HEADER_ROW, values_only=True))
        assert rows[0] == HEADERS
        assert rows[1:] == [
            ("1", "吴六", "居民身份证", WU, *[None] * 5),
            ("2", "张三", "居民身份证", ZHANG, *[None] * 5),
            ("3", "李四", "居民身份证", LI, *[None] * 5),
            ("4", "示例食品厂", "统一社会信用代码", None, CODE, *[None] * 4),
        ]
        assert {cell.number_format for row in sheet.iter_rows(min_row=4) for cell in row if cell.value} == {"@"}
        (rule,) = sheet.data_validations.dataValidation
        assert (str(rule.sqref), rule.formula1) == ("F4:F7", '"有,无"')
        assert data == inquiry("示例", ASKED, ["居民身份证"] * 3 + [""])

    def test_rows_with_a_record_are_hits_and_the_others_nobodys_concern(self) -> None:
        found = sound(table=filled({ZHANG: ("有", date(2026, 5, 6), None, "示例"), CODE: ("是", "2026.5.7")}))
        assert found.hits == (
            Hit(ZHANG, date(2026, 5, 6), None, "示例"),
            Hit(CODE, date(2026, 5, 7)),
        )

    def test_a_day_alone_is_a_record(self) -> None:
        assert [hit.number for hit in sound(table=filled({LI: ("", "2026-05-06")})).hits] == [LI]

    def test_only_the_hits_marked(self) -> None:
        found = sound(table=filled({LI: ("有", "2026-05-06")}, rest=""))
        assert [hit.number for hit in found.hits] == [LI]

    @pytest.mark.parametrize("word", ["无", "否", "没有", "无记录", "n", "/", "—"])
    def test_nobody(self, word: str) -> None:
        assert sound(table=filled({}, rest=word)).hits == ()

    def test_a_table_that_came_back_empty_is_no_answer(self) -> None:
        advice = "请筛查单位每行都写“有”或“无”；一个也没有查到，就不交表格，只交答复"
        said = fault(table=filled({}, rest=""))
        assert said == f"t › 名单 › F4：从这里起有4行没有写有没有记录，看不出查过没有。{advice}"

    def test_a_table_left_unfinished_is_none_either(self) -> None:
        assert "从这里起有2行没有写有没有记录" in fault(table=filled({ZHANG: ("",), LI: ("",)}))

    def test_what_contradicts_itself(self) -> None:
        said = fault(table=filled({ZHANG: ("无", "2026-05-06")}))
        assert said == ("t › 名单 › F5：写着“无”，却有列入日期。请筛查单位核对，有没有记录只能是一样")

    def test_a_word_that_says_neither(self) -> None:
        assert "看不出有没有记录。请筛查单位写“有”或者“无”" in fault(table=filled({ZHANG: ("待查",)}))

    def test_a_record_without_its_day(self) -> None:
        assert fault(table=filled({ZHANG: ("有",)})) == ("t › 名单 › G5：没有写列入日期。请筛查单位补上")

    def test_a_number_that_was_changed(self) -> None:
        book = openpyxl.load_workbook(io.BytesIO(filled({ZHANG: ("有", "2026-05-06")})))
        book.worksheets[0]["D5"] = ZHANG[:-1] + "4"
        made = io.BytesIO()
        book.save(made)
        assert "身份证号校验位不对" in fault(table=made.getvalue())

    @given(st.lists(st.sampled_from(["有", "无", ""]), min_size=4, max_size=4))
    def test_no_row_is_lost(self, words: list[str]) -> None:
        """Every row marked is a hit, or the table is refused: nobody passes for not having been read."""
        numbers = [WU, ZHANG, LI, CODE]
        answers = {n: (w, "2026-05-06") if w == "有" else (w,) for n, w in zip(numbers, words, strict=True)}
        found, said = parse(table=filled(answers))
        marked = [n for n, w in zip(numbers, words, strict=True) if w == "有"]
        assert bool(said) == ("" in words and ("无" in words or not marked))
        assert [hit.number for hit in found[0].hits] == marked


# -- whom a source is asked about, and since when ---------------------------------------------------------------

PERSON, FIRM = ASKED[0], ASKED[-1]


class TestRequired:
    def test_those_asked_about_its_kind(self) -> None:
        assert required(RULES, date(2026, 12, 20), PERSON) == ("法院",)
        assert required(RULES, date(2026, 12, 20), FIRM) == ("市监局", "法院")

    def test_a_source_added_later_is_not_asked_of_earlier_batches(self) -> None:
        court = replace(RULES.sources[1], since=date(2026, 12, 20))
        rules = replace(RULES, sources=(RULES.sources[0], court))
        assert required(rules, date(2026, 12, 19), PERSON) == ()
        assert required(rules, date(2026, 12, 20), PERSON) == ("法院",)

    def test_sources_nobody_described_are_asked_about_everybody(self) -> None:
        bare = replace(RULES, sources=())
        assert required(bare, date(2026, 12, 20), PERSON) == ("市监局", "法院")


class TestAnswered:
    BATCH = Batch(BATCH, "示例", date(2026, 12, 20), notice_start=date(2027, 1, 4))

    def missed(self, rules: Rules, *nominations: Nomination) -> list[str]:
        faults = Faults()
        check_answered(self.BATCH, (), rules, "batch.toml", faults, nominations)
        return [str(found).partition("，")[2].partition("。")[0] for found in faults.found]

    def test_only_those_asked_about_somebody_are_missed(self) -> None:
        assert self.missed(RULES, nomination(PERSON)) == ["法院还没有回复"]
        assert self.missed(RULES, nomination(PERSON), nomination(FIRM)) == ["市监局还没有回复", "法院还没有回复"]
        assert self.missed(RULES) == ["法院还没有回复"]

    def test_nor_those_added_since(self) -> None:
        rules = replace(RULES, sources=(Source("法院", since=date(2026, 12, 21)),), screening_sources=("法院",))
        assert self.missed(rules, nomination(PERSON)) == []


def test_a_batch_keeps_its_own_sources_and_may_ask_those_of_today() -> None:
    kept = Rules(screening_sources=("法院",), sources=(Source("法院", HitEffect.NOTE),))
    known = known_rules(kept, RULES)
    assert known.screening_sources == ("法院", "市监局")
    assert [(source.name, source.effect) for source in known.sources] == [
        ("法院", HitEffect.NOTE),
        ("市监局", HitEffect.UNTIL_REMOVED),
        ("征信机构", HitEffect.NOTE),
    ]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            Rules(screening_sources=("市监管局",), sources=(Source("市监局"),)),
            "site.toml › rules.screening_sources：市监管局 要等它答复，却没有写一段 "
            "[[rules.sources]]。是不是想写 市监局",
        ),
        (
            Rules(sources=(Source("法院"), Source("法院"))),
            "site.toml › rules.sources[2].name：法院 写了两次。只留一处",
        ),
        (
            Rules(sources=(Source("法院/执行局"),)),
            "site.toml › rules.sources[1].name：名称里不能有 /。这个名称要用作文件名，请改写",
        ),
    ],
)
def test_what_is_wrong_with_sources(rules: Rules, said: str) -> None:
    faults = Faults()
    check_sources(rules, "site.toml", faults)
    assert [str(found) for found in faults.found] == [said]


# -- what somebody should look at ------------------------------------------------------------------------------


class TestHints:
    PLACE = Place("screening/法院.xlsx", sheet="结果", cell="C2")
    NOMINATED = (nomination(Person("张三", Number(ZHANG))), nomination(FIRM, cell="E5"))

    def of(self, name: str, number: str, *nominations: Nomination) -> list[str]:
        hit = Hit(number, date(2026, 5, 6), None, "", name, self.PLACE)
        answer = ScreeningReturn(BATCH, "法院", date(2026, 12, 28), "示例", HitEffect.EXCLUDES, (hit,))
        found = hints([answer], nominations or self.NOMINATED)
        assert not any(text in str(hint) for hint in found for text in (ZHANG, LI, WU, CODE, "张三", "李四"))
        return [str(hint) for hint in found]

    def test_a_name_without_its_number(self) -> None:
        assert self.of("张 三", LI) == [
            "screening/法院.xlsx › 结果 › C2：名单上没有这个号码，姓名或名称却和 "
            "lists/batches/2027-01/nominations/妇联.xlsx › 报送名单 › E4 的一样。没有当成查到。"
            "请核对是不是同一个人或单位：是，就请写错号码的一方更正；不是，不用管"
        ]

    def test_a_number_under_another_name(self) -> None:
        assert self.of("李四", ZHANG) == [
            "screening/法院.xlsx › 结果 › C2：号码和 "
            "lists/batches/2027-01/nominations/妇联.xlsx › 报送名单 › E4 的一样，姓名或名称却不同。"
            "已经按号码当成查到。请和筛查单位核对；号码写错了，就请他们重新答复"
        ]

    @pytest.mark.parametrize(
        ("name", "number"),
        [("张三", ZHANG), ("张·三", ZHANG), ("张*", ZHANG), ("", ZHANG), ("吴六", WU), ("示例食品厂", CODE)],
    )
    def test_what_needs_no_look(self, name: str, number: str) -> None:
        assert self.of(name, number) == []

    def test_a_name_of_another_batch_tells_nothing(self) -> None:
        assert self.of("张三", LI, nomination(Person("张三", Number(ZHANG)), BatchId("2026-01"))) == []

    def test_a_name_put_right_is_known_under_both(self) -> None:
        both = (nomination(Person("章三", Number(ZHANG))), *self.NOMINATED)
        assert self.of("张三", ZHANG, *both) == self.of("章三", ZHANG, *both) == []
