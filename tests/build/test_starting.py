"""A new office: what it holds and does not hold, that it checks and builds with nobody in it, and all or nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.build import pipeline, starting
from generator.build.shipped import TEMPLATES, shipped, templates_of
from generator.build.starting import KEPT, SCENARIOS, STAGING, Particulars, objection, start
from generator.cli import main
from generator.errors import Faults, RefusedError
from generator.site import render
from generator.sources.content import read_content
from generator.trust import saving
from tests.conftest import REPOSITORY

OFFICE = Particulars("信易+ 守信激励", '某县"信用办"', "某县", "xinyi.mouxian.gov.cn", phone="0000-1234567")
FUSONG = Particulars("信易+", "抚松县信用办", "抚松县", "xinyi.mouxian.gov.cn")
DAY = date(2026, 11, 22)
OPTIONS = ("--office", "某县信用办", "--area", "某县", "--domain", "xinyi.mouxian.gov.cn")


def xinyi(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=typed)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class TestWhatIsInIt:
    def test_check_finds_nothing_wrong(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        pipeline.check(tmp_path / "office", DAY)

    def test_the_text_of_the_documents_and_nothing_of_the_example(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        faults = Faults()
        content, example = read_content(tmp_path / "office", faults), read_content(REPOSITORY, faults)
        assert content
        assert example
        assert (content.policies, content.measures, content.categories) == (
            example.policies,
            example.measures,
            example.categories,
        )
        assert content.scenarios.keys() == example.scenarios.keys()
        assert {page.id for page in content.pages} == {page.id for page in example.pages}
        assert (content.notices, content.cases, content.merchants) == ((), (), ())
        assert {unit.area for unit in content.units.values()} == {"抚松县", "肇东市", "某县"}
        assert content.settings.rules == example.settings.rules

    def test_nothing_says_that_it_is_invented(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        said = {name: data.decode("utf-8") for name, data in files(tmp_path / "office").items()}
        invented = re.compile(r"示例|虚构|编的|tests\.|仓库里自带")
        assert not {name for name, text in said.items() if invented.search(text)} - {"content/site.toml"}
        assert "allow_demo" not in said["content/site.toml"]
        assert not invented.search(str(tomllib.loads(said["content/site.toml"])))

    def test_what_the_office_said_stands_in_its_settings(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        settings = tomllib.loads((tmp_path / "office/content/site.toml").read_text("utf-8"))
        assert (settings["office"], settings["domain"]) == ('某县"信用办"', "xinyi.mouxian.gov.cn")
        assert settings["contact"] == {"address": "", "phone": "0000-1234567", "email": "", "hours": ""}
        assert set(settings["footer"].values()) == {""}

    def test_its_pages_for_staff_link_to_nothing_that_is_not_there(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        for name in ("lists/README.md", "keys/README.md"):
            text = (tmp_path / "office" / name).read_text("utf-8")
            assert "](" not in text
            assert "工作手册“" in text

    def test_lists_and_keys_are_the_owners_and_stay_out_of_git(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        assert {path.name for path in (tmp_path / "office").iterdir()} == {".gitignore", "content", "keys", "lists"}
        assert {"/lists/", "/keys/", "/build/"} <= set((tmp_path / "office/.gitignore").read_text("utf-8").split("\n"))
        assert (tmp_path / "office/lists/decisions.jsonl").read_bytes() == b""
        assert (tmp_path / "office/lists/decisions.head").read_bytes() == b"0 " + b"0" * 64 + b"\n"
        if sys.platform != "win32":
            assert {(tmp_path / "office" / name).stat().st_mode & 0o777 for name in ("lists", "keys")} == {0o700}


class TestAreas:
    """Nobody is promised on an office's site what only another county gives."""

    def test_what_another_county_gives_is_switched_off(self, tmp_path: Path) -> None:
        started = start(tmp_path / "office", OFFICE)
        content = read_content(tmp_path / "office", Faults())
        assert content
        assert {scenario.status for scenario in content.scenarios.values()} == {"planned"}
        assert started.waiting == 11

    def test_what_the_own_county_gives_stays(self, tmp_path: Path) -> None:
        started = start(tmp_path / "office", FUSONG)
        content = read_content(tmp_path / "office", Faults())
        assert content
        active = {scenario.id for scenario in content.scenarios.values() if scenario.status == "active"}
        assert active == {"jie-yusan", "jieyue-yajin"}
        assert started.waiting == 9

    def test_an_office_that_the_documents_know_is_not_added_again(self, tmp_path: Path) -> None:
        assert not start(tmp_path / "a", FUSONG).own_unit
        assert start(tmp_path / "b", OFFICE).own_unit
        assert '某县\\"信用办\\"' in (tmp_path / "b/content/units.toml").read_text("utf-8")
        assert "bd-xinyongban" not in (tmp_path / "a/content/units.toml").read_text("utf-8")


class TestPlaceholders:
    """What could not go online is refused before anything is written."""

    @pytest.mark.parametrize(
        ("item", "text"),
        [
            ("office", ""),
            ("office", "  "),
            ("office", "示例县信用办"),
            ("office", "信用办\n第二行"),
            ("area", ""),
            ("name", "演示网站"),
            ("phone", "0000-0000000（虚构号码）"),
            ("domain", "xinyi.example"),
            ("domain", "www.example.com"),
            ("domain", "https://xinyi.mouxian.gov.cn"),
            ("domain", "xinyi.mouxian.gov.cn/"),
            ("domain", "信易"),
            ("domain", "localhost"),
            ("domain", "a-.gov.cn"),
        ],
    )
    def test_refused(self, tmp_path: Path, item: str, text: str) -> None:
        assert objection(item, text)
        given = {name: getattr(OFFICE, name) for name in starting.LABELS}
        with pytest.raises(RefusedError, match=starting.LABELS[item]):
            start(tmp_path / "office", Particulars(**{**given, item: text}))
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("domain", ["xinyi.mouxian.gov.cn", "a.cn", "信用.中国", "xn--fiqs8s.cn"])
    def test_a_domain_is_taken(self, domain: str) -> None:
        assert objection("domain", domain) == ""

    def test_contacts_may_be_missing(self) -> None:
        assert [objection(item, "") for item in starting.OPTIONAL] == [""] * 4


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of an office in which nobody is."""
    root = tmp_path_factory.mktemp("new") / "office"
    for command in (
        ("init", str(root), *OPTIONS),
        ("--root", str(root), "keys", "init", "--demo"),
        ("--root", str(root), "build"),
    ):
        result = xinyi(*command)
        assert result.exit_code == 0, result.output
    return root / "build/site"


class TestAnEmptyOffice:
    @pytest.mark.parametrize(
        ("page", "said"),
        [
            ("index.html", "还没有公示公告。"),
            ("index.html", "还没有启用的场景"),
            ("index.html", "守信名单（现有0条）"),
            ("notices/index.html", "还没有公示公告。"),
            ("scenarios/index.html", "还没有启用的场景"),
            ("lists/a1/index.html", "这一类没有有效的条目"),
            ("cases/index.html", "还没有发布案例。"),
            ("merchants/index.html", "还没有商户参加"),
        ],
    )
    def test_its_pages_say_that_there_is_nothing_yet(self, site: Path, page: str, said: str) -> None:
        assert said in (site / page).read_text("utf-8")

    def test_no_list_is_left_without_an_item(self, site: Path) -> None:
        empty = re.compile(r"<(ul|ol|dl|tbody)\b[^>]*>\s*</\1>")
        pages = sorted(site.rglob("*.html"))
        assert len(pages) > 30
        assert not [page.name for page in pages if empty.search(page.read_text("utf-8"))]

    def test_no_bundle_and_nobody(self, site: Path) -> None:
        assert '"bundles": []' in (site / "bundles/index.json").read_text("utf-8")
        assert not list((site / "bundles").glob("*.zip"))

    def test_texts_taken_away_leave_pages_that_say_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = tmp_path / "office"
        start(root, OFFICE)
        for name in ("content/policies", SCENARIOS, "content/pages"):
            shutil.rmtree(root / name)
        measures = root / "content/measures.csv"
        measures.write_bytes(measures.read_bytes().splitlines(keepends=True)[0])
        shown: dict[str, bytes] = {}
        monkeypatch.setattr(pipeline, "render", lambda *given: shown.update(render.render(*given)))
        pipeline.check(root, DAY)
        assert "还没有政策文件。" in shown["index.html"].decode()
        assert "还没有政策文件。" in shown["policies/index.html"].decode()
        assert "还没有措施。" in shown["measures/index.html"].decode()
        assert "还没有启用的场景" in shown["scenarios/index.html"].decode()

    def test_the_first_merchant_comes_and_the_last_one_goes(self, tmp_path: Path) -> None:
        start(tmp_path / "office", FUSONG)
        before = (tmp_path / "office/content/merchants.toml").read_bytes()
        root = ("--root", str(tmp_path / "office"))
        added = xinyi(*root, "merchants", "add", typed="tushuguan\n图书馆\njieyue-yajin\n")
        assert added.exit_code == 0, added.output
        pipeline.check(tmp_path / "office", DAY)
        gone = xinyi(*root, "merchants", "remove", "tushuguan", typed="y\n")
        assert gone.exit_code == 0, gone.output
        assert (tmp_path / "office/content/merchants.toml").read_bytes().rstrip() == before.rstrip()

    def test_its_commented_merchant_is_one(self, tmp_path: Path) -> None:
        start(tmp_path / "office", FUSONG)
        path = tmp_path / "office/content/merchants.toml"
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"^# (?=\[\[|\w+ = )", "", text, flags=re.MULTILINE), "utf-8")
        pipeline.check(tmp_path / "office", DAY)
        content = read_content(tmp_path / "office", Faults())
        assert content
        assert [merchant.id for merchant in content.merchants] == ["tushuguan"]


class TestTemplates:
    def test_those_of_the_program_are_used(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE)
        assert templates_of(tmp_path / "office") == shipped(TEMPLATES)

    def test_the_offices_own_win(self, tmp_path: Path) -> None:
        start(tmp_path / "office", OFFICE, with_templates=True)
        own = tmp_path / "office" / TEMPLATES
        assert templates_of(tmp_path / "office") == own
        assert files(own) == files(REPOSITORY / TEMPLATES)
        (own / "home.html").write_text("{% endif %}", "utf-8")
        result = xinyi("--root", str(tmp_path / "office"), "check")
        assert result.exit_code == 1
        assert "templates/home.html" in result.stderr


# -- all or nothing ---------------------------------------------------------------------------------------------

CUT_SHORT = """
import os, sys
from pathlib import Path
from generator.build import starting
from tests.build.test_starting import OFFICE

left = int(sys.argv[2])
def counted(real):
    def step(*given):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*given)
    return step
starting.save = counted(starting.save)
Path.rename = counted(Path.rename)
starting.start(Path(sys.argv[1]), OFFICE)
"""


def cut_short(folder: Path, steps: int) -> bool:
    """Start an office in another process that dies before one write or rename; return whether it did."""
    done = subprocess.run([sys.executable, "-c", CUT_SHORT, str(folder), str(steps)], cwd=REPOSITORY, check=False)
    assert done.returncode in (0, 9)
    return done.returncode == 9


class TestAllOrNothing:
    def test_an_empty_folder_is_taken(self, tmp_path: Path) -> None:
        (tmp_path / ".venv").mkdir()
        start(tmp_path, OFFICE)
        pipeline.check(tmp_path, DAY)
        assert (tmp_path / ".venv").is_dir()

    @pytest.mark.parametrize("name", ["表.xlsx", "lists/decisions.jsonl", "content/site.toml", ".gitignore"])
    def test_another_is_refused_and_stays(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine", "utf-8")
        with pytest.raises(RefusedError, match="不是空的"):
            start(tmp_path, OFFICE)
        assert files(tmp_path) == {name: b"mine"}

    def test_a_file_and_a_place_that_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine", "utf-8")
        with pytest.raises(RefusedError, match="不是文件夹"):
            start(tmp_path / "file", OFFICE)
        with pytest.raises(RefusedError, match="请先建好"):
            start(tmp_path / "no/office", OFFICE)
        assert files(tmp_path) == {"file": b"mine"}

    @pytest.mark.parametrize("steps", [0, 20])
    @pytest.mark.parametrize("there", [False, True])
    def test_a_full_disk_leaves_it_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, there: bool
    ) -> None:
        folder = tmp_path / "office"
        if there:
            folder.mkdir()
        left = [steps]

        def fails(path: Path, data: bytes) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device", str(path))
            saving.save(path, data)

        monkeypatch.setattr(starting, "save", fails)
        with pytest.raises(OSError, match="No space"):
            start(folder, OFFICE)
        assert list(tmp_path.rglob("*")) == ([folder] if there else [])

    def test_a_rename_that_fails_takes_the_others_back(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Path.rename

        def fails(path: Path, to: Path) -> Path:
            if path.name == "content":
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, to)

        monkeypatch.setattr(Path, "rename", fails)
        with pytest.raises(PermissionError):
            start(tmp_path, OFFICE)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("there", [False, True])
    def test_a_power_cut_leaves_no_half_office_and_the_next_start_mends_it(self, tmp_path: Path, there: bool) -> None:
        total = len(files(start(tmp_path / "whole", OFFICE).folder))
        moves = 4 if there else 1
        for number, steps in enumerate((0, total // 2, total, *range(total + 1, total + moves))):
            folder = tmp_path / f"{number}"
            if there:
                folder.mkdir()
            assert cut_short(folder, steps)
            assert not (folder / "content").exists()
            start(folder, OFFICE)
            assert files(folder) == files(tmp_path / "whole")
            assert not (folder / STAGING).exists()
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]

    def test_keys_made_in_a_half_office_are_kept(self, tmp_path: Path) -> None:
        total = len(files(start(tmp_path / "whole", OFFICE).folder))
        (tmp_path / "half").mkdir()
        assert cut_short(tmp_path / "half", total + 3)
        (tmp_path / "half/keys/office.pem").write_text("a key", "utf-8")
        start(tmp_path / "half", OFFICE)
        assert (tmp_path / "half/keys/office.pem").read_text("utf-8") == "a key"


class TestCommand:
    def test_it_asks_and_asks_again(self, tmp_path: Path) -> None:
        typed = "\n示例县信用办\n某县信用办\n某县\nhttps://a.cn/\nxinyi.mouxian.gov.cn\n0000-1234567\n\n"
        result = xinyi("init", str(tmp_path / "office"), typed=typed)
        assert result.exit_code == 0, result.output
        assert result.stderr.count("不能用：") == 2
        settings = tomllib.loads((tmp_path / "office/content/site.toml").read_text("utf-8"))
        assert (settings["office"], settings["domain"]) == ("某县信用办", "xinyi.mouxian.gov.cn")
        assert settings["contact"]["phone"] == "0000-1234567"

    def test_it_says_what_to_do_next(self, tmp_path: Path) -> None:
        result = xinyi("init", str(tmp_path / "office"), *OPTIONS)
        assert result.exit_code == 0, result.output
        assert f"已建好：{tmp_path / 'office'}" in result.stdout
        for step in ("content/site.toml", "11个场景", "xinyi check", "xinyi keys init", "xinyi build", "一年怎么走"):
            assert step in result.stdout
        assert "别的地区" in result.stdout

    def test_root_says_where_too_but_not_both(self, tmp_path: Path) -> None:
        assert xinyi("--root", str(tmp_path), "init", str(tmp_path / "a"), *OPTIONS).exit_code == 2
        assert not list(tmp_path.iterdir())
        assert xinyi("--root", str(tmp_path), "init", *OPTIONS).exit_code == 0
        assert (tmp_path / "content/site.toml").exists()

    def test_the_present_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        result = xinyi("init", *OPTIONS)
        assert result.exit_code == 0, result.output
        assert xinyi("check").exit_code == 0

    def test_a_folder_that_is_not_empty_is_refused_before_anything_is_asked(self, tmp_path: Path) -> None:
        (tmp_path / "表.xlsx").write_text("mine", "utf-8")
        result = xinyi("init", str(tmp_path))
        assert result.exit_code == 1
        assert "不是空的，里面有：表.xlsx" in result.stderr
        assert "主办单位" not in result.stderr

    def test_nobody_at_the_terminal(self, tmp_path: Path) -> None:
        assert xinyi("init", str(tmp_path / "office"), typed="").exit_code == 1
        assert not list(tmp_path.iterdir())


def test_the_commands_of_the_handbook_start_an_office_and_try_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (REPOSITORY / "docs/handbook/start.md").read_text("utf-8")
    typed = [line.split() for line in re.findall(r"^xinyi .*", text, re.MULTILINE)]
    assert {tuple(words[1:3]) for words in typed} == {("init", "信用办"), ("init", "试一试"), ("--root", "试一试")}
    for words in typed:
        if words[-1] != "serve":
            result = xinyi(*words[1:])
            assert result.exit_code == 0, result.output
    assert "还没有" in (tmp_path / "试一试/build/site/index.html").read_text("utf-8")


def test_what_is_taken_over_is_shipped() -> None:
    assert all(shipped(name).exists() for name in (*KEPT, TEMPLATES, starting.SITE, starting.UNITS))
