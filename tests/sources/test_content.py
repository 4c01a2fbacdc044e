"""Reading content/: a small good one, and each way to get it wrong with the words staff then see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from generator.core.model import Content, Measure, PolicyPart, UnitId
from generator.errors import Faults
from generator.sources.content import read_content
from generator.sources.measures import parse_measures

HEADER = "序号,措施,开发单位,实施单位,领域,标记,编者说明\n"
GOOD = {
    "site.toml": """
name = "信易+"
office = "示例县信用办"
domain = "xinyi.example"
[rules]
rating_scale = ["C", "B", "A"]
""",
    "units.toml": """
[[unit]]
id = "fs-sifaju"
name = "司法局"
area = "抚松县"

[[unit]]
id = "zd-sifaju"
name = "司法局"
area = "肇东市"

[[unit]]
id = "fs-jiaotongju"
name = "交通运输局"
area = "抚松县"
aliases = ["交运局"]
""",
    "categories.toml": """
[[category]]
code = "A1"
name = "优秀教师"
subject = "person"
units = ["fs-sifaju"]

[[category]]
code = "B1"
name = "诚信企业"
subject = "organisation"
open = true
""",
    "merchants.toml": """
[[merchant]]
id = "gongzhengchu"
name = "公证处"
scenarios = ["gongzheng"]
""",
    "measures.csv": HEADER + "1,免押金借雨伞,fs-sifaju,政务大厅,公共服务,stub; typo,只有几个字\n\n",
    "policies/fangan/policy.toml": """
title = "方案"
area = "抚松县"
issuer = "示例县信用办"
status = "trial"
[[parts]]
kind = "plan"
title = "正文"
file = "plan.md"
[[bases]]
title = "条例"
""",
    "policies/fangan/plan.md": "\n第一段\n",
    "scenarios/gongzheng.md": """+++
name = "信易+公证"
area = "抚松县"
status = "active"
provider = "公证处"
benefit = "免排队"
units = ["fs-sifaju"]
policy = "fangan"
number = 1
[audience]
any = [
  { score_at_least = 1050 },
  { tax_class = ["A"] },
  { rating_at_least = "B" },
  { all = [{ honour = ["A", "B1"] }, { kind = ["person"] }] },
]
+++
免排队。
""",
    "scenarios/guanying.md": """+++
name = "信易+观影"
area = "抚松县"
status = "planned"
+++
""",
    "notices/gongshi.md": "+++\ntitle = '公示'\npublished = 2026-11-16\nbatch = '2026-01'\n+++\n",
    "notices/baosong.md": "+++\ntitle = '报送'\npublished = 2026-11-17\n+++\n",
    "cases/jieshu.md": ("+++\ntitle = '借书'\npublished = 2026-11-16\ninvented = true\nscenario = 'gongzheng'\n+++\n"),
    "pages/about.md": "+++\ntitle = '关于'\n+++\n\n说明\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def read(root: Path) -> tuple[Content | None, list[str]]:
    faults = Faults()
    content = read_content(root, faults)
    return content, [str(fault) for fault in faults.found]


def test_good_content_is_read_whole(tmp_path: Path) -> None:
    content, faults = read(write(tmp_path, GOOD))
    assert faults == []
    assert content is not None
    assert list(content.units) == ["fs-sifaju", "zd-sifaju", "fs-jiaotongju"]
    assert list(content.categories) == ["A1", "B1"]
    assert content.measures == (
        Measure(1, "免押金借雨伞", UnitId("fs-sifaju"), "政务大厅", "公共服务", ("stub", "typo"), "只有几个字"),
    )
    assert content.policies[0].id == "fangan"
    assert content.policies[0].parts == (PolicyPart("plan", "正文", "plan.md", "第一段"),)
    assert [scenario.status for scenario in content.scenarios.values()] == ["planned", "active"]
    assert [notice.published for notice in content.notices] == [date(2026, 11, 17), date(2026, 11, 16)]
    assert content.pages[0].body == "说明"


def test_what_systems_and_editors_leave_behind_is_passed_over(tmp_path: Path) -> None:
    root = write(tmp_path, GOOD | {"scenarios/.DS_Store": "", "pages/Thumbs.db": "", "policies/fangan/~plan.md": ""})
    content, faults = read(root)
    assert faults == []
    assert content is not None


@dataclass(frozen=True)
class Mistake:
    """One edit of the good content, and every fault it leads to."""

    file: str
    old: str
    new: str
    faults: tuple[str, ...]


SITE, UNITS, SCENARIO = "site.toml", "units.toml", "scenarios/gongzheng.md"
AT_SITE, AT_UNITS = "content/site.toml › ", "content/units.toml"
AT_SCENARIO = "content/scenarios/gongzheng.md › "
AT_MERCHANT = "content/merchants.toml › merchant[gongzhengchu].scenarios："
AT_POLICY = "content/policies/fangan/policy.toml › "
PLAN_IT = '请补上；还没有定下来的场景，写 status = "planned"'
EMPTY_GROUP = (f"{AT_SCENARIO}audience：条件里有空的一组。写上内容，或删掉这个条件",)
MISTAKES = {
    "no such time zone": Mistake(
        SITE, "[rules]", 'timezone = "Asia/Harbi"\n[rules]',
        (f"{AT_SITE}timezone：没有 Asia/Harbi 这个时区。写成 Asia/Shanghai",),
    ),
    "a rule below one": Mistake(
        SITE, "[rules]", "[rules]\nnotice_working_days = 0",
        (f"{AT_SITE}rules.notice_working_days：应当是从 1 起的整数。请核对",),
    ),
    "no day to look back from": Mistake(
        SITE, "[rules]", "[rules]\nreference_days = []",
        (
            f"{AT_SITE}rules.reference_days：至少要写一个日子"
            "。写 screening（筛查日）或 recognition（认定日），也可以都写",
        ),
    ),
    "a grade twice": Mistake(
        SITE, '"A"]', '"A", "A"]', (f"{AT_SITE}rules.rating_scale：等级 A 用了 2 次。改成各不相同",)
    ),
    "a unit twice": Mistake(
        UNITS, 'id = "fs-jiaotongju"', 'id = "fs-sifaju"', (f"{AT_UNITS}：单位编号 fs-sifaju 用了 2 次。改成各不相同",)
    ),
    "an alias of two units": Mistake(
        UNITS, '"交运局"', '"交运局", "司 法 局"',
        (f"{AT_UNITS} › unit[fs-jiaotongju]：名称 司法局 已经用在 fs-sifaju 上。同一地区内一个名称只能指一个单位",),
    ),
    "an id that is no address": Mistake(
        UNITS, 'id = "zd-sifaju"', 'id = "司法局"',
        (
            f"{AT_UNITS} › unit[司法局]：编号 司法局 写得不对"
            "。编号就是网址的一部分，只用小写字母、数字和连字符，如 canyin",
        ),
    ),
    "a category twice": Mistake(
        "categories.toml", '"B1"', '"A1"', ("content/categories.toml：类别代码 A1 用了 2 次。改成各不相同",
        f"{AT_SCENARIO}audience：没有 B1 这个类别。请核对"),
    ),
    "a category without a unit": Mistake(
        "categories.toml", "open = true", "",
        (
            "content/categories.toml › category[B1]：没有哪个单位可以报送这一类"
            "。写上 units，或写 open = true 表示各单位都可以",
        ),
    ),
    "a category of an unknown unit": Mistake(
        "categories.toml", "fs-sifaju", "fs-sifajv",
        ("content/categories.toml › category[A1].units：没有 fs-sifajv 这个单位。是不是想写 fs-sifaju",),
    ),
    "a category code of its own making": Mistake(
        "categories.toml", '"A1"', '"A01"',
        ("content/categories.toml › category[A01].code：类别代码写得不对。一个大写字母加数字，如 A1",),
    ),
    "a measure of an unknown unit": Mistake(
        "measures.csv", "fs-sifaju", "xx",
        ("content/measures.csv › 序号 1 的开发单位：没有 xx 这个单位。请核对",),
    ),
    "a policy's id and folder": Mistake(
        "policies/fangan/policy.toml", 'title = "方案"', 'id = "fang-an"\ntitle = "方案"',
        (f"{AT_POLICY}id：写的是 fang-an，文件或文件夹却叫 fangan。改成一致，或删掉 id",),
    ),
    "a part without its file": Mistake(
        "policies/fangan/policy.toml", "plan.md", "plan2.md",
        (
            "content/policies/fangan/plan2.md：缺少这个文件。policy.toml 的 parts 提到了它",
            "content/policies/fangan/plan.md：policy.toml 没有提到这个文件。写进 parts，或把文件移走",
        ),
    ),
    "a part written into policy.toml": Mistake(
        "policies/fangan/policy.toml", 'file = "plan.md"', 'file = "plan.md"\nbody = "x"',
        (f"{AT_POLICY}parts：正文不写在这里。写进 content/policies/fangan/plan.md",),
    ),
    "an empty part": Mistake(
        "policies/fangan/plan.md", "第一段", "", ("content/policies/fangan/plan.md：文件里没有文字。请补上正文",)
    ),
    "an audience without an end": Mistake(
        SCENARIO, "score_at_least = 1050", 'kind = ["enterprise"]',
        (
            f"{AT_SCENARIO}audience：只写了主体类型，没有写凭什么享受，也就没有期限。"
            "加上分数、纳税信用级别、评价等级或荣誉的条件",
        ),
    ),
    "an unknown basis": Mistake(
        "policies/fangan/policy.toml", 'title = "条例"', 'title = "条例"\npolicy = "fangang"',
        (f"{AT_POLICY}bases：没有 fangang 这个政策。是不是想写 fangan",),
    ),
    "no provider": Mistake(
        SCENARIO, 'provider = "公证处"\n', "", (f"{AT_SCENARIO}provider：已启用的场景要写明这一项。{PLAN_IT}",)
    ),
    "no benefit and no unit": Mistake(
        SCENARIO, 'benefit = "免排队"\nunits = ["fs-sifaju"]\n', "",
        (
            f"{AT_SCENARIO}benefit：已启用的场景要写明这一项。{PLAN_IT}",
            f"{AT_SCENARIO}units：已启用的场景要写明这一项。{PLAN_IT}",
        ),
    ),
    "an unknown unit": Mistake(
        SCENARIO, 'units = ["fs-sifaju"]', 'units = ["xx"]\ncooperating = ["yy"]',
        (f"{AT_SCENARIO}units：没有 xx 这个单位。请核对", f"{AT_SCENARIO}cooperating：没有 yy 这个单位。请核对"),
    ),
    "an unknown policy": Mistake(
        SCENARIO, '"fangan"', '"fangann"', (f"{AT_SCENARIO}policy：没有 fangann 这个政策。是不是想写 fangan",)
    ),
    "a grade off the scale": Mistake(
        SCENARIO, 'rating_at_least = "B"', 'rating_at_least = "D"',
        (f"{AT_SCENARIO}audience：没有 D 这个评价等级。请核对",),
    ),
    "a tax class there is not": Mistake(
        SCENARIO, 'tax_class = ["A"]', 'tax_class = ["A级"]',
        (f"{AT_SCENARIO}audience：没有 A级 这个纳税信用级别。是不是想写 A",),
    ),
    "an honour there is not": Mistake(
        SCENARIO, '"B1"', '"C"', (f"{AT_SCENARIO}audience：没有 C 这个类别。请核对",)
    ),
    "a score everyone has": Mistake(
        SCENARIO, "1050", "0", (f"{AT_SCENARIO}audience：分数应当是从 1 起的整数。否则人人都符合",)
    ),
    "an all that holds for everyone": Mistake(
        SCENARIO, 'all = [{ honour = ["A", "B1"] }, { kind = ["person"] }]', "all = []", EMPTY_GROUP
    ),
    "an honour of nothing": Mistake(SCENARIO, '["A", "B1"]', "[]", EMPTY_GROUP),
    "a number twice": Mistake(
        "scenarios/guanying.md", 'status = "planned"', 'status = "planned"\npolicy = "fangan"\nnumber = 1',
        (
            "content/scenarios/guanying.md › number：序号 1 已经用在 gongzheng 上。改成各不相同",
        ),
    ),
    "an id that is not the file's name": Mistake(
        "pages/about.md", "title", "id = 'abuot'\ntitle",
        ("content/pages/about.md › id：写的是 abuot，文件或文件夹却叫 about。改成一致，或删掉 id",),
    ),
    "a merchant id that is no file name": Mistake(
        "merchants.toml", '"gongzhengchu"', '"公证处"',
        (
            "content/merchants.toml › merchant[公证处].id：商户编号写得不对"
            "。用小写字母、数字和连字符，2 到 32 个，不以连字符开头",
        ),
    ),
    "a merchant of a planned scenario": Mistake(
        "merchants.toml", '["gongzheng"]', '["gongzheng", "guanying"]',
        (f"{AT_MERCHANT}场景 guanying 还没有启用。等场景启用后再写上",),
    ),
    "a merchant of no scenario": Mistake(
        "merchants.toml", '["gongzheng"]', "[]", (f"{AT_MERCHANT}不能空着。写上这家商户参加的场景",)
    ),
    "a merchant of an unknown scenario, twice": Mistake(
        "merchants.toml", '["gongzheng"]', '["gongzhen", "gongzhen"]',
        (
            f"{AT_MERCHANT}场景 gongzhen 用了 2 次。改成各不相同",
            *2 * (f"{AT_MERCHANT}没有 gongzhen 这个场景。是不是想写 gongzheng",),
        ),
    ),
    "a case of an unknown scenario": Mistake(
        "cases/jieshu.md", "'gongzheng'", "'gongzhen'",
        ("content/cases/jieshu.md › scenario：没有 gongzhen 这个场景。是不是想写 gongzheng",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_once_with_its_place(mistake: Mistake, tmp_path: Path) -> None:
    text = GOOD[mistake.file]
    assert mistake.old in text
    _content, faults = read(write(tmp_path, GOOD | {mistake.file: text.replace(mistake.old, mistake.new, 1)}))
    assert sorted(faults) == sorted(mistake.faults)


@pytest.mark.parametrize("name", ["site.toml", "units.toml", "categories.toml", "merchants.toml", "measures.csv"])
def test_a_missing_file_is_one_fault(name: str, tmp_path: Path) -> None:
    content, faults = read(write(tmp_path, {file: text for file, text in GOOD.items() if file != name}))
    assert (content is None) == (name in {"site.toml", "units.toml", "categories.toml"})
    assert faults == [f"content/{name}：缺少这个文件。请补上；可以照着手册里的例子写"]


def test_a_scenario_that_cannot_be_read_is_not_also_called_unknown(tmp_path: Path) -> None:
    _content, faults = read(write(tmp_path, GOOD | {SCENARIO: "免排队。"}))
    assert [fault.partition("。")[0] for fault in faults] == [
        "content/scenarios/gongzheng.md:1：开头没有用两行 +++ 围起来的说明项"
    ]


def test_a_policy_folder_without_policy_toml_is_a_fault(tmp_path: Path) -> None:
    _content, faults = read(write(tmp_path, GOOD | {"policies/leer/plan.md": "x"}))
    assert faults == ["content/policies/leer/policy.toml：缺少这个文件。每份政策文件夹里要有一个 policy.toml"]


def test_a_text_that_would_be_lost_is_a_fault(tmp_path: Path) -> None:
    _content, faults = read(write(tmp_path, GOOD | {"notices/gonggao.md.txt": "x"}))
    advice = "改文件名，或把文件移走；留意被隐藏的 .txt 后缀"
    assert faults == [f"content/notices/gonggao.md.txt：这里只放 .md 文件。{advice}"]


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    root = write(tmp_path, {file: text for file, text in GOOD.items() if file != "measures.csv"})
    (root / "content" / "measures.csv").mkdir()
    _content, faults = read(root)
    assert len(faults) == 1
    assert faults[0].startswith("content/measures.csv：读不出来（")
    assert faults[0].endswith("）。关掉正在打开它的程序，检查权限，再试一次")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    wrong = {SITE: "name = 1\n", "measures.csv": HEADER + "x,,\n", SCENARIO: GOOD[SCENARIO].replace("免排队", "")}
    _content, faults = read(write(tmp_path, GOOD | wrong))
    assert {fault.split("：")[0] for fault in faults} == {
        "content/site.toml › name",
        "content/site.toml › office",
        "content/site.toml › domain",
        "content/measures.csv:2",
        "content/scenarios/gongzheng.md › benefit",
    }


FIELDS = "政务服务、融资信贷、创新创业、交通出行、旅游消费、公共服务、监督检查、评先评优"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1,a,u,,,", ["m.csv:2：有 6 格，应当是 7 格。含逗号的文字要用英文引号括起来"]),
        ("一,a,u,,,,", ["m.csv:2 › 序号：应当是从 1 起的整数。只写数字"]),
        ("0,a,u,,,,", ["m.csv:2 › 序号：应当是从 1 起的整数。只写数字"]),
        ("１,a,u,,,,", ["m.csv:2 › 序号：应当是从 1 起的整数。只写数字"]),
        ("1,,,,,,", ["m.csv:2 › 措施：不能空着。请补上", "m.csv:2 › 开发单位：不能空着。请补上"]),
        ("1,a,u,,政务服,,", [f"m.csv:2 › 领域：只能是 {FIELDS} 之一。是不是想写 政务服务"]),
        ("1,a,u,,,stubb,", ["m.csv:2 › 标记：不认识的标记 stubb。是不是想写 stub"]),
        ('1,"a\nb",u,,,,\n1,c,u,,,,', ["m.csv:4 › 序号：序号 1 用了两次。改成各不相同"]),
        ('1,"a"b,u,,,,', ["m.csv:2：从这一行起读不下去。检查这一行的英文引号是否成对"]),
        ('1,"a,u,,,,', ["m.csv:2：从这一行起读不下去。检查这一行的英文引号是否成对"]),
    ],
)
def test_a_wrong_row_of_measures_is_told_by_its_line(row: str, expected: list[str]) -> None:
    faults = Faults()
    parse_measures((HEADER + row + "\n").encode(), "m.csv", faults)
    assert [str(fault) for fault in faults.found] == expected


def test_measures_without_their_header_are_a_fault() -> None:
    faults = Faults()
    assert parse_measures(b"1,a,u,,,,\n", "m.csv", faults) == ()
    assert [str(fault) for fault in faults.found] == [
        "m.csv:1：第一行不是应有的表头。表头依次是 序号、措施、开发单位、实施单位、领域、标记、编者说明"
    ]


def test_a_text_in_several_lines_stays_one_cell() -> None:
    faults = Faults()
    found = parse_measures((HEADER + '1,"a\nb",u,,,,\n').encode("utf-8-sig"), "m.csv", faults)
    assert [measure.text for measure in found] == ["a\nb"]
    assert faults.found == []
