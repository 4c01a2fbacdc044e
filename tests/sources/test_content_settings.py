"""What staff are told of a TOML file with faults: all of them, each with its place, in plain Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from generator.core.model import AnyOf, Honour, Notice, Scenario, ScoreAtLeast, Settings, Strict, Window
from generator.errors import Faults
from generator.sources.settings import parse_page, parse_toml

HEAD = 'name = "信易+餐饮"\narea = "肇东市"\nstatus = "active"\n'
CHECK_TOML = "检查等号两边、引号和方括号是否成对；文字要加引号，日期写成 2026-11-16，不加引号"
CHECK_HEAD = "第一行写 +++，接着写各项，再单独写一行 +++，正文放在后面"
CHOICES = "score_at_least、tax_class、rating_at_least、honour、kind、any、all"


def parse_scenario(head: str, faults: Faults) -> Scenario | None:
    return parse_page(f"+++\n{head}+++\n\n正文\n".encode(), "a.md", Scenario, faults, {"id": "a"})


def test_a_page_is_its_head_and_its_body() -> None:
    faults = Faults()
    data = "\ufeff+++\r\ntitle = '公告'\r\npublished = 2026-11-16\r\n+++\r\n\r\n第一段\r\n\r\n+++\r\n".encode()
    notice = parse_page(data, "a.md", Notice, faults, {"id": "a"})
    assert notice == Notice("a", "公告", date(2026, 11, 16), body="第一段\n\n+++")
    assert faults.found == []


def test_arrays_tables_and_choices_become_values() -> None:
    faults = Faults()
    found = parse_scenario(HEAD + '[audience]\nany = [{ score_at_least = 1050 }, { honour = ["A"] }]\n', faults)
    assert found is not None
    assert found.audience == AnyOf((ScoreAtLeast(1050), Honour(("A",))))  # type: ignore[arg-type]
    assert faults.found == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('area = "x"\nstatus = "active"\n', ["a.md › name：缺少这一项。请补上"]),
        (HEAD.replace("信易+餐饮", "  "), ["a.md › name：不能空着。请补上"]),
        (HEAD + 'providr = "x"\n', ["a.md › providr：不认识的项。是不是想写 provider"]),
        (HEAD + "zzzz = 1\n", ["a.md › zzzz：不认识的项。删掉它，或改成这里能用的项"]),
        (HEAD + "provider = 1\n", ["a.md › provider：应当是文字。两边加上引号"]),
        (HEAD + 'number = "1"\n', ["a.md › number：应当是整数。只写数字，不加引号"]),
        (HEAD + "number = 1.0\n", ["a.md › number：应当是整数。只写数字，不加引号"]),
        (HEAD + "number = true\n", ["a.md › number：应当是整数。只写数字，不加引号"]),
        (
            HEAD + 'since = "2026-01-01"\n',
            ["a.md › since：应当是日期。写成 2026-11-16，不加引号，也不带钟点"],
        ),
        (
            HEAD + "since = 2026-01-01T00:00:00\n",
            ["a.md › since：应当是日期。写成 2026-11-16，不加引号，也不带钟点"],
        ),
        (HEAD + 'conditions = "x"\n', ["a.md › conditions：应当是一组值。用方括号括起来，中间用逗号隔开"]),
        (HEAD + 'conditions = ["x", 2]\n', ["a.md › conditions[2]：应当是文字。两边加上引号"]),
        (
            HEAD.replace("active", "activ"),
            ["a.md › status：只能是 active、planned 之一。是不是想写 active"],
        ),
        (
            HEAD + 'benefit_kinds = ["减免费"]\n',
            [
                "a.md › benefit_kinds[1]：只能是 减免费用、享受优惠、免交押金、降低门槛、优先办理、简化程序、"
                "享受便利 之一。是不是想写 减免费用"
            ],
        ),
        (HEAD + "audience = {}\n", [f"a.md › audience：这里要写一种条件，只写一种。可以用 {CHOICES}"]),
        (HEAD + 'audience = "A"\n', [f"a.md › audience：这里要写一种条件，只写一种。可以用 {CHOICES}"]),
        (
            HEAD + 'audience = { score_at_least = 1, tax_class = ["A"] }\n',
            [f"a.md › audience：这里要写一种条件，只写一种。可以用 {CHOICES}"],
        ),
        (
            HEAD + "audience = { any = [{ score_at_least = 1 }, { score_at_leas = 1 }] }\n",
            [f"a.md › audience.any[2]：这里要写一种条件，只写一种。可以用 {CHOICES}"],
        ),
        (
            HEAD + 'audience = { all = [{ any = [{ score_at_least = "1050" }] }] }\n',
            ["a.md › audience.all[1].any[1].score_at_least：应当是整数。只写数字，不加引号"],
        ),
        (HEAD + "number =\n", [f"a.md:5：这一行不合 TOML 的写法。{CHECK_TOML}"]),
        (HEAD + "since = 2026-02-30\n", [f"a.md:5：这一行不合 TOML 的写法。{CHECK_TOML}"]),
        (HEAD + "conditions = [\n", [f"a.md:5：这一行不合 TOML 的写法。{CHECK_TOML}"]),
        (HEAD + 'area = "x"\n', ["a.md:5：这一项写了两次。只留一处"]),
        (HEAD + 'body = "x"\n', [f"a.md › body：正文不写在说明项里。{CHECK_HEAD}"]),
        (
            HEAD + 'provider = 1\nnumber = "x"\n',
            ["a.md › provider：应当是文字。两边加上引号", "a.md › number：应当是整数。只写数字，不加引号"],
        ),
    ],
)
def test_every_fault_is_told_in_chinese(head: str, expected: list[str]) -> None:
    faults = Faults()
    assert parse_scenario(head, faults) is None
    assert sorted(map(str, faults.found)) == sorted(expected)


@pytest.mark.parametrize("text", ["", "正文\n", "+++\ntitle = 'x'\n", "\n+++\n+++\n", "+++ \nx = 1\n++\n"])
def test_a_page_without_a_head_is_a_fault(text: str) -> None:
    faults = Faults()
    assert parse_page(text.encode(), "a.md", Notice, faults) is None
    assert [str(fault) for fault in faults.found] == [f"a.md:1：开头没有用两行 +++ 围起来的说明项。{CHECK_HEAD}"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_another_encoding_is_a_fault_that_says_what_to_do(encoding: str) -> None:
    faults = Faults()
    assert parse_toml("a = 1\nname = '示例'\n".encode(encoding), "site.toml", Settings, faults) is None
    line = 2 if encoding == "gb18030" else 1
    advice = "在记事本或 WPS 里选“另存为”，编码选 UTF-8，再放回原处"
    assert [str(fault) for fault in faults.found] == [f"site.toml:{line}：文件的编码不是 UTF-8。{advice}"]


def test_a_table_in_the_wrong_place_is_told_by_its_path() -> None:
    faults = Faults()
    text = (
        "name = '信易+'\noffice = '信用办'\ndomain = 'x.example'\ntargets = { disk = { kind = 'ftp', path = 'x' } }\n"
        "[rules]\ncount_first_day = 1\nnotice_working_day = 7\n[contact]\nphone = 1\n[footer]\nicp = []\n"
    )
    assert parse_toml(text.encode(), "site.toml", Settings, faults) is None
    assert sorted(map(str, faults.found)) == [
        "site.toml › contact.phone：应当是文字。两边加上引号",
        "site.toml › footer.icp：应当是文字。两边加上引号",
        "site.toml › rules.count_first_day：应当是 true 或 false。不加引号",
        "site.toml › rules.notice_working_day：不认识的项。是不是想写 notice_working_days",
        "site.toml › targets.disk.kind：只能是 folder 之一",
    ]


def test_a_value_in_place_of_a_table_is_told() -> None:
    faults = Faults()
    text = "name = 'x'\noffice = 'x'\ndomain = 'x'\ntargets = 1\nrules = 2\n"
    assert parse_toml(text.encode(), "site.toml", Settings, faults) is None
    advice = "应当是一组带名字的项。写成 { 名字 = 值 }，或单开一节"
    assert [str(fault) for fault in faults.found] == [f"site.toml › rules：{advice}", f"site.toml › targets：{advice}"]


@dataclass(frozen=True)
class Entry(Strict):
    """An entry with an id."""

    id: str
    window: Window | None = None


@dataclass(frozen=True)
class Entries(Strict):
    """A file of entries."""

    entry: tuple[Entry, ...]


def test_entries_are_called_by_their_ids_or_counted_from_one() -> None:
    faults = Faults()
    text = "[[entry]]\nid = 'x'\nz = 1\n[[entry]]\nid = ''\n"
    assert parse_toml(text.encode(), "a.toml", Entries, faults) is None
    assert [str(fault) for fault in faults.found] == [
        "a.toml › entry[x].z：不认识的项。删掉它，或改成这里能用的项",
        "a.toml › entry[2].id：不能空着。请补上",
    ]


def test_a_value_its_class_refuses_is_a_fault() -> None:
    faults = Faults()
    text = "[[entry]]\nid = 'x'\nwindow = { not_before = 2026-01-02, not_after = 2026-01-01 }\n"
    assert parse_toml(text.encode(), "a.toml", Entries, faults) is None
    assert [str(fault) for fault in faults.found] == ["a.toml › entry[x].window：这个值不能用。请核对"]
