"""lists/ as a whole: facts read as they arrived, every fault named with its place, and the fictional lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from generator.core.identifiers import CreditCode, Number
from generator.core.lifecycle import Reason, Stage, stand
from generator.core.model import (
    AnyDecision,
    BatchId,
    Category,
    CategoryCode,
    Content,
    Correction,
    Hit,
    HitEffect,
    Lists,
    Objection,
    Organisation,
    Person,
    PublicationMode,
    Relisting,
    Rules,
    Settings,
    SnapshotRow,
    SubjectKind,
    Unit,
    UnitId,
    Window,
)
from generator.errors import Faults
from generator.sources.content import read_content
from generator.sources.decisions import HEAD_PATH, append, encode_head
from generator.sources.holidays import parse_calendar
from generator.sources.lists import parse_lists, read_lists
from generator.sources.nominations import parse_publication
from tests.fictional import DEMO_DAY
from tests.fictional.__main__ import fictional_files, list_files, write
from tests.sources.sheets_made import in_aes_zip

ROOT = Path(__file__).parents[2]
ZHANG, LI, OUYANG = "990621199001011233", "99062119770707101X", "990621200002298884"
CODE = "91350100M000100Y43"
BATCH, SNAPSHOT = "lists/batches/2026-01/", "lists/snapshots/score-1/"
HEADER = (
    "批次,类别代码,主体类型,姓名/名称,证件类型,证件号码/统一社会信用代码,所在单位/乡镇,荣誉名称,授予机关,"
    "认定文号,认定日期,荣誉到期日,报送单位,公开方式及理由,备注"
)
FIELDS = HEADER.split(",")
GOOD = {
    "批次": "2026-01",
    "类别代码": "A8",
    "主体类型": "个人",
    "姓名/名称": "张三",
    "证件类型": "居民身份证",
    "证件号码/统一社会信用代码": ZHANG,
    "所在单位/乡镇": "示例学校",
    "荣誉名称": "优秀教师",
    "授予机关": "示例县人民政府",
    "认定文号": "示例发〔2025〕1号",
    "认定日期": "2025年9月5日",
    "荣誉到期日": "长期",
    "报送单位": "县教育局",
    "公开方式及理由": "",
    "备注": "无",
}
FIRM = {"类别代码": "B6", "主体类型": "国企", "姓名/名称": "示例（国）公司", "证件类型": "", FIELDS[5]: CODE}


def unit(id_: str, name: str, area: str, *aliases: str) -> Unit:
    return Unit(UnitId(id_), name, area, aliases)


def category(code: str, *units: str, open_: bool = False) -> Category:
    subject = "person" if code.startswith("A") else "organisation"
    return Category(CategoryCode(code), "示例类", subject, (), tuple(map(UnitId, units)), open_)  # type: ignore[arg-type]


CONTENT = Content(
    settings=Settings(
        "示例",
        "示例",
        "xinyi.example",
        rules=Rules(screening_sources=("市监局", "法院"), rating_scale=("C", "B", "A")),
    ),
    units={
        u.id: u
        for u in (
            unit("jiao", "教育局", "示例县", "教体局"),
            unit("gong", "总工会", "示例县", "工会"),
            unit("zhen", "示例镇", "范例县"),
            unit("other", "教育局", "范例县"),
        )
    },
    categories={c.code: c for c in (category("A8", "jiao"), category("A3", "gong"), category("B6", open_=True))},
    measures=(),
    policies=(),
    scenarios={},
    merchants=(),
    notices=(),
    cases=(),
    pages=(),
)


def table(*rows: Mapping[str, str]) -> bytes:
    """Return a CSV of nominations; what a row does not say is as in ``GOOD``."""
    lines = (",".join(f'"{({**GOOD, **row})[field]}"' for field in FIELDS) for row in rows)
    return "\n".join((HEADER, *lines)).encode()


HEAD = 'title = "示例"\ndeadline = 2026-11-06\n'
SENT = '[[submission]]\nfile = "a.csv"\nunit = "县教育局"\nreceived = 2026-10-28\n'
SCORES = (
    'kind = "score"\ntaken = 2026-10-08\nnot_before = 2026-10-13\nnot_after = 2027-01-14\n'
    'source = "示例"\nfile = "s.csv"\n'
)
ANSWER = 'source = "法院"\nday = 2026-11-12\noperator = "示例"\neffect = "excludes"\n'


def files(**changed: bytes | str | None) -> dict[str, bytes]:
    """Return a small sound lists/; arguments replace files by their key, None takes one away."""
    keys: dict[str, tuple[str, bytes | str | None]] = {
        "batch": (f"{BATCH}batch.toml", HEAD + SENT),
        "table": (f"{BATCH}nominations/a.csv", table({})),
        "decisions": ("lists/decisions.jsonl", b""),
    }
    found = {path: changed.get(key, default) for key, (path, default) in keys.items()}
    found |= {path: data for path, data in changed.items() if path not in keys}
    return {path: data.encode() if isinstance(data, str) else data for path, data in found.items() if data is not None}


def parse(given: Mapping[str, bytes]) -> tuple[Lists, list[str]]:
    faults = Faults()
    lists = parse_lists(given, CONTENT, parse_calendar({}, faults), faults)
    return lists, [str(fault) for fault in faults.found]


def sound(given: Mapping[str, bytes]) -> Lists:
    lists, faults = parse(given)
    assert not faults
    return lists


def faulty(given: Mapping[str, bytes]) -> list[str]:
    _, faults = parse(given)
    assert faults
    assert ZHANG not in "".join(faults)
    assert LI not in "".join(faults)
    return faults


def rows_fault(*rows: Mapping[str, str]) -> str:
    """Return the one fault in a table of nominations, less its file."""
    (fault,) = faulty(files(table=table(*rows)))
    assert fault.startswith(f"{BATCH}nominations/a.csv:")
    return fault.removeprefix(f"{BATCH}nominations/a.csv:")


# -- nominations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["荣誉名称", "授予机关", "认定文号", "所在单位/乡镇", "备注"])
@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(1+1)", "＝1+1"])
def test_a_text_that_a_spreadsheet_would_compute(field: str, text: str) -> None:
    assert f" › {field}：这一格以 =、+、-、@ 开头，表格软件会当成公式" in rows_fault({field: text})


def test_a_nomination_as_it_arrived() -> None:
    lists = sound(files(table=table({}, FIRM)))
    person, firm = lists.nominations
    assert person.subject == Person("张三", Number(ZHANG))
    assert (person.unit, person.category, person.received) == ("jiao", "A8", date(2026, 10, 28))
    assert (person.awarded, person.honour_ends, person.remark) == (date(2025, 9, 5), None, "")
    assert person.publication is PublicationMode.MASKED
    assert firm.subject == Organisation("示例（国）公司", CreditCode(CODE), SubjectKind.ENTERPRISE)
    assert lists.batches[BatchId("2026-01")].deadline == date(2026, 11, 6)


def test_an_old_number_becomes_the_new_one() -> None:
    old = Person("张三", Number("110105194912310021"))
    (found,) = sound(files(table=table({FIELDS[5]: "110105491231002"}))).nominations
    assert found.subject == Person(old.name, Number("11010519491231002X"))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({FIELDS[5]: ZHANG[:-1] + "4"}, "身份证号校验位不对"),
        ({FIELDS[5]: ""}, "身份证号没有填"),
        ({FIELDS[5]: CODE}, "身份证号应为18位数字"),
        ({**FIRM, FIELDS[5]: CODE[:-1] + "4"}, "统一社会信用代码校验位不对"),
        ({FIELDS[5]: "1.10105E+17"}, "号码被存成了科学记数"),
        ({"类别代码": "A99"}, "没有 A99 这个类别。可以用 A8、A3、B6"),
        ({"类别代码": ""}, "没有写类别代码"),
        ({"类别代码": "A3"}, "教育局不能报送 A3 类（示例类）。这一类由总工会报送"),
        ({"主体类型": "企业", FIELDS[5]: CODE, "证件类型": ""}, "A8 类表彰的是个人，主体类型却是企业"),
        ({"类别代码": "B6"}, "B6 类表彰的是单位，主体类型却是个人"),
        ({**FIRM, "主体类型": ""}, "没有写主体类型"),
        ({"主体类型": "神仙"}, "不认识的主体类型：神仙"),
        ({"姓名/名称": ""}, "没有写姓名或名称"),
        ({"姓名/名称": "张?"}, "姓名或名称里有坏字（U+003F）"),
        ({"姓名/名称": "张\ue000"}, "姓名或名称里有坏字（U+E000）"),
        ({"姓名/名称": "张三、李四"}, "姓名里有不该有的字符：、"),
        ({"姓名/名称": "张三（已退休）"}, "姓名里有不该有的字符：()"),
        ({"姓名/名称": "张\ufffd"}, "姓名或名称里有坏字（U+FFFD）"),
        ({**FIRM, "姓名/名称": "示例\ufffd公司"}, "姓名或名称里有坏字（U+FFFD）"),
        ({"姓名/名称": "李*明"}, "姓名被遮盖了"),
        ({"姓名/名称": "李×"}, "姓名被遮盖了"),
        ({"姓名/名称": "李○○"}, "姓名被遮盖了"),
        ({"姓名/名称": "李〇〇"}, "姓名被遮盖了"),
        ({"姓名/名称": "李XX"}, "姓名被遮盖了"),
        ({"姓名/名称": "李某"}, "姓名被遮盖了"),
        ({"姓名/名称": "欧阳某某"}, "姓名被遮盖了"),
        ({"姓名/名称": "李○明"}, "姓名里有圆圈“○”，看不出是遮盖还是“〇”字。真是这个字，就用输入法打出"),
        ({"姓名/名称": "李□明"}, "姓名里有不该有的字符：□"),
        ({"姓名/名称": "李⿰火昱"}, "姓名里有不该有的字符：⿰"),
        ({"姓名/名称": "王yan"}, "姓名里汉字和字母混在一起"),
        ({"姓名/名称": "张三家庭", "荣誉名称": "县文明家庭"}, "这一格写的是家庭（“家庭”），没有写主要成员"),
        ({"姓名/名称": "张三、李四夫妇"}, "这一格写的是家庭（“夫妇”），没有写主要成员"),
        ({"姓名/名称": "张三全家", "荣誉名称": "最美家庭"}, "这一格写的是家庭（“全家”），没有写主要成员"),
        ({"主体类型": "家庭"}, "家庭不能单独列入名单，没有写主要成员"),
        ({"荣誉名称": "优秀\ufffd师"}, "这一格里有坏字"),
        ({"授予机关": "示例县??部"}, "这一格里有坏字"),
        ({"证件类型": "驾驶证"}, "不能用这种证件：驾驶证"),
        ({**FIRM, "证件类型": "护照"}, "不能用这种证件：护照。可以用 统一社会信用代码"),
        ({"荣誉名称": "无"}, "没有写荣誉名称"),
        ({"授予机关": ""}, "没有写授予机关"),
        ({"批次": "2025-01"}, "表里写的批次是 2025-01，却放在 2026-01 里"),
        ({"报送单位": "总工会"}, "表里写的报送单位是总工会，收表时登记的是教育局"),
        ({"认定日期": "2027-01-01"}, "认定日期 2027-01-01 晚于收到名单的 2026-10-28"),
        ({"认定日期": "2025-02-30"}, "没有2025年2月30日这一天"),
        ({"荣誉到期日": "2025-01-01"}, "荣誉到期日 2025-01-01 早于认定日期 2025-09-05"),
        ({"公开方式及理由": "全名公开"}, "全名公开要写理由"),
        ({"公开方式及理由": "全名公开：否"}, "写的是全名公开，理由却像是没有同意"),
        ({"公开方式及理由": "全名公开：本人未同意"}, "写的是全名公开，理由却像是没有同意"),
        ({"公开方式及理由": "全名公开：待本人确认"}, "写的是全名公开，理由却像是没有同意"),
        ({"公开方式及理由": "不公开"}, "不公开要写理由"),
        ({"公开方式及理由": "随便"}, "看不懂的公开方式：随便"),
        ({"公开方式及理由": "99010119950101100X"}, "看不懂的公开方式：（内容像号码，已隐去）"),
        ({"认定日期": "99010119950101100X"}, "看不懂的日期：（内容像号码，已隐去）"),
        ({"类别代码": "99010119950101100X"}, "没有 （内容像号码，已隐去） 这个类别"),
        ({"姓名/名称": "990101199501011007"}, "姓名里有不该有的字符：（内容像号码，已隐去）"),
    ],
)
def test_what_is_wrong_with_a_row(row: dict[str, str], fault: str) -> None:
    assert rows_fault(row).partition("：")[2].startswith(fault)


def test_all_faults_of_a_row_at_once() -> None:
    found = faulty(files(table=table({"类别代码": "X", FIELDS[5]: "1", "荣誉名称": "", "认定日期": "去年"})))
    fields = [fault.partition("：")[0].rpartition(" › ")[2] for fault in found]
    assert fields == ["认定日期", "类别代码", FIELDS[5], "荣誉名称"]


@pytest.mark.parametrize(
    "name",
    [
        "张〇",
        "李〇明",
        "王一家",
        "李全家",
        "示例某",
        "阿卜杜拉·买买提",
        "Anna-Maria O'Neil",
        "钱\U00020bb7",
        "钱\ue844",
    ],
)
def test_rare_names_are_names(name: str) -> None:
    (found,) = sound(files(table=table({"姓名/名称": name}))).nominations
    assert found.subject.name == name


@pytest.mark.parametrize("written", ["教育局", "县教育局", "示例县教育局", "教体局", "jiao"])
def test_a_unit_under_any_of_its_names(written: str) -> None:
    batch = HEAD + SENT.replace("县教育局", written)
    (found,) = sound(files(batch=batch, table=table({"报送单位": "教体局"}))).nominations
    assert found.unit == "jiao"


def test_a_unit_of_an_area_that_reports_no_category_of_its_own() -> None:
    batch = HEAD + SENT.replace("县教育局", "示例镇")
    (found,) = sound(files(batch=batch, table=table({**FIRM, "报送单位": ""}))).nominations
    assert found.unit == "zhen"


def test_a_subject_stands_once_in_a_batch_across_units() -> None:
    two = SENT + SENT.replace("a.csv", "b.csv").replace("县教育局", "总工会")
    other = {"类别代码": "A3", "姓名/名称": " 张 三 ", "报送单位": ""}
    (fault,) = faulty(files(batch=HEAD + two, **{f"{BATCH}nominations/b.csv": table(other)}))
    assert fault == (f"{BATCH}nominations/b.csv:2：这个主体在本批里已经报过一次：{BATCH}nominations/a.csv:2。只留一处")


def test_a_second_entry_is_told_of_even_where_it_has_another_fault() -> None:
    found = faulty(files(table=table({}, {"荣誉名称": ""})))
    assert [fault.partition("：")[2][:8] for fault in found] == ["没有写荣誉名称。", "这个主体在本批里"]


def test_one_number_under_two_names() -> None:
    assert "同一个证件号码用在了两个姓名上" in rows_fault({}, {"姓名/名称": "张四"})


def test_one_name_with_two_numbers_is_two_people() -> None:
    assert len(sound(files(table=table({}, {FIELDS[5]: LI}))).nominations) == 2


@pytest.mark.parametrize(
    ("written", "mode", "grounds"),
    [
        ("", PublicationMode.MASKED, ""),
        ("脱敏公开", PublicationMode.MASKED, ""),
        ("全名公开：本人书面同意", PublicationMode.FULL, "本人书面同意"),
        ("全名公开（本人书面同意）", PublicationMode.FULL, "本人书面同意"),
        ("不公开:岗位涉密", PublicationMode.WITHHELD, "岗位涉密"),
        ("不予公开，本人要求", PublicationMode.WITHHELD, "本人要求"),
    ],
)
def test_ways_of_publication(written: str, mode: PublicationMode, grounds: str) -> None:
    assert parse_publication(written) == (mode, grounds)


# -- zips with a password --------------------------------------------------------------------------------------


def zipped(data: bytes) -> bytes:
    return in_aes_zip("a.csv", data, "密码-示例")


LOCK = 'password = "密码-示例"\n'


def test_a_nomination_in_a_zip_with_its_password() -> None:
    batch = HEAD + SENT + LOCK
    (found,) = sound(files(batch=batch, table=zipped(table({})))).nominations
    assert str(found.place) == f"{BATCH}nominations/a.csv › a.csv:2"


@pytest.mark.parametrize(
    ("line", "fault"), [("", "压缩包有密码。向报送单位要密码"), ('password = "x"\n', "压缩包的密码不对")]
)
def test_a_nomination_in_a_zip_without_its_password(line: str, fault: str) -> None:
    (found,) = faulty(files(batch=HEAD + SENT + line, table=zipped(table({}))))
    assert found.startswith(f"{BATCH}nominations/a.csv：{fault}")


def test_an_answer_and_a_snapshot_in_a_zip() -> None:
    given = screened(ANSWER + LOCK, hits=f"张三,{ZHANG},2026-01-05,,\n")
    given[f"{BATCH}screening/hits.csv"] = zipped(given[f"{BATCH}screening/hits.csv"])
    assert [len(answer.hits) for answer in sound(given).returns] == [0, 1]
    given = snapshot(SCORES + LOCK)
    given[f"{SNAPSHOT}s.csv"] = zipped(given[f"{SNAPSHOT}s.csv"])
    assert len(sound(given).snapshots[0].rows) == 1


# -- batches ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (files(batch=None), f"{BATCH}：缺少 batch.toml"),
        (files(table=None), f"{BATCH}batch.toml › submission[1].file：找不到文件 a.csv"),
        (files(batch=HEAD + SENT + SENT), f"{BATCH}batch.toml › submission[2].file：a.csv 写了两次"),
        (
            files(**{f"{BATCH}nominations/b.csv": b""}),
            f"{BATCH}nominations/b.csv：batch.toml 里没有写这张表",
        ),
        (
            files(batch=HEAD + SENT.replace("县教育局", "天庭")),
            f"{BATCH}batch.toml › submission[1].unit：不认识的单位：天庭",
        ),
        (files(**{f"{BATCH}note.txt": b""}), f"{BATCH}note.txt：不认识的文件"),
        (files(**{"lists/batches/note.txt": b""}), "lists/batches/note.txt：这里只放文件夹"),
        (files(**{"lists/batches/2026-1/batch.toml": HEAD}), "lists/batches/2026-1：文件夹的名字不对"),
        (files(decisions=None), "lists/decisions.jsonl：找不到决定记录"),
        (files(batch=HEAD + "day = 1\n" + SENT), f"{BATCH}batch.toml › day：不认识的项"),
    ],
)
def test_what_is_wrong_with_a_batch(given: dict[str, bytes], fault: str) -> None:
    assert faulty(given)[0].startswith(fault)


RULES = '[rules]\nnotice_working_days = 5\nscreening_sources = ["公安局"]\n'


def test_the_rules_of_a_batch_are_checked_as_those_of_the_office() -> None:
    wrong = RULES.replace("= 5", "= 0") + "reference_days = []\n"
    assert faulty(files(batch=HEAD + SENT + wrong))[:2] == [
        f"{BATCH}batch.toml › rules.notice_working_days：应当是从 1 起的整数。请核对",
        f"{BATCH}batch.toml › rules.reference_days：至少要写一个日子。"
        "写 screening（筛查日）或 recognition（认定日），也可以都写",
    ]


def test_a_batch_keeps_the_rules_its_notice_was_set_under() -> None:
    kept = sound(files(batch=HEAD + SENT + RULES)).batches[BatchId("2026-01")].rules
    assert kept == Rules(notice_working_days=5, screening_sources=("公安局",))
    assert sound(files()).batches[BatchId("2026-01")].rules is None


def test_the_sources_that_must_answer_are_those_of_the_batch() -> None:
    """Whoever is asked since, or was asked then, may answer."""
    given = screened(start="notice_start = 2026-11-16\n")
    given[f"{BATCH}batch.toml"] += RULES.encode()
    (fault,) = faulty(given)
    assert fault.startswith(f"{BATCH}batch.toml › notice_start：2026-11-16 开始公示，公安局还没有回复")
    given[f"{BATCH}screening/police.toml"] = ANSWER.replace("法院", "公安局").encode()
    assert {answer.source for answer in sound(given).returns} == {"市监局", "法院", "公安局"}


# -- screening -------------------------------------------------------------------------------------------------


def screened(answer: str = ANSWER, hits: str | None = None, start: str = "") -> dict[str, bytes]:
    """Return lists with answers of both sources, and the table of hits of one."""
    folder = f"{BATCH}screening/"
    tables = {} if hits is None else {f"{folder}hits.csv": f"姓名,证件号码,列入日期,移出日期,事由\n{hits}"}
    return files(
        batch=HEAD + start + SENT,
        **{
            f"{folder}court.toml": answer + ("" if hits is None else 'file = "hits.csv"\n'),
            f"{folder}market.toml": ANSWER.replace("法院", "市监局").replace("-12", "-10"),
            **tables,
        },
    )


def test_answers_and_their_hits() -> None:
    lists = sound(screened(hits=f"张三,{ZHANG.lower()},2026.1.5,无,示例\n某公司,{CODE},20260105,2026-03-01,\n"))
    assert [(answer.source, answer.day) for answer in lists.returns] == [
        ("市监局", date(2026, 11, 10)),
        ("法院", date(2026, 11, 12)),
    ]
    assert lists.returns[0].hits == ()
    assert lists.returns[1].effect is HitEffect.EXCLUDES
    assert lists.returns[1].hits == (
        Hit(ZHANG, date(2026, 1, 5), None, "示例"),
        Hit(CODE, date(2026, 1, 5), date(2026, 3, 1), ""),
    )


def test_a_hit_by_an_old_number_meets_the_new_one() -> None:
    lists = sound(screened(hits="张三,110105491231002,2026-01-05,,\n"))
    assert lists.returns[1].hits[0].number == "11010519491231002X"


@pytest.mark.parametrize(
    ("hits", "fault"),
    [
        (f"张三,{ZHANG[:6]}********1233,2026-01-05,,", "2 › 证件号码：证件号码被遮盖了"),
        (f"张三,{ZHANG[:-1]}4,2026-01-05,,", "2 › 证件号码：身份证号校验位不对"),
        (f"张三,{ZHANG[:-2]},2026-01-05,,", "2 › 证件号码：不是任何一种证件的号码"),
        (f"张三,{ZHANG[:12]},2026-01-05,,", "2 › 证件号码：不是任何一种证件的号码"),
        ("张三,,2026-01-05,,", "2 › 证件号码：没有写证件号码"),
        (f"张三,{ZHANG},,,", "2 › 列入日期：没有写列入日期"),
        (f"张三,{ZHANG},2026-13-05,,", "2 › 列入日期：没有2026年13月5日这一天"),
        (f"张三,{ZHANG},2026-11-13,,", "2 › 列入日期：列入日期 2026-11-13 晚于回复的日期 2026-11-12"),
        (f"张三,{ZHANG},2026-01-05,2025-01-05,", "2 › 移出日期：移出日期 2025-01-05 早于列入日期 2026-01-05"),
    ],
)
def test_what_is_wrong_with_a_hit(hits: str, fault: str) -> None:
    """The second number is mistyped, and happens to be sound as a credit code."""
    (found,) = faulty(screened(hits=hits))
    assert found.removeprefix(f"{BATCH}screening/hits.csv:").startswith(fault)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (screened(ANSWER.replace("法院", "人民法院")), "screening/court.toml › source：不认识的筛查来源：人民法院"),
        (screened(ANSWER + 'file = "x.csv"\n'), "screening/court.toml › file：找不到文件 x.csv"),
        (
            {**screened(), f"{BATCH}screening/x.csv": b""},
            "screening/x.csv：没有哪个筛查回复提到这个文件",
        ),
        (
            screened(start="notice_start = 2026-11-11\n"),
            "batch.toml › notice_start：2026-11-11 开始公示，法院2026-11-12 才回复",
        ),
        (
            files(batch=HEAD + "notice_start = 2026-11-16\n" + SENT),
            "batch.toml › notice_start：2026-11-16 开始公示，市监局还没有回复",
        ),
    ],
)
def test_what_is_wrong_with_an_answer(given: dict[str, bytes], fault: str) -> None:
    assert faulty(given)[0].removeprefix(BATCH).startswith(fault)


def test_a_notice_may_start_on_the_day_of_the_last_answer() -> None:
    assert sound(screened(start="notice_start = 2026-11-12\n")).batches[BatchId("2026-01")].notice_start


# -- snapshots -------------------------------------------------------------------------------------------------


def snapshot(head: str = SCORES, rows: str = f"姓名,身份证号,信用分\n张三,{ZHANG},1050\n") -> dict[str, bytes]:
    return files(**{f"{SNAPSHOT}snapshot.toml": head, f"{SNAPSHOT}s.csv": rows})


def test_a_snapshot() -> None:
    (found,) = sound(snapshot()).snapshots
    assert (found.id, found.kind, found.taken) == ("score-1", "score", date(2026, 10, 8))
    assert found.window == Window(date(2026, 10, 13), date(2027, 1, 14))
    assert found.rows == (SnapshotRow(Person("张三", Number(ZHANG)), "1050"),)


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [("tax", "A级", "A"), ("tax", "m", "M"), ("rating", "B", "B"), ("rating", "Ａ", "A")],
)
def test_classes_and_grades(kind: str, written: str, value: str) -> None:
    head = SCORES.replace('"score"', f'"{kind}"')
    (found,) = sound(snapshot(head, f"名称,统一社会信用代码,等级\n示例公司,{CODE},{written}\n")).snapshots
    assert [row.value for row in found.rows] == [value]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("score", v) for v in ("-1", "10000", "950.5", "优", "", "1E3")] + [("tax", "E"), ("rating", "AAA")],
)
def test_values_that_cannot_be(kind: str, value: str) -> None:
    head = SCORES.replace('"score"', f'"{kind}"')
    number = ZHANG if kind == "score" else CODE
    (fault,) = faulty(
        snapshot(head, f"名称,证件号码,{'信用分' if kind == 'score' else '等级'}\n示例,{number},{value}\n")
    )
    assert fault.startswith(f"{SNAPSHOT}s.csv:2 › {'信用分' if kind == 'score' else '等级'}：")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (snapshot(SCORES.replace("2027-01-14", "2026-10-12")), f"{SNAPSHOT}snapshot.toml › not_after：最后一天"),
        (snapshot(SCORES.replace("10-08", "10-14")), f"{SNAPSHOT}snapshot.toml › taken：取数日期"),
        (snapshot(SCORES.replace("s.csv", "t.csv")), f"{SNAPSHOT}s.csv：snapshot.toml 没有提到这个文件"),
        (snapshot(SCORES.replace("score", "stars", 1)), f"{SNAPSHOT}snapshot.toml › kind：只能是"),
        (files(**{f"{SNAPSHOT}s.csv": b""}), f"{SNAPSHOT}：缺少 snapshot.toml"),
        (
            snapshot(rows=f"姓名,身份证号,信用分\n张三,{ZHANG},1\n张三,{ZHANG},2\n"),
            f"{SNAPSHOT}s.csv:3：同一个号码已经出现过：{SNAPSHOT}s.csv:2",
        ),
        (
            {
                **snapshot(),
                "lists/snapshots/score-2/snapshot.toml": SCORES.encode(),
                "lists/snapshots/score-2/s.csv": "姓名,身份证号,信用分\n".encode(),
            },
            "lists/snapshots/score-2/snapshot.toml › taken：和 score-1 是同一天、同一种快照",
        ),
    ],
)
def test_what_is_wrong_with_a_snapshot(given: dict[str, bytes], fault: str) -> None:
    assert faulty(given)[0].startswith(fault)


# -- decisions -------------------------------------------------------------------------------------------------


def objection(name: str, number: str = ZHANG, batch: str = "2026-01", unit: str = "jiao") -> Objection:
    return Objection(
        kind="objection",
        batch=BatchId(batch),
        name=name,
        number=number,
        day=date(2026, 11, 18),
        unit=UnitId(unit),
        grounds="示例",
        operator="示例",
    )


RENAMED = Correction(
    kind="correction",
    fields={"name": "张叁"},
    batch=BatchId("2026-01"),
    name="张三",
    number=ZHANG,
    day=date(2026, 11, 17),
    unit=UnitId("jiao"),
    grounds="示例",
    operator="示例",
)


def decided(*decisions: AnyDecision) -> dict[str, bytes]:
    data = b""
    for decision in decisions:
        data += append(data, decision)
    return {**files(decisions=data), HEAD_PATH: encode_head(data)}


@pytest.mark.parametrize(
    "decisions",
    [
        (objection(" 张 三 ", f" {ZHANG} "),),
        (RENAMED, objection("张叁")),
        (RENAMED, objection("张三")),
    ],
)
def test_a_decision_about_an_entry(decisions: tuple[AnyDecision, ...]) -> None:
    assert sound(decided(*decisions)).decisions == decisions


@pytest.mark.parametrize(
    ("decisions", "fault"),
    [
        ((objection("张叁"),), ":1：2026-01 批里没有这个主体"),
        ((objection("张三", LI),), ":1：2026-01 批里没有这个主体"),
        ((objection("张三"), objection("张三", batch="2025-01")), ":2：2025-01 批里没有这个主体"),
        ((objection("张三", unit="nobody"),), ":1 › unit：没有 nobody 这个单位"),
    ],
)
def test_a_decision_about_nobody(decisions: tuple[AnyDecision, ...], fault: str) -> None:
    assert faulty(decided(*decisions))[0].startswith(f"lists/decisions.jsonl{fault}")


def test_a_decision_about_an_entry_that_was_relisted() -> None:
    """Its nomination is in no table: a decision made it."""
    relisted = replace_kind(objection("张三"))
    again = {**files(), f"{LATER}batch.toml": b'title = "later"\ndeadline = 2027-12-20\n'}
    log = b""
    for decision in (relisted, objection("张三", batch="2027-01")):
        log += append(log, decision)
    _, faults = parse({**again, "lists/decisions.jsonl": log, HEAD_PATH: encode_head(log)})
    assert not faults


LATER = "lists/batches/2027-01/"


def replace_kind(decision: Objection) -> Relisting:
    shared = {field.name: getattr(decision, field.name) for field in fields(decision) if field.name != "kind"}
    return Relisting(kind="relisting", into=BatchId("2027-01"), **shared)


def test_the_last_line_of_the_log_cut_off() -> None:
    whole = decided(objection("张三"), objection("张三"))
    first = whole["lists/decisions.jsonl"].splitlines(keepends=True)[0]
    (fault,) = faulty({**whole, "lists/decisions.jsonl": first})
    assert fault.startswith("lists/decisions.jsonl:2：应有2行，只有1行：第2行被删掉了")


def test_the_whole_log_gone_though_nobody_is_nominated() -> None:
    (fault,) = faulty({HEAD_PATH: b"1 " + b"0" * 64 + b"\n"})
    assert "找不到决定记录" in fault


def test_a_decision_is_not_blamed_for_a_row_that_could_not_be_read() -> None:
    given = {**decided(objection("张三")), f"{BATCH}nominations/a.csv": table({"类别代码": "X"})}
    (fault,) = faulty(given)
    assert "没有 X 这个类别" in fault


# -- the files of this repository ------------------------------------------------------------------------------


@cache
def repository() -> tuple[Content, Lists]:
    faults = Faults()
    content = read_content(ROOT, faults)
    assert content is not None, faults.found
    lists = read_lists(ROOT, content, faults)
    assert lists is not None, faults.found
    assert not faults.found
    return content, lists


def test_the_fictional_lists_are_what_the_script_writes(tmp_path: Path) -> None:
    write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in list_files(tmp_path)}
    there = {path.relative_to(ROOT): path.read_bytes() for path in list_files(ROOT)}
    assert sorted(made) == sorted(there)
    assert [path for path in made if made[path] != there[path]] == []


def test_the_script_never_writes_over_lists_of_others(tmp_path: Path) -> None:
    real = tmp_path / "lists" / "batches" / "2026-01" / "nominations" / "real.xlsx"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"real")
    with pytest.raises(FileExistsError):
        write(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [real]


def test_how_many_there_are() -> None:
    _, lists = repository()
    counts = Counter((n.batch, n.subject.kind is SubjectKind.PERSON) for n in lists.nominations)
    assert counts == {
        ("2024-01", True): 40,
        ("2024-01", False): 8,
        ("2025-01", True): 300,
        ("2025-01", False): 60,
        ("2026-01", True): 40,
        ("2026-01", False): 8,
        ("2026-02", True): 10,
    }
    modes = Counter(n.publication for n in lists.nominations)
    assert modes[PublicationMode.WITHHELD] == 3
    assert modes[PublicationMode.FULL] == 5
    assert {s.id: len(s.rows) for s in lists.snapshots} == {
        "tax-2026": 80,
        "score-2026-07": 60,
        "rating-2026-09": 60,
        "score-2026-10": 2000,
    }
    scores = next(s for s in lists.snapshots if s.id == "score-2026-10")
    high = {row.subject.key for row in scores.rows if int(row.value) >= 1050}
    assert 150 <= len(high) <= 250
    assert len(high & {n.subject.key for n in lists.nominations if n.batch == "2025-01"}) >= 40
    assert all(DEMO_DAY in s.window for s in lists.snapshots)


def test_every_state_shows_on_the_demo_day() -> None:
    content, lists = repository()
    standings = stand(lists, content.settings.rules, DEMO_DAY)
    found = {(s.nomination.batch, s.stage, s.reason) for s in standings}
    assert found >= {
        ("2024-01", Stage.LEFT, Reason.E3_EXPIRED),
        ("2025-01", Stage.RECOGNISED, Reason.NO_OBJECTION),
        ("2025-01", Stage.RECOGNISED, Reason.OBJECTION_REJECTED),
        ("2025-01", Stage.SCREENED_OUT, Reason.HIT_AT_SCREENING),
        ("2025-01", Stage.LEFT, Reason.E1_OBJECTION_UPHELD),
        ("2025-01", Stage.LEFT, Reason.E2_DISHONEST),
        ("2025-01", Stage.LEFT, Reason.E3_NOT_RENEWED),
        ("2025-01", Stage.LEFT, Reason.E4_STANDARD_CHANGED),
        ("2026-01", Stage.IN_NOTICE, Reason.NOTICE_RUNNING),
        ("2026-01", Stage.OBJECTED, Reason.OBJECTION_OPEN),
        ("2026-02", Stage.NOMINATED, Reason.AWAITING_SCREENING),
    }
    assert any(s.late for s in standings if s.stage is Stage.RECOGNISED)
    left = [s.since for s in standings if s.reason is Reason.E2_DISHONEST]
    assert sorted(left) == [date(2026, 7, 15), date(2026, 8, 12)]
    assert [s.nomination.subject.name for s in standings if s.nomination.nominated_as] == ["彭范更正"]


def test_everyone_is_invented() -> None:
    _, lists = repository()
    subjects = [n.subject for n in lists.nominations] + [row.subject for s in lists.snapshots for row in s.rows]
    for subject in subjects:
        if isinstance(subject, Person):
            assert subject.number.startswith("99")
            assert any(c in subject.name for c in "试样例示范")
        else:
            assert subject.code[2:].startswith("99")
            assert subject.name.startswith("示例")


def test_two_people_may_share_a_name() -> None:
    _, lists = repository()
    names = Counter(n.subject.name for n in lists.nominations if n.batch == "2025-01")
    assert [name for name, count in names.items() if count > 1]


def test_nobody_is_written_outside_the_lists() -> None:
    assert all(path.startswith("lists/") for path in fictional_files())
