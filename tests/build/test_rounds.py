"""A batch from the clerk's side: opened, received, answered, announced; and what is refused, with nothing half-done."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from generator.build import rounds
from generator.build.office import read
from generator.core.lifecycle import Reason, Stage
from generator.core.model import BatchId
from generator.errors import InputFaultsError, RefusedError

BATCH = "2027-01"
OPENED = date(2026, 11, 20)


@pytest.fixture
def opened(office: Path) -> Path:
    """Return an office with a batch opened and one table received."""
    rounds.open_batch(office, BATCH, "2027年度名单", date(2026, 12, 20))
    table = office / "妇联.csv"
    lines = (
        "类别代码,姓名/名称,证件号码/统一社会信用代码,荣誉名称,授予机关",
        "A7,周示例,990621199001011233,三八红旗手,县妇联",
    )
    table.write_text("\n".join(lines), "utf-8")
    rounds.receive(office, BATCH, table, "fs-fulian", date(2026, 11, 21))
    return office


def answer(root: Path, source: str, day: date) -> str:
    return rounds.file_answer(root, BATCH, {"source": source, "day": day, "operator": "某"}, None).name


def answered(root: Path, day: date = date(2026, 11, 24)) -> None:
    for source in read(root, OPENED).content.settings.rules.screening_sources:
        answer(root, source, day)


def tree(root: Path) -> dict[str, bytes]:
    kept = (path for path in sorted(root.rglob("*")) if path.is_file() and path.name != ".lock")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept}


class TestOpen:
    def test_the_folders_are_there_and_nobody_in_them(self, office: Path) -> None:
        path = rounds.open_batch(office, BATCH, "2027年度名单", date(2026, 12, 20))
        assert (path.parent / "nominations").is_dir()
        assert (path.parent / "screening").is_dir()
        batch = read(office, OPENED).lists.batches
        assert batch[BatchId(BATCH)].deadline == date(2026, 12, 20)

    @pytest.mark.parametrize("name", ["2027", "../x", "2027-1", ""])
    def test_a_name_that_is_none(self, office: Path, name: str) -> None:
        before = tree(office)
        with pytest.raises(RefusedError, match="2027-01 这样"):
            rounds.open_batch(office, name, "某", date(2026, 12, 20))
        assert tree(office) == before

    def test_one_that_is_there_stays_as_it_is(self, opened: Path) -> None:
        before = tree(opened)
        with pytest.raises(RefusedError, match="已经有了"):
            rounds.open_batch(opened, BATCH, "别的", date(2026, 12, 21))
        assert tree(opened) == before


class TestReceive:
    def test_as_it_came_and_written_down(self, opened: Path) -> None:
        folder = opened / "lists/batches" / BATCH
        assert (folder / "nominations/妇联.csv").read_bytes() == (opened / "妇联.csv").read_bytes()
        (nomination,) = [n for n in read(opened, OPENED).lists.nominations if n.batch == BATCH]
        assert (nomination.unit, nomination.received) == ("fs-fulian", date(2026, 11, 21))

    def test_the_same_table_twice(self, opened: Path) -> None:
        again = opened / "再来.csv"
        shutil.copy(opened / "妇联.csv", again)
        before = tree(opened)
        with pytest.raises(RefusedError, match="一模一样"):
            rounds.receive(opened, BATCH, again, "fs-fulian", date(2026, 11, 22))
        assert tree(opened) == before

    def test_another_of_the_same_name_gets_a_number(self, opened: Path) -> None:
        table = opened / "妇联.csv"
        table.write_text(
            table.read_text("utf-8").replace("周示例,990621199001011233", "吴示例,990621200002298884"), "utf-8"
        )
        assert rounds.receive(opened, BATCH, table, "fs-fulian", date(2026, 11, 22)).name == "妇联-2.csv"
        assert len([n for n in read(opened, date(2026, 11, 22)).lists.nominations if n.batch == BATCH]) == 2

    def test_comments_of_a_person_stay(self, opened: Path) -> None:
        path = opened / "lists/batches" / BATCH / "batch.toml"
        path.write_text("# 王某经办\n" + path.read_text("utf-8"), "utf-8")
        table = opened / "b.csv"
        table.write_text(
            (opened / "妇联.csv").read_text("utf-8").replace("周示例,990621199001011233", "吴示例,990621200002298884"),
            "utf-8",
        )
        rounds.receive(opened, BATCH, table, "fs-fulian", date(2026, 11, 22))
        assert path.read_text("utf-8").startswith("# 王某经办\n")

    def test_a_batch_that_is_none(self, opened: Path) -> None:
        with pytest.raises(RefusedError, match=r"没有批次“2099-01”。已有：.*2027-01"):
            rounds.receive(opened, "2099-01", opened / "妇联.csv", "fs-fulian", OPENED)


class TestAnswers:
    def test_two_of_one_day_do_not_overwrite_each_other(self, opened: Path) -> None:
        first, second = answer(opened, "法院", OPENED), answer(opened, "法院", OPENED)
        assert (first, second) == ("法院-2026-11-20.toml", "法院-2026-11-20-2.toml")
        assert len([r for r in read(opened, OPENED).lists.returns if r.batch == BATCH]) == 2

    def test_with_a_table_of_hits(self, opened: Path) -> None:
        table = opened / "court.csv"
        table.write_text("姓名,证件号码,列入日期\n周示例,990621199001011233,2026-05-06\n", "utf-8")
        values = {"source": "法院", "day": date(2026, 11, 24), "operator": "某", "effect": "excludes"}
        rounds.file_answer(opened, BATCH, values, table)
        (standing,) = [s for s in read(opened, date(2026, 11, 25)).standings if s.nomination.batch == BATCH]
        assert (standing.stage, standing.reason) == (Stage.SCREENED_OUT, Reason.HIT_AT_SCREENING)


class TestNotice:
    START, SET = date(2026, 11, 26), date(2026, 11, 25)

    def test_set_with_its_page_and_its_rules(self, opened: Path) -> None:
        answered(opened)
        done = rounds.set_notice(opened, BATCH, self.START, self.SET)
        assert (done.ready, done.waiting, done.new_page) == (1, 0, True)
        office = read(opened, self.START)
        (standing,) = [s for s in office.standings if s.nomination.batch == BATCH]
        assert (standing.stage, standing.notice) == (Stage.IN_NOTICE, done.period)
        kept = office.lists.batches[standing.nomination.batch].rules
        assert kept == office.content.settings.rules

    def test_what_site_toml_says_later_changes_nothing(self, opened: Path) -> None:
        answered(opened)
        done = rounds.set_notice(opened, BATCH, self.START, self.SET)
        path = opened / "content/site.toml"
        path.write_text(path.read_text("utf-8").replace("notice_working_days = 7", "notice_working_days = 2"), "utf-8")
        standing = next(s for s in read(opened, self.START).standings if s.nomination.batch == BATCH)
        assert standing.notice == done.period

    def test_nobody_screened_nothing_announced(self, opened: Path) -> None:
        before = tree(opened)
        with pytest.raises(RefusedError, match="还没有一条筛查完成"):
            rounds.set_notice(opened, BATCH, self.START, self.SET)
        assert tree(opened) == before

    def test_a_day_past(self, opened: Path) -> None:
        answered(opened)
        with pytest.raises(RefusedError, match="已经过了"):
            rounds.set_notice(opened, BATCH, date(2026, 11, 24), self.SET)

    def test_moved_before_it_begins_and_never_after(self, opened: Path) -> None:
        answered(opened)
        rounds.set_notice(opened, BATCH, self.START, self.SET)
        moved = rounds.set_notice(opened, BATCH, date(2026, 11, 27), self.SET)
        assert not moved.new_page
        with pytest.raises(RefusedError, match="不能再改"):
            rounds.set_notice(opened, BATCH, date(2026, 12, 7), date(2026, 11, 27))

    def test_a_year_whose_holidays_are_unknown(self, opened: Path) -> None:
        answered(opened)
        before = tree(opened)
        with pytest.raises(RefusedError, match=r"lists/holidays/2027\.json"):
            rounds.set_notice(opened, BATCH, date(2026, 12, 28), self.SET)
        assert tree(opened) == before

    def test_begun_without_rules_of_its_own_is_a_fault_that_says_what_to_do(self, opened: Path) -> None:
        answered(opened)
        rounds.set_notice(opened, BATCH, self.START, self.SET)
        path = opened / "lists/batches" / BATCH / "batch.toml"
        text = path.read_text("utf-8")
        path.write_text(text[: text.index("[rules]")], "utf-8")
        with pytest.raises(InputFaultsError) as found:
            read(opened, self.START)
        (fault,) = found.value.faults
        assert f"xinyi list notice {BATCH} --start {self.START}" in str(fault)
        rounds.set_notice(opened, BATCH, self.START, self.START)
        assert read(opened, self.START)


class TestPutRight:
    """A table that was sent back and comes again takes the place of the first."""

    DAY = date(2026, 11, 23)

    def again(self, root: Path, instead_of: str, unit: str = "妇联", day: date = DAY) -> None:
        table = root / "改好.csv"
        table.write_text((root / "妇联.csv").read_text("utf-8").replace("三八红旗手", "巾帼建功标兵"), "utf-8")
        rounds.receive(root, BATCH, table, unit, day, instead_of=instead_of)

    def test_the_first_is_gone(self, opened: Path) -> None:
        self.again(opened, "妇联.csv")
        (nomination,) = [n for n in read(opened, self.DAY).lists.nominations if n.batch == BATCH]
        assert (nomination.honour, nomination.received) == ("巾帼建功标兵", self.DAY)
        assert [path.name for path in (opened / "lists/batches" / BATCH / "nominations").iterdir()] == ["改好.csv"]

    def test_the_same_table_again_with_its_password(self, opened: Path) -> None:
        rounds.receive(opened, BATCH, opened / "妇联.csv", "妇联", self.DAY, "密码", instead_of="妇联.csv")
        assert 'password = "密码"' in (opened / "lists/batches" / BATCH / "batch.toml").read_text("utf-8")
        assert len([n for n in read(opened, self.DAY).lists.nominations if n.batch == BATCH]) == 1

    @pytest.mark.parametrize(
        ("instead_of", "unit", "said"),
        [
            ("教育局.csv", "妇联", r"没有报过“教育局\.csv”。报过的有：妇联\.csv"),
            ("../batch.toml", "妇联", "没有报过"),
            ("妇联.csv", "教育局", "没有报过.*一张也没有"),
        ],
    )
    def test_another_table_stays(self, opened: Path, instead_of: str, unit: str, said: str) -> None:
        before = tree(opened / "lists")
        with pytest.raises(RefusedError, match=said):
            self.again(opened, instead_of, unit)
        assert tree(opened / "lists") == before

    def test_not_once_the_notice_has_begun(self, opened: Path) -> None:
        answered(opened)
        rounds.set_notice(opened, BATCH, TestNotice.START, TestNotice.SET)
        before = tree(opened / "lists")
        with pytest.raises(RefusedError, match="不能再换表"):
            self.again(opened, "妇联.csv", day=TestNotice.START)
        assert tree(opened / "lists") == before
