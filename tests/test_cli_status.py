"""``xinyi status`` as a clerk meets it: what to do first, one screen, no numbers; and the same for programs."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from generator.build.office import read
from generator.cli import main
from generator.core.identifiers import id_check_digit
from generator.core.lifecycle import Stage
from generator.core.model import number_of
from tests.conftest import Demo, copy_office
from tests.fictional import DEMO_DAY

GOLDEN = Path(__file__).parent / "golden/status.txt"
"""The demo on its day; references depend on the keys of the moment. ``REFERENCE`` stands for one."""
REFERENCE = re.compile(r"(?<=编号 )[0-9A-HJKMNP-TV-Z]{10}\b")
END_OF_NOTICE = date(2026, 11, 25)
SCREEN = 40
NEW_NUMBER = "99062219900101101" + id_check_digit("99062219900101101")


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put today well after every day these tests speak of."""
    monkeypatch.setattr("generator.cli.options.current_day", lambda: date(2030, 1, 1))


@pytest.fixture(scope="module")
def built(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the folder in which the demo has run."""
    return shutil.copytree(demo.root, tmp_path_factory.mktemp("status") / "office")


def xinyi(root: Path, *arguments: str, color: bool = False) -> Result:
    result = CliRunner().invoke(main, ["--root", str(root), *arguments], color=color)
    assert result.exit_code == 0, result.output
    return result


def text(root: Path, as_of: date = DEMO_DAY) -> str:
    return xinyi(root, "status", "--as-of", as_of.isoformat()).stdout


def values(root: Path, as_of: date = DEMO_DAY) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(xinyi(root, "status", "--as-of", as_of.isoformat(), "--json").stdout)
    return found


class TestOneScreen:
    def test_golden(self, built: Path) -> None:
        """The golden text is written by hand from what this prints: ``xinyi status`` after ``make demo``."""
        assert REFERENCE.sub("REFERENCE", text(built)) == GOLDEN.read_text("utf-8")

    def test_it_fits(self, built: Path) -> None:
        for days in (0, 6, 20, 60, 400):
            assert len(text(built, DEMO_DAY + timedelta(days=days)).splitlines()) <= SCREEN

    def test_counts_stand_in_one_column(self, built: Path) -> None:
        lines = [line for line in text(built).splitlines() if re.match(r"    \S+ +[0-9]+   ", line)]
        ends = {_columns(re.match(r"    \S+ +[0-9]+(?=   )", line)[0]) for line in lines}  # type: ignore[index]
        assert len(lines) > 5
        assert len(ends) == 1

    def test_no_number_and_no_name_of_anybody(self, built: Path) -> None:
        found = read(built, DEMO_DAY)
        for day in (DEMO_DAY, END_OF_NOTICE, date(2027, 1, 10)):
            told = text(built, day) + json.dumps(values(built, day), ensure_ascii=False)
            for standing in found.standings:
                assert number_of(standing.nomination.subject) not in told
                assert standing.nomination.subject.name not in told

    def test_bold_headings_on_a_terminal_alone(self, built: Path) -> None:
        arguments = ("status", "--as-of", DEMO_DAY.isoformat())
        plain, coloured = xinyi(built, *arguments).stdout, xinyi(built, *arguments, color=True).stdout
        assert "\033" not in plain
        assert coloured.startswith("\033[1m2026年11月20日")
        assert re.sub(r"\033\[[0-9]*m", "", coloured) == plain


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class TestToday:
    """The first line says what must be done today."""

    def test_nothing(self, built: Path) -> None:
        first, second, *_ = text(built).splitlines()
        assert first == "2026年11月20日（星期五）今天没有必须办的事。"
        assert second.startswith("下一次要生成、发布网站：11月26日（还有6天）当天，因为46条转为已认定")

    def test_the_notice_has_ended_and_the_site_does_not_know(self, built: Path) -> None:
        day = END_OF_NOTICE + timedelta(days=1)
        first, *_ = text(built, day).splitlines()
        assert (
            "今天要办：重新生成、发布网站（xinyi build）：名单里有46条变了，批次2026-01公示期满，公示要撤下。" in first
        )
        found = values(built, day)
        assert found["rebuild"]["day"] == day.isoformat()
        assert found["outdated"]

    def test_an_answer_on_its_last_day_and_after_it(self, built: Path) -> None:
        (dispute,) = values(built)["open_objections"]
        due = date.fromisoformat(dispute["due"])
        assert not dispute["overdue"]
        assert "今天是最后一天" in "".join(values(built, due)["today"])
        after = values(built, due + timedelta(days=1))
        assert "已经超期1天" in "".join(after["today"])
        assert after["open_objections"][0]["overdue"]
        assert "已超期1天" in text(built, due + timedelta(days=1))

    def test_bundles_that_run_out_come_first(self, built: Path) -> None:
        release = values(built)["release"]
        expires = date.fromisoformat(release["expires"])
        today = values(built, expires)["today"]
        assert "商户现在不能核验" in today[0]
        assert len(today) > 1
        first, second, *_ = text(built, expires).splitlines()
        assert f"今天要办{len(today)}件事" in first
        assert today[0] in second

    def test_a_decision_recorded_since_the_build(self, demo_copy: Path) -> None:
        assert values(demo_copy)["outdated"] == []
        batch = demo_copy / "lists/batches/2026-01/batch.toml"
        batch.write_text(
            batch.read_text("utf-8").replace("notice_start = 2026-11-16", "notice_start = 2026-11-23"), "utf-8"
        )
        found = values(demo_copy)
        assert found["outdated"] == ["名单里有47条变了"]
        assert found["today"] == ["重新生成、发布网站（xinyi build）：名单里有47条变了"]

    def test_a_batch_that_was_taken_away(self, demo_copy: Path) -> None:
        entries = sum(one["count"] for one in _batch(values(demo_copy), "2026-02")["counts"])
        shutil.rmtree(demo_copy / "lists/batches/2026-02")
        assert values(demo_copy)["outdated"] == [f"名单里有{entries}条变了"]

    def test_never_built(self, office: Path) -> None:
        xinyi(office, "keys", "init", "--demo")
        assert "还没有生成过网站和名单包，请运行 xinyi build。" in text(office)

    def test_the_year_nobody_knows(self, built: Path) -> None:
        holidays = values(built)["holidays"]
        assert holidays["year"] == 2027
        needed = date.fromisoformat(holidays["needed"])
        assert any("放假安排" in task for task in values(built, needed)["today"])
        assert not any("放假安排" in task for task in values(built, needed - timedelta(days=1))["today"])
        assert {"day": needed.isoformat(), "kind": "holidays-needed"}.items() <= values(built)["next"][2].items()


class TestWhatWaits:
    def test_an_entry_is_named_by_reference_once_there_is_one(self, built: Path, tmp_path: Path) -> None:
        reference = values(built)["open_objections"][0]["reference"]
        assert f"待答复的异议：批次2026-01，编号 {reference}，应在12月9日以前（含当天）答复，还有19天" in text(built)
        fresh = copy_office(tmp_path / "office")
        assert values(fresh)["open_objections"][0]["reference"] is None
        assert "待答复的异议：批次2026-01，lists/batches/2026-01/nominations/妇联.xlsx › Sheet1 › B11" in text(fresh)

    def test_sources_are_pressed_once_the_deadline_is_over(self, built: Path) -> None:
        assert "催筛查答复" not in text(built, date(2026, 12, 20))
        assert "催筛查答复：批次2026-02，法院（10条）、公安局（10条）" in text(built, date(2026, 12, 21))
        assert _batch(values(built), "2026-02")["waits_for"] == {"法院": 10, "公安局": 10, "第三方信用服务机构": 10}

    def test_a_corrected_number(self, demo_copy: Path) -> None:
        found = read(demo_copy, DEMO_DAY)
        entry = next(
            s.nomination for s in found.standings if s.stage is Stage.RECOGNISED and s.nomination.category == "A8"
        )
        typed = [entry.subject.name, number_of(entry.subject), NEW_NUMBER]
        options = {"day": "2026-11-19", "unit": "教育局", "field": "number", "grounds": "录入有误", "operator": "示例"}
        said = [word for name, value in options.items() for word in (f"--{name}", value)]
        arguments = ["--root", str(demo_copy), "record", "correct", "--batch", entry.batch, "--yes", *said]
        done = CliRunner().invoke(main, arguments, input="\n".join(typed) + "\n")
        assert done.exit_code == 0, done.output
        (one,) = values(demo_copy)["unscreened"]
        assert one["since"] == "2026-11-19"
        assert one["waits_for"]
        assert (
            f"催复查：批次{entry.batch}，编号 {one['reference']}，11月19日更正了号码，等{one['waits_for'][0]}"
            in text(demo_copy)
        )


class TestForPrograms:
    """Names are stable: fields are added, none is taken away or comes to mean something else."""

    RUNS_OUT = frozenset(("release", "root_expires", "published", "warnings"))
    DUE = frozenset(("today", "next", "rebuild", "outdated", "change", "unscreened", "expiring", "holidays"))
    FIELDS = frozenset(("as_of", "batches", "open_objections")) | RUNS_OUT | DUE
    OF_A_BATCH = frozenset(["batch", "title", "deadline", "notice", "counts", "stages", "late", "waits_for"])
    OF_AN_OBJECTION = frozenset(["place", "since", "due", "reference", "batch", "kinds", "overdue"])

    def test_fields(self, built: Path) -> None:
        found = values(built)
        assert found.keys() >= self.FIELDS
        assert found["batches"][0].keys() >= self.OF_A_BATCH
        assert found["open_objections"][0].keys() >= self.OF_AN_OBJECTION

    def test_every_entry_is_counted_once(self, built: Path) -> None:
        found = values(built)
        standings = read(built, DEMO_DAY).standings
        assert sum(count["count"] for one in found["batches"] for count in one["counts"]) == len(standings)
        assert sum(stage["count"] for one in found["batches"] for stage in one["stages"]) == len(standings)

    def test_who_expires_by_day(self, built: Path) -> None:
        found = values(built, date(2027, 1, 1))["expiring"]
        assert found == [{"day": "2027-01-14", "count": 351}, {"day": "2027-01-21", "count": 1}]

    def test_the_next_build_is_that_of_the_change(self, built: Path) -> None:
        found = values(built)
        assert found["rebuild"] == {"day": "2026-11-26", "why": ["46条转为已认定", "1条有异议待核实，公示期满要撤下"]}
        assert found["change"]["moves"][0] == {
            "from": "in-notice", "to": "recognised", "reason": "no-objection", "count": 46,
        }  # fmt: skip

    def test_a_release_that_runs_out_before_anything_changes(self, demo_copy: Path) -> None:
        for kind in ("batches", "snapshots"):
            shutil.rmtree(demo_copy / "lists" / kind)
        (demo_copy / "lists/decisions.jsonl").write_bytes(b"")
        (demo_copy / "lists/decisions.head").unlink()
        for notice in (demo_copy / "content/notices").glob("*.md"):
            notice.unlink()
        (demo_copy / "build/office/standings.csv").unlink()
        found = values(demo_copy)
        last = date.fromisoformat(found["release"]["expires"]) - timedelta(days=1)
        assert found["change"] is None
        assert found["rebuild"] == {"day": last.isoformat(), "why": ["第1版名单包到期"]}


def _batch(found: dict[str, Any], wanted: str) -> dict[str, Any]:
    batches: list[dict[str, Any]] = found["batches"]
    return next(one for one in batches if one["batch"] == wanted)
