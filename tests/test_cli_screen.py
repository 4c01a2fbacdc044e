"""xinyi screen and list receive as a clerk types them: what is said, what is asked, what stays as it was."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from generator.build.office import read
from generator.cli import main
from generator.core.lifecycle import Reason
from tests.build.test_screening import CODE, TABLE, WRONG, WU, ZHENG, ZHOU, write_office
from tests.sources.sheets_made import in_aes_zip, in_old_zip
from tests.test_docs import REPOSITORY, said_by_the_program

BATCH = "lists/batches/2027-01"
HITS = "姓名,证件号码,列入日期\n"


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    return write_office(tmp_path / "office")


def xinyi(office: Path, *words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--root", str(office), *map(str, words)], input=typed)


def answered(office: Path, source: str, *words: str | Path, typed: str = "", day: str = "2026-12-28") -> Result:
    always = ("--batch", "2027-01", "--source", source, "--operator", "某", "--day", day, "--as-of", day)
    return xinyi(office, "screen", "return", *always, *words, typed=typed)


def hits(folder: Path, *rows: str, name: str = "法院.csv") -> Path:
    path = folder / name
    path.write_text(HITS + "\n".join(rows), "utf-8")
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- out -------------------------------------------------------------------------------------------------------


def test_what_goes_to_whom(asking: Path, tmp_path: Path) -> None:
    answered(asking, "公安局")
    done = xinyi(asking, "screen", "export", "--batch", "2027-01", "--as-of", "2026-12-28", tmp_path / "送")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"市监局：1条（个人0、单位1）：{tmp_path}/送/2027-01-市监局.zip\n"
        f"法院：3条（个人2、单位1），送执行局：{tmp_path}/送/2027-01-法院.zip\n"
        "公安局：没有要它查的，没有写文件\n"
    )
    assert re.sub("(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", "****", done.stderr) == (
        "  市监局的密码：****\n"
        "  法院的密码：****\n"
        "密码只显示这一次，请抄下来，另外打电话告诉对方，不要和文件走同一条路；答复发回来还要用它。\n"
        "压缩包用 7-Zip、WinRAR、360压缩打开，Windows 自带的打不开。送出以后请删掉这个文件夹。\n"
        "答复回来：xinyi screen return 表格 --batch 批次 --source 部门 --operator 经办人\n"
    )


def test_nobody_to_ask_about(asking: Path, tmp_path: Path) -> None:
    for source in ("市监局", "法院", "公安局"):
        answered(asking, source)
    done = xinyi(asking, "screen", "export", "--batch", "2027-01", "--as-of", "2026-12-28", tmp_path / "送")
    assert (done.exit_code, done.output) == (
        1,
        "没有完成：批次2027-01没有在等各部门筛查的，没有写文件。都答复了，就看 xinyi status；"
        "要全部复查一遍，请加 --all\n",
    )


def test_no_password_is_ever_an_argument() -> None:
    for command in (("screen", "export"), ("screen", "return"), ("list", "receive")):
        shown = CliRunner().invoke(main, [*command, "--help"])
        assert shown.exit_code == 0
        assert "--password" not in shown.output


# -- back ------------------------------------------------------------------------------------------------------


def test_an_answer_says_at_once_whom_it_found(asking: Path, tmp_path: Path) -> None:
    table = hits(tmp_path, f"周示例,{ZHOU},2026-05-06", f"吴示例,{WRONG},2026-05-06", f"某某,{WU},2016-05-06")
    done = answered(asking, "法院", table)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "已收下：法院-2026-12-28.toml，查到3条记录。\n"
        "  周*例，三八红旗手，妇联报送，2027年度名单：不再列入。"
        "现在：筛查未通过（公示前筛查发现失信或异常记录），自2026年12月28日起\n"
        "  吴*例，三八红旗手，妇联报送，2027年度名单：不再列入。"
        "现在：筛查未通过（公示前筛查发现失信或异常记录），自2026年12月28日起\n"
        "另有1个号码不在名单上，不用管。\n"
        "有1处请人看一眼（不影响生成，不会公开）：\n"
        f"  {BATCH}/screening/法院.csv:3 › 证件号码：名单上没有这个号码，姓名或名称却和 {BATCH}/nominations/妇联.csv:4 "
        "的一样。没有当成查到。请核对是不是同一个人或单位：是，就请写错号码的一方更正；不是，不用管\n"
        "这一批还在等：市监局（1条）\n"
    )
    assert not any(number in done.output for number in (ZHOU, WU, WRONG))


def test_the_last_answer_says_what_comes_next(asking: Path) -> None:
    done = [answered(asking, source).stdout for source in ("市监局", "法院", "公安局")]
    assert done[0].endswith("这一批还在等：法院（3条）、公安局（2条）\n")
    assert done[2] == (
        "已收下：公安局-2026-12-28.toml，查到0条记录。\n"
        "这一批各家都答复了。定公示日期请用：xinyi list notice 2027-01 --start 日期\n"
    )
    reasons = {standing.reason for standing in read(asking, date(2026, 12, 28)).standings}
    assert reasons == {Reason.AWAITING_NOTICE}


def test_a_faulty_answer_is_refused_with_all_its_faults(asking: Path, tmp_path: Path) -> None:
    before = files(asking / BATCH)
    done = answered(asking, "法院", hits(tmp_path, f"周示例,{ZHOU[:-1]}9,2026-05-06", f"吴示例,{WU},"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "发现2处问题，没有改动任何已有的文件：\n"
        "  法院.csv:2 › 证件号码：身份证号校验位不对，可能有一位抄错。请筛查单位给出完整的号码\n"
        "  法院.csv:3 › 列入日期：没有写列入日期。请筛查单位补上\n"
    )
    assert files(asking / BATCH) == before


def test_weaker_only_with_grounds(asking: Path) -> None:
    done = answered(asking, "法院", "--effect", "note")
    assert done.exit_code == 1
    assert "法院查到的算“严重失信，不列入”，这里写的“只提示”比它轻" in done.stderr
    assert answered(asking, "法院", "--effect", "note", "--effect-grounds", "会商纪要3号").exit_code == 0


def test_one_day_for_rows_that_do_not_say(asking: Path, tmp_path: Path) -> None:
    table = hits(tmp_path, f"周示例,{ZHOU},")
    assert answered(asking, "法院", table).exit_code == 1
    done = answered(asking, "法院", table, "--since", "2026-05-06")
    assert "周*例，三八红旗手，妇联报送，2027年度名单：不再列入" in done.stdout


def test_the_answer_counts_though_other_lists_have_faults(asking: Path, tmp_path: Path) -> None:
    table = asking / BATCH / "nominations/妇联.csv"
    table.write_text(TABLE.replace(WU, WU[:-1] + "9"), "utf-8")
    done = answered(asking, "法院", hits(tmp_path, f"周示例,{ZHOU},2026-05-06"))
    assert (done.exit_code, done.stdout) == (
        0,
        "已收下：法院-2026-12-28.toml，查到1条记录。\n"
        "名单里还有1处问题，看不出查到了谁。请运行 xinyi check，改好以后看 xinyi status。\n",
    )


@pytest.mark.parametrize("old", [False, True])
def test_a_locked_zip_is_opened_with_what_is_typed(asking: Path, tmp_path: Path, old: bool) -> None:
    data = f"{HITS}周示例,{ZHOU},2026-05-06\n".encode()
    locked = tmp_path / "法院.zip"
    locked.write_bytes(in_old_zip("a.csv", data, b"right") if old else in_aes_zip("a.csv", data, "right"))
    done = answered(asking, "法院", locked, typed="wrong\nright\n")
    assert done.exit_code == 0, done.output
    assert "法院.zip 的密码（不知道就直接回车）：" in done.stderr
    assert "用这个密码打不开，请再输一次。" in done.stderr
    assert "right" not in done.output
    assert "查到1条记录" in done.stdout
    assert read(asking, date(2026, 12, 28)).lists.returns[0].hits


def test_a_locked_zip_nobody_knows_the_password_of(asking: Path, tmp_path: Path) -> None:
    locked = tmp_path / "法院.zip"
    locked.write_bytes(in_aes_zip("a.csv", HITS.encode(), "right"))
    done = answered(asking, "法院", locked, typed="\n")
    assert done.exit_code == 1
    assert "法院.zip：压缩包有密码" in done.stderr
    assert not (asking / BATCH / "screening/法院.zip").exists()


def test_a_spreadsheet_is_not_taken_for_a_locked_zip(asking: Path, tmp_path: Path) -> None:
    book, path = openpyxl.Workbook(), tmp_path / "法院.xlsx"
    for row in (["姓名", "证件号码", "列入日期"], ["周示例", ZHOU, "2026-05-06"]):
        book.worksheets[0].append(row)
    made = io.BytesIO()
    book.save(made)
    path.write_bytes(made.getvalue())
    assert "查到1条记录" in answered(asking, "法院", path).stdout


def test_check_tells_what_to_look_at_and_finds_nothing_wrong(asking: Path, tmp_path: Path) -> None:
    answered(asking, "法院", hits(tmp_path, f"周示例,{WRONG},2026-05-06"))
    done = xinyi(asking, "check", "--as-of", "2026-12-28")
    assert done.exit_code == 0
    first, second, hint = done.stdout.splitlines()
    assert (first, second) == ("检查完毕，没有发现问题。", "有1处请人看一眼（不影响生成，不会公开）：")
    assert hint.startswith(f"  {BATCH}/screening/法院.csv:2 › 证件号码：名单上没有这个号码")
    told = json.loads(xinyi(asking, "check", "--as-of", "2026-12-28", "--json").stdout)
    assert told == {"faults": [], "hints": [hint.strip()]}


def test_no_number_of_anybody_in_what_is_said(asking: Path, tmp_path: Path) -> None:
    said = answered(asking, "法院", hits(tmp_path, f"示例食品厂,{CODE},2026-05-06")).output
    assert "示例食品厂，示例荣誉，妇联报送" in said
    assert CODE not in said


# -- what units send -------------------------------------------------------------------------------------------


def received(office: Path, *words: str | Path, typed: str = "") -> Result:
    return xinyi(
        office, "list", "receive", "--batch", "2027-01", "--unit", "妇联", *words, "--day", "2026-12-11", typed=typed
    )


def row(name: str, number: str) -> str:
    return f"{TABLE.splitlines()[0]}\nA7,个人,{name},{number},三八红旗手,县妇联\n"


def test_a_table_is_taken_in_and_looked_at(asking: Path, tmp_path: Path) -> None:
    table = tmp_path / "又.csv"
    table.write_text(row("郑示例", ZHENG), "utf-8")
    done = received(asking, table)
    assert done.output == "已收下：又.csv，读到1条。\n请运行 xinyi check，看和别的单位报的有没有重复。\n"
    assert len(read(asking, date(2026, 12, 11)).lists.nominations) == 4


def test_a_faulty_one_too_for_it_is_what_came(asking: Path, tmp_path: Path) -> None:
    table = tmp_path / "又.csv"
    table.write_text(row("郑*", ZHENG[:-1] + "3"), "utf-8")
    done = received(asking, table)
    path = f"{BATCH}/nominations/又.csv"
    assert (done.exit_code, done.output) == (
        0,
        "已收下：又.csv，读到1条，有2处问题：\n"
        f"  {path}:2 › 姓名/名称：姓名被遮盖了，对不上人。写全名，对照证件原件更正\n"
        f"  {path}:2 › 证件号码/统一社会信用代码：身份证号校验位不对，可能有一位抄错。对照证件原件更正\n"
        "要退回报送单位改的，用 xinyi check --annotate 退回 写出标好的副本。\n",
    )
    assert (asking / path).read_bytes() == table.read_bytes()
    assert 'file = "又.csv"' in (asking / BATCH / "batch.toml").read_text("utf-8")


def test_another_comes_in_though_one_before_was_faulty(asking: Path, tmp_path: Path) -> None:
    for name, number in (("又.csv", ZHENG[:-1] + "3"), ("再.csv", ZHENG)):
        (tmp_path / name).write_text(row("郑示例", number), "utf-8")
        assert received(asking, tmp_path / name).exit_code == 0


def test_a_locked_one_keeps_its_password_beside_its_name(asking: Path, tmp_path: Path) -> None:
    locked = tmp_path / "又.zip"
    locked.write_bytes(in_aes_zip("a.csv", row("郑示例", ZHENG).encode(), "right"))
    done = received(asking, locked, typed="right\n")
    assert "已收下：又.zip，读到1条。" in done.stdout
    assert "right" not in done.output
    assert len(read(asking, date(2026, 12, 11)).lists.nominations) == 4


def test_a_locked_one_without_its_password_waits_for_it(asking: Path, tmp_path: Path) -> None:
    locked = tmp_path / "又.zip"
    locked.write_bytes(in_aes_zip("a.csv", row("郑示例", ZHENG).encode(), "right"))
    done = received(asking, locked, typed="\n")
    assert done.exit_code == 0
    assert "压缩包有密码" in done.stdout
    assert (asking / BATCH / "nominations/又.zip").exists()


def test_a_unit_that_is_none(asking: Path, tmp_path: Path) -> None:
    before = files(asking / BATCH)
    table = tmp_path / "又.csv"
    table.write_text(row("郑示例", ZHENG), "utf-8")
    done = xinyi(asking, "list", "receive", "--batch", "2027-01", "--unit", "天庭", table)
    assert done.exit_code == 1
    assert "--unit：不认识的单位：天庭" in done.stderr
    assert files(asking / BATCH) == before


# -- what the handbook says ------------------------------------------------------------------------------------


def test_the_messages_explained_are_those_of_the_program() -> None:
    text = (REPOSITORY / "docs/handbook/screening.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(messages) > 8
    assert [message for message in messages if "".join(message.split()) not in said_by_the_program()] == []
