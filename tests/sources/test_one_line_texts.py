"""Names, titles and whatever else is one line hold no characters that nobody sees; ids are names of files anywhere."""

from __future__ import annotations

import pytest

from generator.core.model import Merchant, MerchantId, Page, Policy, PolicyId, Scenario, ScenarioId, Settings
from generator.errors import Faults
from generator.sources.agreement import Parsed, check_agreement
from generator.sources.content import MerchantsFile, UnitsFile
from generator.sources.measures import COLUMNS, parse_measures
from generator.sources.settings import parse_page, parse_toml

BIDI = r"\u202e"
MEND = "，会让显示出来的和写的不一样。删掉它们，写成一行；粘贴来的请重新打一遍"
SCENARIO = (
    'name = "信易+{}"\narea = "示例县"\nstatus = "planned"\nprovider = "{}"\nbenefit = "{}"\nnotes = ["a", "{}"]\n'
)


def told(faults: Faults) -> list[str]:
    return [str(fault) for fault in faults.found]


@pytest.mark.parametrize(
    ("text", "type_", "field"),
    [
        (f'[[merchant]]\nid = "a-b"\nname = "甲{BIDI}"\nscenarios = []\n', MerchantsFile, "merchant[a-b].name"),
        (
            f'[[merchant]]\nid = "a-b"\nname = "甲"\nscenarios = ["{BIDI}"]\n',
            MerchantsFile,
            "merchant[a-b].scenarios[1]",
        ),
        (f'[[unit]]\nid = "u"\nname = "甲{BIDI}"\narea = "b"\nlevel = "city"\n', UnitsFile, "unit[u].name"),
        (f'name = "甲"\noffice = "乙{BIDI}"\ndomain = "x"\n', Settings, "office"),
        (f'name = "甲"\noffice = "乙"\ndomain = "x"\n[contact]\nphone = "{BIDI}1"\n', Settings, "contact.phone"),
    ],
)
def test_toml(text: str, type_: type, field: str) -> None:
    faults = Faults()
    assert parse_toml(text.encode(), "a.toml", type_, faults) is None
    assert f"a.toml › {field}：有看不见的字符（U+202E）{MEND}" in told(faults)


def test_the_name_of_an_item() -> None:
    faults = Faults()
    text = 'name = "a"\noffice = "b"\ndomain = "c"\n[targets."u\\u001b[8m"]\nkind = "folder"\npath = "x"\n'
    assert parse_toml(text.encode(), "a.toml", Settings, faults) is None
    assert told(faults) == [f"a.toml › targets.u\x1b[8m：有看不见的字符（U+001B）{MEND}"]


def test_every_one_of_a_page_is_told() -> None:
    faults = Faults()
    head = SCENARIO.format(*(rf"{letter}" for letter in (r"\n", r"\t", r"\u200b", r"\u2028")))
    assert parse_page(f"+++\n{head}+++\n正文\n".encode(), "a.md", Scenario, faults, {"id": "a"}) is None
    assert told(faults) == [
        f"a.md › {field}：有看不见的字符（{mark}）{MEND}"
        for field, mark in (("name", "U+000A"), ("provider", "U+0009"), ("benefit", "U+200B"), ("notes[2]", "U+2028"))
    ]


def test_the_body_of_a_page_is_free() -> None:
    faults = Faults()
    found = parse_page("+++\ntitle = 'a'\n+++\n一\n\n二\u200d\n".encode(), "a.md", Page, faults, {"id": "a"})
    assert found == Page("a", "a", body="一\n\n二\u200d")
    assert faults.found == []


def test_measures_may_have_several_lines_and_nothing_else() -> None:
    faults = Faults()
    parse_measures(f'{",".join(COLUMNS)}\n1,"a\nb",u,,,,\n2,甲\u202e,u,,,,\n'.encode(), "m.csv", faults)
    assert told(faults) == [f"m.csv:4 › 措施：有看不见的字符（U+202E）{MEND}"]


@pytest.mark.parametrize("name", ["con", "prn", "aux", "nul", "com1", "lpt9"])
def test_ids_that_windows_makes_no_file_of(name: str) -> None:
    faults = Faults()
    page, folders = Page(name, "a", body="b"), frozenset[str]()
    policy = Policy(PolicyId(name), "a", "b", "c", "trial", ())
    scenario = Scenario(ScenarioId(name), "a", "b", "planned")
    merchant = Merchant(MerchantId(name), "a", (ScenarioId("canyin"),))
    harmless = Page(f"{name}-1", "a", body="b")
    parsed = Parsed(
        None, None, None, (merchant,), (), (policy,), (scenario,), (), (), (page, harmless), folders,
        frozenset({"canyin"}),
    )  # fmt: skip
    check_agreement(parsed, faults)
    advice = f"Windows 不让文件叫 {name}。请换一个，如 {name}-1"
    assert {str(fault) for fault in faults.found if "Windows" in fault.advice} == {
        f"content/merchants.toml › merchant[{name}].id：商户编号写得不对。{advice}",
        *(
            f"content/{path}：编号 {name} 写得不对。{advice}"
            for path in (f"pages/{name}.md", f"policies/{name}/policy.toml", f"scenarios/{name}.md")
        ),
    }
    assert not any(f"{name}-1.md" in str(fault.place) for fault in faults.found)
