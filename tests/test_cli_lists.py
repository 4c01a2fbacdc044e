"""``xinyi list template`` and ``xinyi check --annotate``, as a clerk types them."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import sys
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from generator.cli import main
from generator.sources.annotate import SUMMARY
from generator.sources.forms import CHOICES, FORM
from tests.test_docs import REPOSITORY, said_by_the_program

SENT = "lists/batches/2025-01/nominations"


def xinyi(office: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(main, ["--root", str(office), *map(str, words)])


def check(office: Path, to: Path) -> Result:
    return xinyi(office, "check", "--as-of", "2026-11-21", "--annotate", to)


def spoil(office: Path, name: str, cell: str, value: str | int) -> None:
    """Put a value into a unit's table."""
    path = office / SENT / name
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
    book.worksheets[0][cell] = value
    book.save(path)


def digests(folder: Path) -> dict[str, str]:
    """Return what each file of an office says; lists/.cache repeats some of it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != ".cache")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# -- the form --------------------------------------------------------------------------------------------------


def test_a_form_for_a_unit_offers_the_batches_still_open(office: Path, tmp_path: Path) -> None:
    done = xinyi(office, "list", "template", "--unit", "县教育局", tmp_path / "a.xlsx")
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book[FORM]["A1"].value == "守信激励对象名单报送表（教育局）"
    assert [row[0].value for row in book[CHOICES].iter_rows(max_row=2)] == ["2026-02", None]


def test_a_form_for_any_unit(office: Path, tmp_path: Path) -> None:
    assert xinyi(office, "list", "template", tmp_path / "a.xlsx").exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")[FORM]["A1"].value == "守信激励对象名单报送表"


def test_a_form_never_replaces_a_file(office: Path, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"mine")
    done = xinyi(office, "list", "template", tmp_path / "a.xlsx")
    assert done.exit_code == 1
    assert "已经有" in done.output
    assert (tmp_path / "a.xlsx").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--unit", "天庭", "a.xlsx"], 1, "不认识的单位：天庭"),
        (["a.xls"], 2, "文件名要以 .xlsx 结尾"),
        ([], 2, "FILE"),
    ],
)
def test_what_a_form_is_not_written_for(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = xinyi(office, "list", "template", *words)
    assert done.exit_code == status
    assert said in done.output or not words
    assert not list(tmp_path.glob("*.xls*"))


# -- copies to send back ---------------------------------------------------------------------------------------


def test_copies_for_those_who_sent_faulty_tables(office: Path, tmp_path: Path) -> None:
    spoil(office, "教育局.xlsx", "G4", 990621199001011233)
    spoil(office, "总工会.xlsx", "C4", "A1")
    csv = office / SENT / "卫健局.csv"
    csv.write_bytes(csv.read_bytes().replace(b",A1,", b",A9,", 1))
    before = digests(office)
    done = check(office, tmp_path / "退回")
    assert done.exit_code == 1
    assert "发现3处问题" in done.output
    names = ["2025-01-卫健局.csv-退回.xlsx", "2025-01-总工会-退回.xlsx", "2025-01-教育局-退回.xlsx"]
    assert sorted(path.name for path in (tmp_path / "退回").iterdir()) == names
    assert all(name in done.output for name in names)
    book = openpyxl.load_workbook(tmp_path / "退回" / names[2])
    assert book[SUMMARY]["A1"].value == "教育局报来的教育局.xlsx：有1处要改"
    assert book.worksheets[1]["G4"].comment.text.startswith("号码被存成了数字")
    assert digests(office) == before
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "退回").iterdir()} == {0o600}
        assert stat.S_IMODE((tmp_path / "退回").stat().st_mode) == 0o700


def test_a_table_that_cannot_be_opened_is_named(office: Path, tmp_path: Path) -> None:
    (office / SENT / "教育局.xlsx").write_bytes(b"%PDF-1.7")
    done = check(office, tmp_path / "退回")
    assert f"打不开，没有副本，请报送单位重新发：{SENT}/教育局.xlsx" in done.output
    assert not (tmp_path / "退回").exists()


def test_screening_answers_and_snapshots_are_sent_back_too(office: Path, tmp_path: Path) -> None:
    scores = office / "lists/snapshots/score-2026-07/scores.csv"
    scores.write_bytes(scores.read_bytes().replace(b"\r\n", b",\r\n", 1).replace(b",9", b",x", 1))
    hits = office / "lists/batches/2025-01/screening/court.xlsx"
    book = openpyxl.load_workbook(hits)
    book.worksheets[0]["C2"] = "1"
    book.save(hits)
    check(office, tmp_path / "退回")
    names = ["2025-01-筛查-court-退回.xlsx", "score-2026-07-scores.csv-退回.xlsx"]
    assert sorted(path.name for path in (tmp_path / "退回").iterdir()) == names


def test_nothing_to_send_back(office: Path, tmp_path: Path) -> None:
    done = check(office, tmp_path / "退回")
    assert (done.exit_code, done.output) == (0, "检查完毕，没有发现问题。\n")
    assert not (tmp_path / "退回").exists()


def test_faults_of_texts_alone_make_no_copies(office: Path, tmp_path: Path) -> None:
    (office / "content/pages/about.md").write_text("坏", encoding="utf-8")
    done = check(office, tmp_path / "退回")
    assert "没有查出要退回报送单位的表" in done.output
    assert not (tmp_path / "退回").exists()


@pytest.mark.parametrize(
    "folder",
    [
        "lists",
        "lists/batches/x",
        "content/x",
        "keys/x",
        "templates/x",
        "build/site/x",
        "build",
        "build/published/x",
        ".",
    ],
)
def test_where_copies_are_never_written(office: Path, folder: str) -> None:
    spoil(office, "教育局.xlsx", "C4", "A1")
    before = digests(office)
    done = check(office, office / folder)
    assert done.exit_code == 1
    assert "副本里有证件号码，不能写进" in done.output
    assert "发现" not in done.output
    assert digests(office) == before


def test_not_through_a_link_either(office: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(office / "lists", target_is_directory=True)
    assert "副本里有证件号码，不能写进" in check(office, tmp_path / "link" / "x").output


def test_copies_of_last_week_are_not_mixed_in(office: Path, tmp_path: Path) -> None:
    (tmp_path / "退回").mkdir()
    (tmp_path / "退回" / "old.xlsx").write_bytes(b"")
    done = check(office, tmp_path / "退回")
    assert done.exit_code == 1
    assert "已经有东西" in done.output


# -- what the handbook says ------------------------------------------------------------------------------------


def test_the_messages_explained_are_those_of_the_program() -> None:
    text = (REPOSITORY / "docs/handbook/lists.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(messages) > 10
    assert [message for message in messages if "".join(message.split()) not in said_by_the_program()] == []
