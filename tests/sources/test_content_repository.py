"""The repository's own content: every fact of the two documents is in it, and none of their sentences."""

from __future__ import annotations

import csv
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from generator.core.model import AnyOf, BenefitKind, Content, Honour, RatingAtLeast, ScoreAtLeast, TaxClass
from generator.errors import Faults
from generator.sources.content import read_content
from generator.sources.measures import FIELDS
from generator.sources.units import unit_by_name

ROOT = Path(__file__).parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
CHECKED = ROOT.parent / "shared" / "facts" / "measures_checked.csv"
LONGEST_COMMON = 13
"""The longest run of characters that our words may share with the documents, names and titles apart."""


@cache
def content() -> Content:
    faults = Faults()
    found = read_content(ROOT, faults)
    assert faults.found == []
    assert found is not None
    return found


SCENARIOS = {
    1: ("信易+餐饮", "辣盆盆小龙虾饭店", "九八折", "市市场监督管理局"),
    2: ("信易+审批", "审批中心", "免排队", "市行政审批服务中心、各政务服务窗口单位"),
    3: ("信易+公证", "肇东市公证处", "免排队", "市司法局"),
    4: ("信易+兴趣培训", "黑龙江省肇东市大卫美术教育", "九八折", "市教育局"),
    5: ("信易+畜牧", "肇东市鸿泰猪病医院", "九八折", "市农业农村局"),
    6: ("信易+宠物", "肇东市博爱宠物医院", "九八折", "市市场监督管理局"),
    7: ("信易+养殖", "明宇养殖场", "九八折", "市农业农村局"),
    8: ("信易+装修", "肇东市焯艺室内外装修服务队", "九八折", "市住建局"),
    9: ("信易+法律援助", "公证处", "一对一", "市司法局"),
}


@pytest.mark.parametrize("number", SCENARIOS)
def test_the_nine_scenarios_stand_as_in_the_annex(number: int) -> None:
    name, provider, benefit, unit = SCENARIOS[number]
    (scenario,) = (s for s in content().scenarios.values() if s.area == "肇东市" and s.number == number)
    assert (scenario.name, scenario.provider, scenario.status) == (name, provider, "active")
    assert benefit in scenario.benefit
    assert "、".join(content().units[id_].name for id_ in scenario.units) == unit
    assert scenario.policy == "zhaodong-2023-7"
    assert scenario.reach == "pilot"
    assert scenario.audience == AnyOf((ScoreAtLeast(1050), TaxClass(("A",)), RatingAtLeast("B")))
    assert any("A级纳税人" in note for note in scenario.notes)


def test_approval_waits_for_papers_on_two_conditions() -> None:
    scenario = next(s for s in content().scenarios.values() if s.id == "shenpi")
    assert "书面" in scenario.conditions[0]
    assert "法律法规" in scenario.conditions[1]


def test_the_scenarios_without_a_word_are_planned() -> None:
    names = {
        s.name.removeprefix("信易").removeprefix("+") for s in content().scenarios.values() if s.status == "planned"
    }
    assert names == {"乡风文明", "医", "油", "社区服务", "观影", "购", "租", "阅", "缴", "贷", "游", "健身"}


def test_the_counters_of_fusong_serve_everyone_on_the_list() -> None:
    found = {s.name: s for s in content().scenarios.values() if s.area == "抚松县"}
    assert set(found) == {"免押金借雨伞", "图书借阅押金减免"}
    for name, number in (("免押金借雨伞", 22), ("图书借阅押金减免", 94)):
        assert found[name].audience == Honour(("A", "B"))  # type: ignore[arg-type]
        assert f"第{number}号" in found[name].notes[0]
        measure = next(m for m in content().measures if m.number == number)
        assert (measure.unit,) == found[name].units


def test_every_active_scenario_can_be_checked_somewhere() -> None:
    served = set(chain.from_iterable(merchant.scenarios for merchant in content().merchants))
    assert served == {s.id for s in content().scenarios.values() if s.status == "active"}
    assert len(served) == 11
    assert len(content().merchants) == 10


CATEGORIES = {
    "A1": ["卫健局"],
    "A2": ["文明办"],
    "A3": ["总工会"],
    "A4": ["公安局"],
    "A5": ["交通运输局"],
    "A6": ["团县委"],
    "A7": ["妇联"],
    "A8": ["教育局"],
    "A9": ["工商联"],
    "A10": ["工信局"],
    "A11": [],
    "A12": [],
    "B1": ["税务局"],
    "B2": ["交运局"],
    "B3": ["文明办"],
    "B4": ["消防大队"],
    "B5": [],
    "B6": [],
}


def test_the_categories_and_who_reports_them() -> None:
    assert list(content().categories) == list(CATEGORIES)
    for code, category in content().categories.items():
        assert list(category.units) == [unit_by_name(content().units, name, "抚松县") for name in CATEGORIES[code]]
        assert category.open == (not CATEGORIES[code])
        assert category.subject == ("person" if code.startswith("A") else "organisation")


def test_families_are_honoured_through_their_principal_members() -> None:
    honours = chain.from_iterable(category.honours for category in content().categories.values())
    families = [honour for honour in honours if "家庭" in honour]
    assert len(families) == 3
    assert all(honour.endswith("（主要成员）") for honour in families)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("交通运输局", "交运局"),
        ("总工会", "工会"),
        ("卫健局", "卫生健康局"),
        ("住建局", "住建"),
        ("市监局", "市场监管局"),
    ],
)
def test_a_unit_named_in_two_ways_is_one(one: str, other: str) -> None:
    found = unit_by_name(content().units, one)
    assert found is not None
    assert found == unit_by_name(content().units, other) == unit_by_name(content().units, other, "抚松县")


def test_every_name_and_alias_finds_its_unit_without_the_area() -> None:
    for unit in content().units.values():
        assert {unit_by_name(content().units, name) for name in (unit.name, *unit.aliases)} == {unit.id}


def test_the_two_counties_units_of_one_name_stay_apart() -> None:
    assert unit_by_name(content().units, "司法局") == "fs-sifaju"
    assert unit_by_name(content().units, "司法局", "肇东市") == "zd-sifaju"
    assert unit_by_name(content().units, "肇东市司法局") == "zd-sifaju"


def test_the_measures_are_numbered_as_in_the_annex() -> None:
    assert [measure.number for measure in content().measures] == [n for n in range(1, 115) if n != 4]


def test_a_measure_with_a_flag_has_a_note() -> None:
    assert [measure.number for measure in content().measures if measure.flags and not measure.note] == []


def test_what_a_document_leaves_blank_stays_blank() -> None:
    texts = {measure.number: measure.text for measure in content().measures}
    assert texts[13].count("X折") == 2
    assert "XX方" in texts[63]
    assert texts[108] == texts[109]
    assert "连续3年" in texts[64]
    assert "A+" in texts[77]


@pytest.mark.skipif(not CHECKED.exists(), reason="shared/facts is not beside this checkout")
def test_the_measures_agree_with_the_checked_table() -> None:
    with CHECKED.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == 113
    for measure, row in zip(content().measures, rows, strict=True):
        assert measure.number == int(row[0])
        assert measure.unit == unit_by_name(content().units, row[1], "抚松县")
        assert measure.implementer == row[3]
        assert list(measure.flags) == [re.sub(r"\(.*", "", flag) for flag in row[-1].split(";") if flag]


def test_the_policy_of_zhaodong_has_its_metadata() -> None:
    policy = next(policy for policy in content().policies if policy.id == "zhaodong-2023-7")
    assert (policy.number, str(policy.made), policy.status) == ("肇信办发〔2023〕7号", "2023-07-14", "trial")
    assert policy.issuer == "肇东市社会信用体系建设领导小组办公室"
    assert policy.addressees == ("各乡镇（办事处）", "市直各部门")
    assert [part.kind for part in policy.parts] == ["notice", "plan", "annex"]
    assert [basis.number for basis in policy.bases] == ["", "黑诚信办发〔2022〕7号", "绥信办发〔2022〕6号"]
    assert all(basis.policy is None for basis in policy.bases)
    assert len(policy.notes) == 7


def test_the_plan_of_zhaodong_has_its_facts() -> None:
    policy = next(policy for policy in content().policies if policy.id == "zhaodong-2023-7")
    plan = policy.parts[1].body
    names = "乡风文明、批、医、油、社区服务、观影、购、租、阅、缴、贷、游、健身、法律援助、公证"
    facts = (names, "1050分", "A级纳税人", "B级", "信用绥化", "西园街道办事处", "松辽社区", "典型案例", *BenefitKind)
    assert [fact for fact in facts if fact not in plan.replace("**", "")] == []
    annex = policy.parts[2].body
    assert [row[1] for row in SCENARIOS.values() if row[1] not in annex] == []


def test_the_plan_of_fusong_has_its_facts() -> None:
    policy = next(policy for policy in content().policies if policy.id == "fusong-plan")
    assert (policy.number, policy.made, policy.status) == ("", None, "undated")
    assert [basis.number for basis in policy.bases] == ["抚信用办发【2021】13号", "抚信用办【2021】12号"]
    assert len(policy.notes) == 6
    plan = policy.parts[0].body.replace("**", "")
    facts = (
        *("国有企业", "个体工商户", "农民专业合作社", "社会组织", "政府部门", "乡镇（街道）", "村居组织"),
        *FIELDS,
        *("三年", "12月20日", "市监局", "法院", "公安局", "第三方", "失信被执行人", "7个工作日", "1年", "第二天"),
        *("白山市", "吉林省", "国家", "商业秘密", "书面道歉", "赔偿", "收回", "等级保护", "专人", "案例"),
    )
    assert [fact for fact in facts if fact not in plan] == []


def test_the_site_says_that_it_is_invented() -> None:
    about = next(page for page in content().pages if page.id == "about")
    assert "都是编的" in about.body
    assert [case.invented for case in content().cases] == [True]
    assert content().settings.site_code == "9900000001"


def test_no_text_states_the_last_day_of_the_notice() -> None:
    notice = next(notice for notice in content().notices if notice.batch)
    assert re.findall(r"\d+月\d+日", notice.body) == []


def names() -> set[str]:
    """Names, titles and terms, which stay as they are."""
    found = content()
    return {
        *chain.from_iterable((policy.title, policy.issuer, policy.number) for policy in found.policies),
        *chain.from_iterable((basis.title, basis.number) for p in found.policies for basis in p.bases),
        *chain.from_iterable((unit.name, *unit.aliases) for unit in found.units.values()),
        *(scenario.provider for scenario in found.scenarios.values()),
        *(honour.removesuffix("（主要成员）") for category in found.categories.values() for honour in category.honours),
        *FIELDS,
        *BenefitKind,
        *("习近平新时代中国特色社会主义思想", "第三方信用服务机构"),
        *("党员诚信示范商户", "诚信经营示范企业", "诚信经营示范商户"),
    } - {""}


def runs(text: str, titles: list[str]) -> list[str]:
    """Return the text between names, each stretch without punctuation and spaces."""
    stretches = re.split("|".join(map(re.escape, titles)), text)
    return ["".join(c for c in stretch if c.isalnum()) for stretch in stretches]


@pytest.mark.skipif(not SEEDS.exists(), reason="shared/seeds is not beside this checkout")
def test_no_sentence_is_copied_from_the_documents() -> None:
    titles = sorted(names(), key=lambda title: (-len(title), title))
    seeds = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt")))
    size = LONGEST_COMMON + 1
    known = {run[i : i + size] for run in runs(seeds, titles) for i in range(len(run) - size + 1)}
    assert len(known) > 1000
    copied = {
        (path.name, run[i : i + size])
        for path in sorted((ROOT / "content").rglob("*.*"))
        for run in runs(path.read_text(encoding="utf-8-sig"), titles)
        for i in range(len(run) - size + 1)
        if run[i : i + size] in known
    }
    assert copied == set()
