"""The command line as staff meet it: exit statuses, Chinese messages, JSON for programs, no secrets on the way."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from filelock import FileLock

from generator.build.locking import LOCK
from generator.build.office import read
from generator.cli import main
from generator.core.lifecycle import Reason, Stage
from generator.core.model import Person
from tests.conftest import REPOSITORY, Demo
from tests.fictional import DEMO_DAY

AS_OF = ("--as-of", DEMO_DAY.isoformat())


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put today well after every day these tests speak of."""
    monkeypatch.setattr("generator.cli.options.current_day", lambda: date(2030, 1, 1))


def xinyi(root: Path, *arguments: str, typed: str | None = None, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *arguments], input=typed, env=env)


class TestCheckAndStatus:
    def test_no_faults(self, office: Path) -> None:
        result = xinyi(office, "check", *AS_OF)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "没有发现问题" in result.stdout

    def test_json_gives_each_fault_in_parts(self, office: Path) -> None:
        units = office / "content/units.toml"
        units.write_text(units.read_text("utf-8") + '\n[[unit]]\nid = "zz"\nname = "某局"\ncolour = 1\n', "utf-8")
        result = xinyi(office, "check", *AS_OF, "--json")
        assert result.exit_code == 1
        fault, unchecked = json.loads(result.stdout)["faults"]
        assert (fault["path"], fault["field"]) == ("content/units.toml", "unit[zz].colour")
        assert unchecked["path"] == "lists"
        assert unchecked["message"].endswith("所以这次没有检查名单")

    def test_faults_of_content_do_not_hide_those_of_lists(self, office: Path) -> None:
        scenario = office / "content/scenarios/canyin.md"
        scenario.write_text(scenario.read_text("utf-8").replace('"zd-shijianju"', '"zd-shijian"'), "utf-8")
        (office / "lists/batches/2026-02/nominations/没人认领.csv").write_text("姓名\n", "utf-8")
        result = xinyi(office, "check", *AS_OF)
        assert result.exit_code == 1
        assert "发现2处问题" in result.stderr
        assert "content/scenarios/canyin.md" in result.stderr
        assert "没人认领.csv" in result.stderr

    def test_status_counts_every_entry_once(self, office: Path) -> None:
        values = json.loads(xinyi(office, "status", *AS_OF, "--json").stdout)
        counted = sum(count["count"] for batch in values["batches"] for count in batch["counts"])
        assert counted == len(read(office, DEMO_DAY).standings)
        text = xinyi(office, "status", *AS_OF).stdout
        assert all(words in text for words in ("公示中", "已认定", "退出三：有效期满", "待答复的异议"))

    def test_an_uncovered_year_is_a_fault_that_says_what_to_do(self, office: Path) -> None:
        batch = office / "lists/batches/2026-02/batch.toml"
        batch.write_text(batch.read_text("utf-8") + "\n", "utf-8")
        first, _, rest = batch.read_text("utf-8").partition("\n")
        batch.write_text(f"{first}\nnotice_start = 2026-12-28\n{rest}", "utf-8")
        source = office / "lists/batches/2026-01/screening"
        shutil.copytree(source, office / "lists/batches/2026-02/screening")
        result = xinyi(office, "check", *AS_OF)
        assert result.exit_code == 1
        assert "lists/holidays/2027.json" in result.stderr

    @pytest.mark.parametrize("command", [["check"], ["status"], ["publish", "disk"]])
    def test_another_folder_is_named_as_such(self, tmp_path: Path, command: list[str]) -> None:
        result = xinyi(tmp_path, *command)
        assert result.exit_code == 1
        assert "不是项目文件夹" in result.stderr

    def test_a_file_that_cannot_be_written_is_said(self, office: Path) -> None:
        (office / "keys").write_text("in the way", "utf-8")
        result = xinyi(office, "keys", "init", "--demo")
        assert result.exit_code == 1
        assert "没有完成" in result.stderr

    def test_wrong_usage(self, office: Path) -> None:
        result = xinyi(office, "build", "--as-of", "20日")
        assert result.exit_code == 2
        assert "不是日期" in result.stderr


class TestKeys:
    def test_again_is_refused(self, office: Path) -> None:
        assert xinyi(office, "keys", "init", "--demo").exit_code == 0
        before = (office / "keys/programme.key").read_bytes()
        result = xinyi(office, "keys", "init", "--demo")
        assert result.exit_code == 1
        assert "已经存在" in result.stderr
        assert (office / "keys/programme.key").read_bytes() == before

    def test_build_without_keys_says_what_to_do(self, office: Path) -> None:
        result = xinyi(office, "build", *AS_OF)
        assert result.exit_code == 1
        assert "xinyi keys init" in result.stderr

    def test_a_wrong_office_passphrase(self, office: Path) -> None:
        typed = "root passphrase\nroot passphrase\n" * 3 + "office pass 99\noffice pass 99\n"
        assert xinyi(office, "keys", "init", "--together", typed=typed).exit_code == 0
        result = xinyi(office, "build", *AS_OF, env={"XINYI_PASSPHRASE": "not the office pass"})
        assert result.exit_code == 1
        assert "打不开" in result.stderr
        assert not (office / "build").exists()


class TestRecord:
    OBJECTION = (
        "record", "objection", "--batch", "2026-01", "--unit", "文明办", "--grounds", "材料不实", "--operator", "甲某",
        "--day", "2026-11-20",
    )  # fmt: skip

    def entry(self, office: Path) -> tuple[str, str]:
        standing = next(s for s in read(office, DEMO_DAY).standings if s.stage is Stage.IN_NOTICE)
        subject = standing.nomination.subject
        return subject.name, subject.number if isinstance(subject, Person) else subject.code

    def test_an_objection_then_its_rejection(self, office: Path) -> None:
        name, number = self.entry(office)
        result = xinyi(office, *self.OBJECTION, typed=f"{name}\n{number}\ny\n")
        assert result.exit_code == 0, result.output
        assert "有异议待核实" in result.stdout
        resolve = ("record", "resolve", "--rejected", *self.OBJECTION[2:-2], "--day", "2026-11-23")
        result = xinyi(office, *resolve, typed=f"{name}\n{number}\ny\n")
        assert result.exit_code == 0, result.output
        assert "公示中" in result.stdout
        standings = read(office, date(2026, 11, 26)).standings
        mine = next(s for s in standings if s.nomination.subject.name == name and s.nomination.batch == "2026-01")
        assert (mine.stage, mine.reason) == (Stage.RECOGNISED, Reason.OBJECTION_REJECTED)

    @pytest.mark.parametrize("typed", ["无此人\n990101199001011234\n", "\n\n"])
    def test_nobody_of_that_name_and_number(self, office: Path, typed: str) -> None:
        before = (office / "lists/decisions.jsonl").read_bytes()
        result = xinyi(office, *self.OBJECTION, typed=typed)
        assert result.exit_code == 1
        assert (office / "lists/decisions.jsonl").read_bytes() == before

    def test_dishonesty_needs_the_right_batch_though_it_ends_every_entry(self, office: Path) -> None:
        standing = next(
            s
            for s in read(office, DEMO_DAY).standings
            if s.nomination.batch == "2025-01"
            and s.stage is Stage.RECOGNISED
            and isinstance(s.nomination.subject, Person)
        )
        subject = standing.nomination.subject
        assert isinstance(subject, Person)
        typed = f"{subject.name}\n{subject.number}\ny\n"
        withdraw = ("record", "withdraw", "--ground", "dishonest", *self.OBJECTION[4:])
        result = xinyi(office, *withdraw, "--batch", "2026-02", typed=typed)
        assert result.exit_code == 1
        assert "没有这个姓名" in result.stderr
        result = xinyi(office, *withdraw, "--batch", "2025-01", typed=typed)
        assert result.exit_code == 0, result.output
        assert "已退出（退出二" in result.stdout

    def test_a_day_that_has_not_come(self, office: Path) -> None:
        result = xinyi(office, *self.OBJECTION[:-1], "2030-01-02", typed="甲\n1\n")
        assert result.exit_code == 1
        assert "还没有到" in result.stderr

    def test_a_day_before_the_entry_was_received(self, office: Path) -> None:
        name, number = self.entry(office)
        result = xinyi(office, *self.OBJECTION[:-1], "2024-12-25", typed=f"{name}\n{number}\ny\n")
        assert result.exit_code == 1
        assert "早于" in result.stderr

    def test_two_clerks_at_once(self, office: Path) -> None:
        name, number = self.entry(office)
        with FileLock(office / LOCK):
            result = xinyi(office, *self.OBJECTION, typed=f"{name}\n{number}\ny\n")
        assert result.exit_code == 1
        assert "另一位同事" in result.stderr
        assert xinyi(office, *self.OBJECTION, typed=f"{name}\n{number}\ny\n").exit_code == 0

    def test_an_answer_needs_an_open_objection_and_a_reason(self, office: Path) -> None:
        name, number = self.entry(office)
        typed = f"{name}\n{number}\ny\n"
        result = xinyi(office, "record", "resolve", "--upheld", *self.OBJECTION[2:], typed=typed)
        assert result.exit_code == 1
        assert "没有等待答复的异议或申诉" in result.stderr
        silent = [" " if option == "材料不实" else option for option in self.OBJECTION]
        result = xinyi(office, *silent, typed=typed)
        assert result.exit_code == 1
        assert "理由" in result.stderr

    def test_nothing_is_recorded_without_a_yes(self, office: Path) -> None:
        name, number = self.entry(office)
        before = (office / "lists/decisions.jsonl").read_bytes()
        result = xinyi(office, *self.OBJECTION, typed=f"{name}\n{number}\nn\n")
        assert result.exit_code == 0
        assert "没有记录" in result.stdout
        assert "记录以后：有异议待核实" in result.stderr
        assert (office / "lists/decisions.jsonl").read_bytes() == before

    def test_withdrawn_appealed_and_restored(self, office: Path) -> None:
        said = self.decide(office, "withdraw", "--ground", "abuse")
        assert "已退出（退出二：不当利用激励）" in said
        assert "不用再记录" in self.refused(office, "withdraw", "--ground", "abuse")
        assert "没有等待答复的异议或申诉" in self.refused(office, "resolve", "--upheld", "--to", "appeal")
        assert "正在核实" in self.decide(office, "appeal")
        assert "请加 --to appeal" in self.refused(office, "resolve", "--upheld")
        assert "已认定" in self.decide(office, "resolve", "--upheld", "--to", "appeal")
        assert "不用申诉" in self.refused(office, "appeal")

    def test_a_wrong_record_and_what_was_enjoyed(self, office: Path) -> None:
        assert "没有查到" in self.refused(office, "dishonest-error")
        assert "请先撤下" in self.refused(office, "benefit-recovery", "--benefit", "免押金", "--outcome", "已补交")
        self.decide(office, "withdraw", "--ground", "dishonest")
        assert "已退出" in self.decide(office, "benefit-recovery", "--benefit", "免押金", "--outcome", "已补交")
        assert "已认定" in self.decide(office, "dishonest-error")

    def test_relisted_into_a_batch_that_is_still_open(self, office: Path) -> None:
        assert "还在名单上" in self.refused(office, "relist", "--into", "2026-02")
        self.decide(office, "withdraw", "--ground", "not-renewed")
        assert "没有可以重新提名的批次" in self.refused(office, "relist", "--into", "2099-01")
        assert "已经开始公示" in self.refused(office, "relist", "--into", "2026-01")
        count = len(read(office, DEMO_DAY).standings)
        self.decide(office, "relist", "--into", "2026-02")
        relisted = read(office, DEMO_DAY).standings[count:]
        assert [(s.nomination.batch, s.stage) for s in relisted] == [("2026-02", Stage.NOMINATED)]
        name, number = self.recognised()
        again = ("record", "objection", "--batch", "2026-02", *self.OBJECTION[4:])
        result = xinyi(office, *again, typed=f"{name}\n{number}\ny\n")
        assert result.exit_code == 0, result.output

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("number", "990621199001011234", "校验位"),
            ("publication", "secret", "公开方式只能是"),
            ("name", "张3", "数字"),
            ("affiliation", "=cmd|' /C calc'!A0", "公式"),
        ],
    )
    def test_a_correction_that_is_damaged(self, office: Path, field: str, value: str, words: str) -> None:
        name, number = self.recognised()
        correct = ("record", "correct", "--field", field, "--batch", "2025-01", *self.OBJECTION[4:])
        result = xinyi(office, *correct, typed=f"{name}\n{number}\n{value}\ny\n")
        assert result.exit_code == 1
        assert words in result.stderr

    def test_a_number_put_right_is_found_by_the_right_one(self, office: Path) -> None:
        name, number = self.recognised()
        correct = ("record", "correct", "--field", "number", "--batch", "2025-01", *self.OBJECTION[4:])
        result = xinyi(office, *correct, typed=f"{name}\n{number}\n990621199001011233\ny\n")
        assert result.exit_code == 0, result.output
        assert "还没有重新筛查" in result.stdout
        withdraw = ("record", "withdraw", "--ground", "abuse", "--batch", "2025-01", *self.OBJECTION[4:])
        result = xinyi(office, *withdraw, typed=f"{name}\n990621199001011233\ny\n")
        assert result.exit_code == 0, result.output

    def recognised(self) -> tuple[str, str]:
        """Return name and number of the first person of 2025-01 who stood recognised when the lists were made."""
        for standing in read(REPOSITORY, DEMO_DAY).standings:
            subject = standing.nomination.subject
            if standing.stage is Stage.RECOGNISED and isinstance(subject, Person):
                return subject.name, subject.number
        raise AssertionError("nobody is recognised")

    def decision(self, office: Path, kind: str, *more: str) -> Result:
        name, number = self.recognised()
        words = ("record", kind, *more, "--batch", "2025-01", *self.OBJECTION[4:])
        return xinyi(office, *words, typed=f"{name}\n{number}\ny\n")

    def decide(self, office: Path, kind: str, *more: str) -> str:
        result = self.decision(office, kind, *more)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, office: Path, kind: str, *more: str) -> str:
        before = (office / "lists/decisions.jsonl").read_bytes()
        result = self.decision(office, kind, *more)
        assert result.exit_code == 1, result.output
        assert (office / "lists/decisions.jsonl").read_bytes() == before
        return result.stderr


@pytest.mark.xdist_group("demo")
class TestExplain:
    def test_by_name_and_number_every_entry_is_told(self, office: Path) -> None:
        name, number = TestRecord().recognised()
        result = xinyi(office, "explain", *AS_OF, typed=f"{name}\n{number}\n")
        assert result.exit_code == 0, result.output
        assert "可以这样答复来问的人" in result.stdout
        assert "    依据：公示期满没有异议即认定" in result.stdout
        assert number not in result.stdout

    def test_nobody_of_that_name(self, office: Path) -> None:
        result = xinyi(office, "explain", *AS_OF, typed="无此人\n990621199001011233\n")
        assert result.exit_code == 1
        assert "没有这个姓名" in result.stderr

    def test_by_reference_as_it_is_published(self, demo: Demo) -> None:
        rows = (demo.root / "build/office/standings.csv").read_text("utf-8-sig").splitlines()
        header, row = rows[0].split(","), next(row for row in rows if "公示期未满" in row).split(",")
        reference = row[header.index("编号")]
        result = xinyi(demo.root, "explain", f" {reference[:5].lower()}-{reference[5:]} ", *AS_OF)
        assert result.exit_code == 0, result.output
        assert f"编号{reference}（" in result.stdout
        assert "公示中" in result.stdout

    @pytest.mark.parametrize(
        ("typed", "words"), [("ABC", "10位"), ("0000000000", "没有这个编号"), ("UUUUUUUUUU", "10位")]
    )
    def test_a_reference_that_is_none(self, demo: Demo, typed: str, words: str) -> None:
        result = xinyi(demo.root, "explain", typed, *AS_OF)
        assert result.exit_code == 1
        assert words in result.stderr


def test_help_in_chinese(office: Path) -> None:
    for command in main.commands.values():
        assert command.get_short_help_str(), command.name
    assert "信易" in xinyi(office, "--help").stdout
