"""xinyi merchants … as staff meet it: what is asked, what is said, and that nothing happens without a yes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from generator.build import merchants
from generator.cli import main
from generator.core.characters import marks_of_hidden
from generator.core.model import MerchantId
from generator.errors import LeakError
from generator.trust.keys import DEMO_PASSPHRASE, open_office
from tests.build.test_tracing import opened
from tests.fictional import DEMO_DAY

pytestmark = pytest.mark.xdist_group("demo")

LIBRARY = MerchantId("tushuguan")
AS_OF = ("--as-of", DEMO_DAY.isoformat())


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put today well after every day these tests speak of."""
    monkeypatch.setattr("generator.cli.options.current_day", lambda: date(2030, 1, 1))


def xinyi(root: Path, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *arguments], input=typed)


def passphrases(root: Path) -> dict[MerchantId, str]:
    return dict(open_office(root / "keys", DEMO_PASSPHRASE).programme.passphrases)


class TestList:
    def test_for_people(self, demo_copy: Path) -> None:
        assert xinyi(demo_copy, "merchants", "pause", "tushuguan").exit_code == 0
        lines = xinyi(demo_copy, "merchants", "list").stdout.splitlines()
        assert "zhengwu-dating　政务大厅　启用　第1版" in lines
        assert "tushuguan　图书馆　暂停　第1版" in lines  # until the next build
        lines = xinyi(demo_copy, "merchants", "list", "--details").stdout.splitlines()
        assert "zhengwu-dating　政务大厅　启用　第1版　内容2026年11月20日变过　有口令" in lines

    def test_for_programs_and_before_the_first_build(self, office: Path) -> None:
        found = json.loads(xinyi(office, "merchants", "list", "--json").stdout)["merchants"]
        assert found[0] == {
            "id": "lapenpen", "name": "辣盆盆小龙虾饭店", "status": "active", "scenarios": ["canyin"],
            "version": None, "changed": None, "passphrase": None,
        }  # fmt: skip
        xinyi(office, "keys", "init", "--demo")
        assert "没有名单包　还没有口令" in xinyi(office, "merchants", "list", "--details").stdout


class TestAdd:
    def test_by_options(self, office: Path) -> None:
        options = ("--id", "xinhua", "--name", "新华书店（示例）", "--scenario", "jieyue-yajin", "--scenario", "canyin")
        result = xinyi(office, "merchants", "add", *options, "--address", "示例路3号")
        assert (result.exit_code, result.stderr) == (0, "")
        assert "xinyi build" in result.stdout
        assert "bundles/xinhua.zip" in result.stdout
        added = merchants.read(office)[-1]
        assert (added.id, added.name, added.address) == ("xinhua", "新华书店（示例）", "示例路3号")
        assert added.scenarios == ("jieyue-yajin", "canyin")
        assert xinyi(office, "check", *AS_OF).exit_code == 0

    def test_what_is_not_written_is_asked(self, office: Path) -> None:
        result = xinyi(office, "merchants", "add", typed="xinhua\n新华书店（示例）\njieyue-yajin canyin\n")
        assert result.exit_code == 0, result.output
        assert merchants.read(office)[-1].scenarios == ("jieyue-yajin", "canyin")

    def test_refused_in_one_line(self, office: Path) -> None:
        result = xinyi(office, "merchants", "add", "--id", "lapenpen", "--name", "x", "--scenario", "canyin")
        assert result.exit_code == 1
        assert result.stderr.startswith("没有完成：已经有编号是 lapenpen 的商户")


class TestPauseAndResume:
    def test_there_and_back(self, demo_copy: Path) -> None:
        before = (demo_copy / merchants.PATH).read_bytes()
        result = xinyi(demo_copy, "merchants", "pause", "tushuguan")
        assert result.exit_code == 0
        assert "请运行 xinyi build" in result.stdout
        assert "还能用到2026年12月29日" in result.stdout
        assert (demo_copy / merchants.PATH).read_bytes() != before
        result = xinyi(demo_copy, "merchants", "resume", "tushuguan")
        assert "口令不变" in result.stdout
        assert (demo_copy / merchants.PATH).read_bytes() == before

    def test_before_anything_was_released(self, office: Path) -> None:
        assert "还没有发布过" in xinyi(office, "merchants", "pause", "tushuguan").stdout


class TestRemove:
    def test_only_after_a_yes(self, demo_copy: Path) -> None:
        before = (demo_copy / merchants.PATH).read_bytes()
        for typed in ("n\n", "\n", ""):
            result = xinyi(demo_copy, "merchants", "remove", "tushuguan", typed=typed)
            assert result.exit_code == 1
            assert "还能用到2026年12月29日" in result.stderr
            assert (demo_copy / merchants.PATH).read_bytes() == before
            assert LIBRARY in passphrases(demo_copy)
        result = xinyi(demo_copy, "merchants", "remove", "tushuguan", typed="y\n")
        assert result.exit_code == 0, result.output
        assert LIBRARY not in {one.id for one in merchants.read(demo_copy)}
        assert LIBRARY not in passphrases(demo_copy)
        assert "不能再给别家" in result.stdout
        result = xinyi(demo_copy, "merchants", "add", "--id", "tushuguan", "--name", "丁店", "--scenario", "canyin")
        assert result.exit_code == 1
        assert "编号 tushuguan 以前移走的商户用过" in result.stderr

    def test_somebody_unknown(self, demo_copy: Path) -> None:
        result = xinyi(demo_copy, "merchants", "remove", "nirgends", "--yes")
        assert result.exit_code == 1
        assert "里没有 nirgends" in result.stderr

    def test_without_keys(self, office: Path) -> None:
        assert xinyi(office, "merchants", "remove", "tushuguan", "--yes").exit_code == 0
        assert LIBRARY not in {one.id for one in merchants.read(office)}


class TestPassphrase:
    def test_shown_in_groups(self, demo_copy: Path) -> None:
        result = xinyi(demo_copy, "merchants", "passphrase", "tushuguan")
        assert result.stdout.replace("-", "").strip() == passphrases(demo_copy)[LIBRARY]

    def test_replaced_only_after_a_yes(self, demo_copy: Path) -> None:
        before = passphrases(demo_copy)
        result = xinyi(demo_copy, "merchants", "passphrase", "tushuguan", "--replace", typed="n\n")
        assert result.exit_code == 1
        assert passphrases(demo_copy) == before
        result = xinyi(demo_copy, "merchants", "passphrase", "tushuguan", "--replace", typed="y\n")
        assert result.exit_code == 0, result.output
        after = passphrases(demo_copy)
        assert {merchant for merchant in after if after[merchant] != before[merchant]} == {LIBRARY}
        assert result.stdout.replace("-", "").strip() == after[LIBRARY]
        assert "只有 tushuguan.zip 会换" in result.stderr

    def test_all(self, demo_copy: Path) -> None:
        before = passphrases(demo_copy)
        result = xinyi(demo_copy, "merchants", "passphrase", "--all", "--replace", "--yes")
        assert result.exit_code == 0, result.output
        after = passphrases(demo_copy)
        assert not set(after.values()) & set(before.values())
        shown = dict(line.split("　") for line in result.stdout.splitlines())
        assert {merchant: shown[merchant].replace("-", "") for merchant in shown} == after

    @pytest.mark.parametrize("arguments", [[], ["tushuguan", "--all"]])
    def test_one_or_all(self, demo_copy: Path, arguments: list[str]) -> None:
        result = xinyi(demo_copy, "merchants", "passphrase", *arguments)
        assert result.exit_code == 2

    def test_nobody_of_that_id(self, demo_copy: Path) -> None:
        result = xinyi(demo_copy, "merchants", "passphrase", "nirgends")
        assert result.exit_code == 1
        assert "没有商户“nirgends”的口令" in result.stderr


class TestTrace:
    @pytest.fixture
    def leak(self, demo_copy: Path, tmp_path: Path) -> Path:
        """Return a folder with what the library's passphrase opens."""
        for name, data in opened(demo_copy, "tushuguan").items():
            path = tmp_path / "leak" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "leak"

    def test_for_people(self, demo_copy: Path, leak: Path) -> None:
        result = xinyi(demo_copy, "merchants", "trace", str(leak))
        assert result.exit_code == 0, result.output
        assert "出自 tushuguan（图书馆）的名单包" in result.stdout
        assert "机会不到一亿分之一" in result.stdout

    @pytest.mark.parametrize("arguments", [(), ("--json",)])
    def test_nothing_of_it_moves_the_cursor(self, demo_copy: Path, leak: Path, arguments: tuple[str, ...]) -> None:
        former = "\x1b]0;owned\x07\u202e\x9b2K"
        result = xinyi(demo_copy, "merchants", "trace", str(leak), "--former", former, *arguments)
        assert result.exit_code == 0, result.output
        assert "图书馆" in result.stdout
        assert marks_of_hidden(result.stdout.replace("\n", "")) == ()

    def test_a_zip_whose_names_move_the_cursor(self, demo_copy: Path, tmp_path: Path) -> None:
        path = tmp_path / "leak\u202e\x1b[8m.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("a\r\x1b[2K出自 lapenpen 的名单包\x1b[8m", b"PK\x03\x04broken")
        result = xinyi(demo_copy, "merchants", "trace", str(path))
        assert result.exit_code == 1
        assert result.stderr == f"没有完成：{tmp_path}/leak<U+202E><U+001B>[8m.zip：压缩包打不开，可能不完整\n"

    def test_for_programs_with_a_former_merchant(self, demo_copy: Path, leak: Path) -> None:
        file = leak / "classes/0.gr"
        result = xinyi(demo_copy, "merchants", "trace", str(file), "--former", "vorbei", "--json", *AS_OF)
        values = json.loads(result.stdout)
        assert [one["id"] for one in values["merchants"] if one["named"]] == ["tushuguan"]
        assert "vorbei" in {one["id"] for one in values["merchants"]}


class TestMessages:
    """Whatever went wrong is said with marks where a terminal would do more than show it."""

    def test_of_faults_in_the_input(self, office: Path) -> None:
        path = office / merchants.PATH
        path.write_text(
            path.read_text("utf-8").replace('name = "图书馆"', 'name = "图\\u202e\\n\\u001b[2K书馆"'), "utf-8"
        )
        result = xinyi(office, "check", *AS_OF)
        assert result.exit_code == 1
        (line,) = (line for line in result.stderr.splitlines() if "merchants.toml" in line)
        assert "merchant[tushuguan].name：有看不见的字符（U+202E、U+000A、U+001B）" in line
        path.write_text(path.read_text("utf-8") + '["\\r\\u001b[2K\\n  x"]\n', "utf-8")
        result = xinyi(office, "check", *AS_OF)
        assert marks_of_hidden(result.stderr.replace("\n", "")) == ()
        assert "<U+000D><U+001B>[2K<U+000A>  x" in result.stderr

    def test_of_leaks_and_of_files(self, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        errors = [LeakError(["a\r\nb.html"]), OSError(28, "No space left on device", "a\r\nb")]
        for error in errors:
            monkeypatch.setattr("generator.build.merchants.listed", Mock(side_effect=error))
            result = xinyi(office, "merchants", "list")
            assert result.exit_code == 1
            assert "a<U+000D><U+000A>b" in result.stderr


@pytest.mark.parametrize("edit", [lambda text: text, lambda text: text.replace("\n", "\r\n")], ids=["unix", "windows"])
def test_a_year_of_changes_leaves_the_notes_of_the_office(office: Path, edit: Callable[[str], str]) -> None:
    path = office / merchants.PATH
    path.write_bytes(edit(path.read_text("utf-8")).encode())
    before = path.read_bytes()
    xinyi(office, "merchants", "add", "--id", "neu", "--name", "新店", "--scenario", "canyin")
    xinyi(office, "merchants", "pause", "neu")
    xinyi(office, "merchants", "pause", "shenpi-zhongxin")
    xinyi(office, "merchants", "resume", "shenpi-zhongxin")
    xinyi(office, "merchants", "remove", "neu", "--yes")
    assert path.read_bytes() == before
