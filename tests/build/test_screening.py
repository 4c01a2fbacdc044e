"""What leaves for the sources, opened as they open it, and what their answers do; on an office of three people."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import pyzipper

from generator.build import rounds, screening
from generator.build.office import read
from generator.build.screening import Inquiry, Outcome
from generator.core.model import BatchId, Correction, UnitId
from generator.errors import InputFaultsError, RefusedError
from generator.sources.decisions import HEAD_PATH, append, encode_head
from generator.sources.decisions import PATH as DECISIONS
from generator.sources.inquiry import HEADER_ROW
from tests.build.small import SITE, write_small_office

BATCH = "2027-01"
ZHOU, WU, ZHENG = "990621199001011233", "990621200002298884", "99062119770707101X"
WRONG = "990622199001011010"
CODE = "91350100M000100Y43"
RULES = """
[rules]
screening_sources = ["市监局", "法院", "公安局"]

[[rules.sources]]
name = "市监局"
effect = "excludes-until-removed"
about = "organisations"

[[rules.sources]]
name = "法院"
contact = "执行局"

[[rules.sources]]
name = "公安局"
about = "people"

[[rules.sources]]
name = "征信机构"
effect = "note"
"""
CATEGORIES = """
[[category]]
code = "A7"
name = "妇女儿童"
subject = "person"
units = ["fulian"]

[[category]]
code = "B6"
name = "其他单位"
subject = "organisation"
units = ["fulian"]
"""
UNITS = '\n[[unit]]\nid = "fulian"\nname = "妇联"\n'
TABLE = f"""类别代码,主体类型,姓名/名称,证件号码/统一社会信用代码,荣誉名称,授予机关
A7,个人,周示例,{ZHOU},三八红旗手,县妇联
B6,企业,示例食品厂,{CODE},示例荣誉,县政府
A7,个人,吴示例,{WU},三八红旗手,县妇联
"""
RECEIVED, SENT, NOTICE, ANSWERED = date(2026, 12, 10), date(2026, 12, 22), date(2026, 12, 23), date(2026, 12, 28)


def write_office(root: Path) -> Path:
    """Write an office with one batch received: two people and a firm."""
    write_small_office(root)
    root.joinpath("content/site.toml").write_text(SITE + RULES, "utf-8")
    root.joinpath("content/categories.toml").write_text(CATEGORIES, "utf-8")
    with root.joinpath("content/units.toml").open("a", encoding="utf-8") as units:
        units.write(UNITS)
    holidays = root / "lists/holidays/2027.json"
    holidays.parent.mkdir(parents=True, exist_ok=True)
    holidays.write_text('{"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}]}', "utf-8")
    rounds.open_batch(root, BATCH, "2027年度名单", date(2026, 12, 20))
    table = root / "妇联.csv"
    table.write_text(TABLE, "utf-8")
    rounds.receive(root, BATCH, table, "妇联", RECEIVED)
    return root


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    return write_office(tmp_path / "office")


def opened(one: Inquiry, folder: Path) -> tuple[str, bytes]:
    """Return the name and bytes of the one file in an exported zip, opened by 7-Zip, or by pyzipper where it is not."""
    assert one.file
    if program := shutil.which("7z") or shutil.which("7zz"):
        command = [program, "x", f"-p{one.password}", f"-o{folder}", "-y", str(one.file)]
        subprocess.run(command, check=True, capture_output=True)
        (path,) = folder.iterdir()
        return path.name, path.read_bytes()
    with pyzipper.AESZipFile(one.file) as archive:
        (name,) = archive.namelist()
        return name, archive.read(name, pwd=one.password.encode())


def asked(one: Inquiry, folder: Path) -> list[str]:
    """Return the numbers a source is asked about, in their order."""
    sheet = openpyxl.load_workbook(io.BytesIO(opened(one, folder)[1])).worksheets[0]
    return [str(row[3] or row[4]) for row in sheet.iter_rows(min_row=HEADER_ROW + 1, values_only=True)]


def answer(root: Path, source: str, day: date = ANSWERED, rows: str = "", **more: object) -> Outcome:
    """File an answer with these hits and return what it did."""
    table = root / f"{source}{day}.csv"
    table.write_text(f"姓名,证件号码,列入日期,移出日期\n{rows}", "utf-8")
    values = {"source": source, "day": day, "operator": "某", **more}
    filed = rounds.file_answer(root, BATCH, values, table if rows else None)
    return screening.outcome(root, filed.answer, day)


def renumber(root: Path, day: date) -> None:
    """Put the number of 周示例 right."""
    path = root / DECISIONS
    decision = Correction(
        kind="correction",
        batch=BatchId(BATCH),
        name="周示例",
        number=ZHOU,
        day=day,
        unit=UnitId("fulian"),
        grounds="示例",
        operator="某",
        fields={"number": ZHENG},
    )
    with path.open("ab") as log:
        log.write(append(path.read_bytes(), decision))
    (root / HEAD_PATH).write_bytes(encode_head(path.read_bytes()))


class TestExport:
    def test_each_source_gets_what_it_is_asked_about_and_no_more(self, asking: Path, tmp_path: Path) -> None:
        made = screening.export(asking, BATCH, tmp_path / "送", SENT)
        assert [(one.source.name, one.people, one.organisations) for one in made] == [
            ("市监局", 0, 1),
            ("法院", 2, 1),
            ("公安局", 2, 0),
        ]
        found = [asked(one, tmp_path / one.source.name) for one in made]
        assert found == [[CODE], [WU, ZHOU, CODE], [WU, ZHOU]]
        assert len({one.password for one in made}) == 3
        told = opened(made[1], tmp_path / "又")[1]
        with zipfile.ZipFile(io.BytesIO(told)) as book:
            text = "".join(book.read(name).decode() for name in book.namelist())
        assert not [word for word in ("妇联", "三八红旗手", "示例荣誉", "县政府") if word in text]

    def test_a_zip_that_nobody_opens_without_its_password(self, asking: Path, tmp_path: Path) -> None:
        made = screening.export(asking, BATCH, tmp_path / "送", SENT, "法院")
        (one,) = made
        assert one.file
        assert opened(one, tmp_path / "开")[0] == "2027-01-法院-筛查名单.xlsx"
        with pyzipper.AESZipFile(one.file) as archive:
            (info,) = archive.infolist()
            assert (info.wz_aes_strength, info.wz_aes_version) == (3, 2)
            with pytest.raises(RuntimeError):
                archive.read(info, pwd=b"x")
        assert ZHOU.encode() not in one.file.read_bytes()
        if sys.platform != "win32":
            assert stat.S_IMODE(one.file.stat().st_mode) == 0o600
            assert stat.S_IMODE(one.file.parent.stat().st_mode) == 0o700

    def test_the_same_again_but_for_the_password(self, asking: Path, tmp_path: Path) -> None:
        first, second = (screening.export(asking, BATCH, tmp_path / name, SENT, "法院")[0] for name in "甲乙")
        assert first.password != second.password
        assert opened(first, tmp_path / "1") == opened(second, tmp_path / "2")

    def test_whoever_has_answered_is_not_asked_again(self, asking: Path, tmp_path: Path) -> None:
        answer(asking, "法院", SENT)
        made = screening.export(asking, BATCH, tmp_path / "送", SENT)
        assert [(one.source.name, bool(one.file)) for one in made] == [
            ("市监局", True),
            ("法院", False),
            ("公安局", True),
        ]
        assert sorted(path.name for path in (tmp_path / "送").iterdir()) == ["2027-01-公安局.zip", "2027-01-市监局.zip"]

    def test_who_came_in_since_is(self, asking: Path, tmp_path: Path) -> None:
        answer(asking, "法院", SENT)
        late = asking / "晚到.csv"
        late.write_text(f"{TABLE.splitlines()[0]}\nA7,个人,郑示例,{ZHENG},三八红旗手,县妇联\n", "utf-8")
        rounds.receive(asking, BATCH, late, "妇联", date(2026, 12, 23))
        (one,) = screening.export(asking, BATCH, tmp_path / "送", date(2026, 12, 23), "法院")
        assert asked(one, tmp_path / "开") == [ZHENG]

    def test_a_number_put_right_is_asked_about_anew_during_validity(self, asking: Path, tmp_path: Path) -> None:
        for source in ("市监局", "法院", "公安局"):
            answer(asking, source, SENT)
        rounds.set_notice(asking, BATCH, NOTICE, SENT)
        renumber(asking, date(2026, 12, 24))
        made = screening.export(asking, BATCH, tmp_path / "送", date(2026, 12, 25))
        assert [(one.source.name, one.people, one.organisations) for one in made] == [
            ("市监局", 0, 0),
            ("法院", 1, 0),
            ("公安局", 1, 0),
        ]
        assert asked(made[1], tmp_path / "开") == [ZHENG]

    def test_everyone_who_is_not_out(self, asking: Path, tmp_path: Path) -> None:
        for source in ("市监局", "法院", "公安局"):
            answer(asking, source, SENT, f"吴示例,{WU},2026-05-06,\n" if source == "法院" else "")
        rounds.set_notice(asking, BATCH, NOTICE, SENT)
        with pytest.raises(RefusedError, match="批次2027-01没有在等各部门筛查的"):
            screening.export(asking, BATCH, tmp_path / "送", date(2026, 12, 25))
        assert not (tmp_path / "送").exists()
        (one,) = screening.export(asking, BATCH, tmp_path / "送", date(2026, 12, 25), "法院", everyone=True)
        assert asked(one, tmp_path / "开") == [ZHOU, CODE]

    def test_who_missed_the_notice_is_not_sent_anywhere(self, asking: Path, tmp_path: Path) -> None:
        for source in ("市监局", "法院", "公安局"):
            answer(asking, source, SENT)
        rounds.set_notice(asking, BATCH, NOTICE, SENT)
        late = asking / "晚到.csv"
        late.write_text(f"{TABLE.splitlines()[0]}\nA7,个人,郑示例,{ZHENG},三八红旗手,县妇联\n", "utf-8")
        rounds.receive(asking, BATCH, late, "妇联", date(2026, 12, 24))
        with pytest.raises(RefusedError, match="没有在等"):
            screening.export(asking, BATCH, tmp_path / "送", date(2026, 12, 24))

    def test_a_source_nobody_waits_for_looks_at_all_who_wait(self, asking: Path, tmp_path: Path) -> None:
        (one,) = screening.export(asking, BATCH, tmp_path / "送", SENT, "征信机构")
        assert asked(one, tmp_path / "开") == [WU, ZHOU, CODE]

    @pytest.mark.parametrize(
        "folder", [".", "lists/x", "content/x", "build/site/x", "build/office", "published", "keys"]
    )
    def test_where_it_is_never_written(self, asking: Path, folder: str) -> None:
        before = sorted(asking.rglob("*"))
        with pytest.raises(RefusedError, match="名单里有证件号码，不能写进"):
            screening.export(asking, BATCH, asking / folder, SENT)
        assert sorted(asking.rglob("*")) == before

    @pytest.mark.parametrize(
        ("batch", "source", "said"),
        [
            ("2099-01", "", "没有批次“2099-01”。已有：2027-01"),
            (BATCH, "法远", "没有“法远”。可以写：市监局、法院、公安局、征信机构"),
        ],
    )
    def test_what_is_none(self, asking: Path, tmp_path: Path, batch: str, source: str, said: str) -> None:
        with pytest.raises(RefusedError, match=said):
            screening.export(asking, batch, tmp_path / "送", SENT, source)


class TestAnswers:
    def test_a_hit_is_out_and_the_others_are_told_of(self, asking: Path) -> None:
        done = answer(asking, "法院", rows=f"周示例,{ZHOU},2026-05-06,\n路人,{WRONG},2026-05-06,\n")
        (one,) = done.touched
        assert (one.who, one.verdict) == ("周*例，三八红旗手，妇联报送，2027年度名单", "不再列入")
        assert one.stands == "筛查未通过（公示前筛查发现失信或异常记录），自2026年12月28日起"
        assert (done.strangers, dict(done.awaited), done.unannounced) == (1, {"市监局": 1, "公安局": 1}, True)
        assert done.hints == ()

    def test_a_name_alone_is_no_hit(self, asking: Path) -> None:
        done = answer(asking, "法院", rows=f"周示例,{WRONG},2026-05-06,\n")
        assert (done.touched, done.strangers) == ((), 1)
        (hint,) = done.hints
        assert "姓名或名称却和 lists/batches/2027-01/nominations/妇联.csv:2 的一样。没有当成查到" in str(hint)
        assert screening.hints_of(read(asking, ANSWERED)) == done.hints

    def test_a_note_touches_nobody(self, asking: Path) -> None:
        (one,) = answer(asking, "征信机构", rows=f"示例食品厂,{CODE},2026-05-06,\n").touched
        assert (one.verdict, one.who[:6]) == ("只提示，不影响", "示例食品厂，")

    def test_what_is_removed_or_long_ago_keeps_nobody_off(self, asking: Path) -> None:
        (one,) = answer(asking, "市监局", rows=f"示例食品厂,{CODE},2026-05-06,2026-06-01\n").touched
        assert one.verdict == "这条记录不影响列入"

    def test_found_again_who_is_out_already(self, asking: Path) -> None:
        answer(asking, "法院", SENT, f"周示例,{ZHOU},2026-05-06,\n")
        (one,) = answer(asking, "公安局", ANSWERED, f"周示例,{ZHOU},2026-05-07,\n").touched
        assert one.verdict == "本来就不在名单上"

    def test_an_exit_during_validity(self, asking: Path) -> None:
        for source in ("市监局", "法院", "公安局"):
            answer(asking, source, SENT)
        rounds.set_notice(asking, BATCH, NOTICE, SENT)
        (one,) = answer(asking, "法院", date(2027, 3, 1), f"周示例,{ZHOU},2027-02-06,\n").touched
        assert one.verdict == "从名单上退出"

    def test_everybody_has_answered(self, asking: Path) -> None:
        outcomes = [answer(asking, source) for source in ("市监局", "法院", "公安局")]
        assert [dict(done.awaited) for done in outcomes] == [{"法院": 3, "公安局": 2}, {"公安局": 2}, {}]

    @pytest.mark.parametrize(
        ("values", "rows", "said"),
        [
            ({}, f"周示例,{ZHOU[:-1]}4,2026-05-06,\n", "身份证号校验位不对"),
            ({"source": "法远"}, "", "不认识的筛查来源"),
            ({"effect": "note"}, "", "比它轻"),
        ],
    )
    def test_one_with_faults_is_not_filed(self, asking: Path, values: dict[str, object], rows: str, said: str) -> None:
        folder = asking / "lists/batches/2027-01/screening"
        with pytest.raises(InputFaultsError, match=said):
            answer(asking, **{"source": "法院", "rows": rows, **values})  # type: ignore[arg-type]
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("source", ["../法院", "a/b"])
    def test_a_source_that_is_a_path(self, asking: Path, source: str) -> None:
        (asking / "content/site.toml").write_text(SITE, "utf-8")
        with pytest.raises(RefusedError, match="不能有斜杠"):
            rounds.file_answer(asking, BATCH, {"source": source, "day": SENT, "operator": "某"}, None)

    def test_the_table_goes_out_comes_back_filled_in_and_is_read(self, asking: Path, tmp_path: Path) -> None:
        """The whole way: our zip, opened and filled in by the source, sent back under the same password."""
        (one,) = screening.export(asking, BATCH, tmp_path / "送", SENT, "法院")
        name, data = opened(one, tmp_path / "开")
        book = openpyxl.load_workbook(io.BytesIO(data))
        for row in book.worksheets[0].iter_rows(min_row=HEADER_ROW + 1):
            found = row[3].value == ZHOU
            row[5].value, row[6].value = ("有", "2026-05-06") if found else ("无", None)
        filled, made = tmp_path / "法院答复.zip", io.BytesIO()
        book.save(made)
        with pyzipper.AESZipFile(filled, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
            archive.setpassword(one.password.encode())
            archive.writestr(name, made.getvalue())
        values = {"source": "法院", "day": ANSWERED, "operator": "某"}
        with pytest.raises(InputFaultsError, match="压缩包有密码"):
            rounds.file_answer(asking, BATCH, values, filled)
        filed = rounds.file_answer(asking, BATCH, values, filled, one.password)
        assert [hit.number for hit in filed.answer.hits] == [ZHOU]
        kept = asking / "lists/batches/2027-01/screening/法院答复.zip"
        assert kept.read_bytes() == filled.read_bytes()
        assert f'password = "{one.password}"' in kept.with_name(filed.name).read_text("utf-8")
        assert [t.verdict for t in screening.outcome(asking, filed.answer, ANSWERED).touched] == ["不再列入"]


class TestRulesOfABatch:
    def test_the_sources_are_kept_with_it(self, asking: Path) -> None:
        for source in ("市监局", "法院", "公安局"):
            answer(asking, source, SENT, f"示例食品厂,{CODE},2026-05-06,\n" if source == "市监局" else "")
        rounds.set_notice(asking, BATCH, NOTICE, SENT)
        office = read(asking, SENT)
        assert office.lists.batches[BatchId(BATCH)].rules == office.content.settings.rules
        before = read(asking, NOTICE)
        site = asking / "content/site.toml"
        site.write_text(SITE + RULES.replace('effect = "excludes-until-removed"', 'effect = "note"'), "utf-8")
        after = read(asking, NOTICE)
        assert after.content.settings.rules != before.content.settings.rules
        assert after.standings == before.standings
        assert [told.effect for told in after.lists.returns if told.source == "市监局"] == ["excludes-until-removed"]
