"""The documents tell the truth: commands, options and targets exist, links lead somewhere, examples are accepted.

What the handbook tells a clerk to write and to type is written and typed here, in an office of its own.
"""

from __future__ import annotations

import ast
import html
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from generator.build.office import read
from generator.bundle import collapse
from generator.cli import main
from generator.core.identifiers import Number, id_check_digit
from generator.core.lifecycle import Reason, Stage
from generator.core.model import Person
from generator.verifier import verify
from tests import pictures
from tests.benchmarks import decoys
from tests.conftest import copy_office

REPOSITORY = Path(__file__).parent.parent
HANDBOOK = REPOSITORY / "docs/handbook/README.md"
DECISIONS, LISTS = HANDBOOK.parent / "decisions.md", HANDBOOK.parent / "lists.md"
THREATS = REPOSITORY / "docs/threat-model.md"
PAGES = [
    *(
        REPOSITORY / name
        for name in ("README.md", "CONTRIBUTING.md", "keys/README.md", "lists/README.md", "tests/vectors/README.md")
    ),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
TEXTS = [
    *PAGES,
    *sorted((REPOSITORY / "templates").glob("*.html")),
    *sorted(path for path in (REPOSITORY / "content").rglob("*") if path.suffix in (".md", ".toml")),
]
PLACEHOLDERS = {"…", "..."}


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language, their indentation taken away."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def commands(path: Path) -> Iterator[list[str]]:
    """Yield every command line in a text: of fenced blocks, of inline code, and ``xinyi`` with its bare words."""
    text = path.read_text(encoding="utf-8")
    code = "\n".join(blocks(text, "[a-z]*"))
    code += "\n" + "\n".join(" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", text))
    code += "\n" + "\n".join(html.unescape(span) for span in re.findall(r"<code>(.*?)</code>", text, re.DOTALL))
    if path.suffix != ".md":
        code += "\n" + "\n".join(re.findall(r"xinyi(?: [a-z][a-z-]*)+", text))
    for line in re.split(r"\n|&&|;", code):
        if re.match(r"\s*(?:\S*/)?(?:make|xinyi|verify\.py|python3?) ", line):
            words = [word for word in shlex.split(line, comments=True) if word not in PLACEHOLDERS]
            yield [words[0].rsplit("/", 1)[-1], *words[1:]]


def check_xinyi(words: list[str]) -> None:
    """Raise ``click.UsageError`` unless the words are a command with options and values that it takes.

    A line without options only mentions a command, so nothing is asked of it beyond its name.
    """
    command: click.Command = main
    context = click.Context(main, info_name="xinyi")
    rest = words
    while isinstance(command, click.Group):
        given, rest, _ = command.make_parser(context).parse_args(list(rest))
        check_values(command, context, given)
        if not rest:
            return
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"no command {rest[0]}")
        command, rest = found, rest[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    given, _, _ = command.make_parser(context).parse_args(list(rest))
    check_values(command, context, given)
    for param in command.params:
        if rest and param.required and given.get(str(param.name)) is None:
            raise click.UsageError(f"{command.name} needs {param.name}")


def check_values(command: click.Command, context: click.Context, given: dict[str, object]) -> None:
    for param in command.params:
        value = given.get(str(param.name))
        if isinstance(value, str) and not isinstance(param.type, click.Path):
            param.type.convert(value, param, context)


@cache
def make_targets() -> frozenset[str]:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def check_make(words: list[str]) -> None:
    for word in words:
        if "=" not in word and word not in make_targets():
            raise click.UsageError(f"no target {word}")


def check_python(words: list[str]) -> None:
    """Check ``python3 verify.py …`` against the verifier's own options, ``python3 -m pip …`` against its packages."""
    if words[0] == "verify.py":
        try:
            verify.arguments(words[1:])
        except verify.Refused as refused:
            raise click.UsageError("verify.py does not take this") from refused
    elif words[:3] == ["-m", "pip", "install"]:
        text = (REPOSITORY / "generator/verifier/verify.py").read_text("utf-8")
        header = [name + limit for name, limit in re.findall(r'"([a-z-]+)>=[0-9.]+(?:,(<[0-9]+))?"', text)]
        if sorted(words[3:]) != sorted(header):
            raise click.UsageError("not the packages of verify.py")
    elif words[0] != "-m":
        raise click.UsageError(f"what is {words[0]}")


CHECKS = {"xinyi": check_xinyi, "make": check_make, "python3": check_python, "python": check_python}


def check_command(words: list[str]) -> None:
    if words[0] == "verify.py":
        check_python(words)
    else:
        CHECKS[words[0]](words[1:])


class TestCommands:
    """Every command in README is tested against the code (style guide, Documents)."""

    @pytest.mark.parametrize("path", TEXTS, ids=named)
    def test_exists_with_its_options(self, path: Path) -> None:
        for words in commands(path):
            try:
                check_command(words)
            except click.UsageError as error:
                pytest.fail(f"{named(path)}: {shlex.join(words)}: {error.format_message()}")

    def test_there_are_some_of_each(self) -> None:
        found = [words for path in TEXTS for words in commands(path)]
        heads = {tuple(words[:2]) for words in found}
        assert {("make", "demo"), ("make", "test"), ("xinyi", "build"), ("xinyi", "check")} <= heads
        assert {tuple(words[:3]) for words in found} >= {
            ("xinyi", "record", name) for name in ("objection", "resolve", "withdraw", "correct")
        }
        assert any(words[1:2] == ["verify.py"] for words in found)

    @pytest.mark.parametrize(
        "line",
        [
            "make dmeo",
            "xinyi biuld",
            "xinyi build --as-off 2026-11-20",
            "xinyi build --as-of 明天",
            "xinyi keys renw",
            "xinyi publish disk --dry",
            "xinyi record withdraw --ground bored --batch 2027-01 --unit 妇联 --grounds 理由 --operator 王某",
            "xinyi record objection --batch 2027-01",
            "python3 verify.py 名单包.zip --passphrase X",
            "python3 -m pip install tuf",
        ],
    )
    def test_a_wrong_one_is_found(self, line: str, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(f"先打 `{line}`。\n", encoding="utf-8")
        (words,) = commands(page)
        with pytest.raises(click.UsageError):
            check_command(words)


# -- links ------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, made as code hosts make them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    assert not broken_links(path)


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# 一 节\n[a](#一-节) [b](#二) [c](page.md#一-节) [d](other.md) [e](https://a.example/)\n", "utf-8")
    assert broken_links(page) == ["#二", "other.md"]


# -- what the handbook tells a clerk to write and type ----------------------------------------------------------

FIRST_17 = ("99062219900101123", "99062219900101124")
SUBJECT, OTHER = (
    (name, Number(first_17 + id_check_digit(first_17)))
    for name, first_17 in zip(("示例某", "示例乙"), FIRST_17, strict=True)
)
HEADER = "类别代码,主体类型,姓名/名称,证件号码,荣誉名称,授予机关"


class Clerk:
    """An office of the handbook's own year, and whoever types what the handbook says, word for word."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._patch = root, monkeypatch

    def on(self, day: str) -> None:
        """Let it be a day."""
        self._patch.setattr("generator.cli.options.current_day", lambda: date.fromisoformat(day))

    def types(self, beginning: str, *more: str, page: Path = HANDBOOK, answers: Iterable[str] = ()) -> str:
        """Type the one command of a page that begins so, and whatever it asks for."""
        found = {tuple(words) for words in commands(page) if " ".join(words).startswith(f"{beginning} ")}
        assert len(found) == 1, (beginning, found)
        typed = "".join(f"{answer}\n" for answer in answers)
        result = CliRunner().invoke(main, ["--root", str(self.root), *found.pop()[1:], *more], input=typed)
        assert result.exit_code == 0, result.output
        return result.output

    def decides(self, beginning: str, day: str, *answers: str, subject: tuple[str, str] = SUBJECT) -> str:
        """Type a command of the page on decisions, with a day unless it says one, and confirm it."""
        (words,) = {tuple(w) for w in commands(DECISIONS) if " ".join(w).startswith(f"xinyi record {beginning} ")}
        said = [] if "--day" in words else ["--day", day]
        asked = () if "--ref" in words else subject
        return self.types(f"xinyi record {beginning}", *said, page=DECISIONS, answers=(*asked, *answers, "y"))

    def stage(self, day: date, batch: str = "2027-01") -> tuple[Stage, Reason]:
        """Return where the handbook's person stands on a day."""
        everyone = (s for s in read(self.root, day).standings if s.nomination.batch == batch)
        (found,) = (s for s in everyone if s.nomination.subject.key == Person(*SUBJECT).key)
        return found.stage, found.reason


@pytest.fixture
def clerk(at_the_notice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clerk:
    """Return a clerk in a copy of the handbook's office."""
    shutil.copytree(at_the_notice, tmp_path / "office")
    monkeypatch.chdir(tmp_path / "office")
    return Clerk(tmp_path / "office", monkeypatch)


@pytest.fixture(scope="module")
def at_the_notice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return an office that has followed 一年怎么走 to the first day of the notice, by the handbook's own commands."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield follow_the_year(copy_office(tmp_path_factory.mktemp("year")), monkeypatch)


def follow_the_year(office: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (holidays,) = blocks(HANDBOOK.read_text(encoding="utf-8"), "json")
    for folder in ("lists/batches", "lists/snapshots", "content/notices"):
        shutil.rmtree(office / folder)
    tables = {
        "妇联.xlsx": [HEADER, *(f"A7,个人,{name},{number},三八红旗手,县妇联" for name, number in (SUBJECT, OTHER))],
        "2027-01-妇联-退回.xlsx": [
            HEADER,
            *(f"A7,个人,{name},{number},标兵,县妇联" for name, number in (SUBJECT, OTHER)),
        ],
        "court.xlsx": ["姓名,证件号码,列入日期", f"{','.join(OTHER)},2026-05-01"],
    }
    files = {
        "lists/decisions.jsonl": "",
        "lists/decisions.head": f"0 {'0' * 64}\n",
        "lists/holidays/2027.json": holidays,
        **{name: "\n".join(lines) for name, lines in tables.items()},
    }
    for name, content in files.items():
        (office / name).parent.mkdir(parents=True, exist_ok=True)
        (office / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(office)
    typist = Clerk(office, monkeypatch)
    typist.on("2026-11-20")
    typist.types("xinyi list open")
    (office / "妇联.xlsx").rename("sent.xlsx")
    typist.types("xinyi list template --unit")
    (office / "sent.xlsx").rename("妇联.xlsx")
    typist.types("xinyi list receive 妇联.xlsx")
    typist.types("xinyi list receive 2027-01-妇联-退回.xlsx")
    typist.on("2026-12-21")
    typist.types("xinyi screen export 送查-1221")
    typist.on("2026-12-28")
    assert "不再列入" in typist.types("xinyi screen return court.xlsx")
    (police,) = {tuple(w) for w in commands(HANDBOOK) if w[1:4] == ["screen", "return", "--batch"]}
    for source in ("公安局", "市监局", "第三方信用服务机构"):
        words = [source if word == "公安局" else word for word in police[1:]]
        result = CliRunner().invoke(main, ["--root", str(office), *words])
        assert result.exit_code == 0, result.output
    typist.on("2027-01-02")
    typist.types("xinyi list notice")
    return office


class TestTheHandbook:
    @pytest.fixture(autouse=True)
    def later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put today well after every day these tests speak of, until a clerk says otherwise."""
        monkeypatch.setattr("generator.cli.options.current_day", lambda: date(2030, 1, 1))

    def test_its_commands_bring_the_notice(self, clerk: Clerk) -> None:
        standings = read(clerk.root, date(2027, 1, 4)).standings
        assert sorted(s.stage for s in standings) == [Stage.IN_NOTICE, Stage.SCREENED_OUT]
        assert read(clerk.root, date(2027, 1, 4)).notices
        assert not (clerk.root / "lists/batches/2027-01/nominations/妇联.xlsx").exists()

    def test_the_notice_it_shows_is_the_one_that_is_written(self, clerk: Clerk) -> None:
        (shown,) = [b for b in blocks(HANDBOOK.read_text("utf-8"), "") if b.startswith("+++")]
        written = (clerk.root / "content/notices/2027-01-gongshi.md").read_text("utf-8")
        assert tomllib.loads(shown.split("+++")[1]) == tomllib.loads(written.split("+++")[1])
        (clerk.root / "content/notices/2027-01-gongshi.md").write_text(shown, "utf-8")
        assert read(clerk.root, date(2027, 1, 4)).notices

    def test_what_it_says_of_days_to_come(self, clerk: Clerk) -> None:
        assert "公示中" in clerk.types("xinyi status --as-of")

    def test_a_year_later_everybody_left_is_looked_up_again(self, clerk: Clerk) -> None:
        clerk.on("2027-06-01")
        assert "法院：1条" in clerk.types("xinyi screen export 复查-0601")

    def test_its_decisions_do_what_it_says(self, clerk: Clerk) -> None:
        clerk.on("2028-01-01")
        clerk.decides("objection --batch", "")
        assert clerk.stage(date(2027, 1, 20)) == (Stage.OBJECTED, Reason.OBJECTION_OPEN)
        assert "已记录" in clerk.decides("resolve --rejected", "2027-01-20")
        assert clerk.stage(date(2027, 1, 21)) == (Stage.RECOGNISED, Reason.OBJECTION_REJECTED)
        clerk.decides("correct", "2027-01-22", "更正后的荣誉")
        assert clerk.stage(date(2027, 1, 22))[0] is Stage.RECOGNISED
        clerk.decides("withdraw", "2027-01-25")
        assert clerk.stage(date(2027, 1, 25)) == (Stage.LEFT, Reason.E2_ABUSE)
        clerk.decides("benefit-recovery", "2027-01-26")
        clerk.decides("appeal", "2027-01-27")
        clerk.decides("resolve --upheld --to appeal", "2027-02-10")
        assert clerk.stage(date(2027, 2, 10))[0] is Stage.RECOGNISED

    def test_an_objection_by_reference(self, clerk: Clerk) -> None:
        typed = ["--root", str(clerk.root)]
        assert CliRunner().invoke(main, [*typed, "keys", "init", "--demo"]).exit_code == 0
        clerk.on("2027-01-08")
        assert CliRunner().invoke(main, [*typed, "build", "--as-of", "2027-01-04"]).exit_code == 0
        table = (clerk.root / "build/office/standings.csv").read_text("utf-8-sig")
        (line,) = [line for line in table.splitlines() if SUBJECT[0] in line]
        (words,) = [w for w in commands(DECISIONS) if w[1:3] == ["record", "objection"] and "--ref" in w]
        words[words.index("--ref") + 1] = line.split(",")[0]
        done = CliRunner().invoke(main, [*typed, *words[1:]], input="y\n")
        assert done.exit_code == 0, done.output
        assert clerk.stage(date(2027, 1, 20)) == (Stage.OBJECTED, Reason.OBJECTION_OPEN)

    def test_an_objection_upheld_an_appeal_too_late_and_a_relisting(self, clerk: Clerk) -> None:
        clerk.on("2028-01-01")
        clerk.decides("objection --batch", "")
        clerk.decides("resolve --upheld --batch", "2027-01-11")
        assert clerk.stage(date(2027, 1, 11)) == (Stage.LEFT, Reason.E1_OBJECTION_UPHELD)
        clerk.decides("appeal", "2027-02-01")
        clerk.decides("resolve --upheld --to appeal", "2027-02-10")
        assert clerk.stage(date(2027, 2, 10)) == (Stage.LEFT, Reason.E1_OBJECTION_UPHELD)
        more = ("--title", "2028年度", "--deadline", "2027-12-20")
        opened = CliRunner().invoke(main, ["--root", str(clerk.root), "list", "open", "2028-01", *more])
        assert opened.exit_code == 0, opened.output
        clerk.decides("relist", "2027-12-01")
        assert clerk.stage(date(2027, 12, 1), "2028-01") == (Stage.NOMINATED, Reason.AWAITING_SCREENING)

    def test_a_record_that_was_wrong(self, clerk: Clerk) -> None:
        clerk.on("2028-01-01")
        said = clerk.decides("dishonest-error", "2027-01-03", subject=OTHER)
        assert "筛查已完成，等待公示" in said

    def test_an_objection_recorded_too_late_stops_nothing(self, clerk: Clerk) -> None:
        clerk.on("2028-01-01")
        clerk.types("xinyi record objection --batch", "--day", "2027-01-14", page=DECISIONS, answers=(*SUBJECT, "y"))
        assert clerk.stage(date(2027, 1, 14))[0] is Stage.RECOGNISED

    def test_a_lost_repository_comes_back_from_the_website(self, demo_copy: Path) -> None:
        shutil.rmtree(demo_copy / "keys/repository")
        shutil.copytree(demo_copy / "build/site/tuf", demo_copy / "keys/repository")
        result = CliRunner().invoke(main, ["--root", str(demo_copy), "build", "--as-of", "2026-11-21", "--json"])
        assert result.exit_code == 0, result.output
        assert {bundle["version"] for bundle in json.loads(result.stdout)["bundles"]} == {2}

    def test_every_page_is_reached_from_its_front_door(self) -> None:
        text = HANDBOOK.read_text("utf-8")
        pages = {page.name for page in HANDBOOK.parent.glob("*.md")} - {HANDBOOK.name}
        assert {page for page in pages if f"]({page}" not in text} == set()

    def test_its_pictures_are_those_the_program_makes(self) -> None:
        text = HANDBOOK.read_text("utf-8") + LISTS.read_text("utf-8")
        shown = set(re.findall(r"!\[[^\]]+\]\(images/([a-z-]+)\.png\)", text))
        assert shown == {path.stem for path in (HANDBOOK.parent / "images").iterdir()}
        assert shown == set(pictures.NAMES)


def test_the_examples_of_lists_are_accepted(office: Path) -> None:
    batch, screening, snapshot = blocks((REPOSITORY / "lists/README.md").read_text("utf-8"), "toml")
    folder = office / "lists/batches/2026-09"
    (folder / "nominations").mkdir(parents=True)
    (folder / "batch.toml").write_text(re.sub(r"notice_start.*\n", "", batch), encoding="utf-8")
    (folder / "screening").mkdir()
    (folder / "screening/court.toml").write_text(screening, encoding="utf-8")
    row = f"A7,个人,{','.join(SUBJECT)},三八红旗手,县妇联"
    (folder / "nominations" / tomllib.loads(batch)["submission"][0]["file"]).write_text(f"{HEADER}\n{row}\n", "utf-8")
    hit = f"姓名,证件号码,列入日期,移出日期,事由\n{','.join(SUBJECT)},2026-05-01,,示例\n"
    (folder / "screening" / tomllib.loads(screening)["file"]).write_text(hit, encoding="utf-8")
    scores = office / "lists/snapshots/score-2026-10"
    table = next(path for path in scores.iterdir() if path.name != "snapshot.toml")
    table.rename(scores / tomllib.loads(snapshot)["file"])
    (scores / "snapshot.toml").write_text(snapshot, encoding="utf-8")
    (standing,) = (s for s in read(office, date(2026, 11, 20)).standings if s.nomination.batch == "2026-09")
    assert standing.stage is Stage.SCREENED_OUT


# -- messages, tests and sums that the documents name -----------------------------------------------------------


@cache
def said_by_the_program() -> str:
    """Return every text in the code, one a line, with … where a value is filled in and without blanks."""
    texts = []
    for path in sorted((REPOSITORY / "generator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join("".join(text.split()) for text in texts)


def test_the_messages_explained_are_those_of_the_program() -> None:
    text = (REPOSITORY / "docs/handbook/messages.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(messages) > 30
    assert [message for message in messages if "".join(message.split()) not in said_by_the_program()] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_the_tests_named_exist(path: Path) -> None:
    for name in re.findall(r"`(tests/[^`\s]+\.py[^`\s]*)`", path.read_text(encoding="utf-8")):
        file, *parts = name.split("::")
        nodes: list[ast.stmt] = ast.parse((REPOSITORY / file).read_text(encoding="utf-8")).body
        for part in parts:
            found = [n for n in nodes if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == part]
            assert found, f"{named(path)}: {name}"
            nodes = found[0].body


def tables_after(heading: str) -> list[list[list[str]]]:
    """Return the tables of a section of the threat model, each with its head, up to the next heading of any level."""
    section = THREATS.read_text(encoding="utf-8").split(heading)[1].split("\n#")[0]
    tables: list[list[list[str]]] = []
    inside = False
    for line in section.splitlines():
        if line.startswith("|") and not inside:
            tables.append([])
        inside = line.startswith("|")
        if inside and not re.fullmatch(r"[|-]+", line):
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return tables


def rows_after(heading: str, table: int = 0) -> list[list[str]]:
    return tables_after(heading)[table][1:]


ATTACKERS = (
    "Thief of a merchant's passphrase",
    "Curious cashier",
    "Colluding merchants over many versions",
    "Scraper of the site",
    "Hacked web host",
    "Stolen office key",
    "Stolen root key",
    "Careless clerk",
    "Neighbour with a screenshot",
)
TEST_NAMED = re.compile(r"`tests/[^`\s]+\.py::[^`\s]+`")


class TestAttacksOfTheThreatModel:
    """The attack table of the threat model names a test for every line that claims protection (issue 3)."""

    @pytest.mark.parametrize(("number", "attacker"), list(enumerate(ATTACKERS, 1)))
    def test_every_claim_names_a_test(self, number: int, attacker: str) -> None:
        (table,) = tables_after(f"### 3.{number} {attacker}\n")
        assert table[0] == ["attack", "stopped", "how, and what is left", "test"]
        for attack, stopped, how, test in table[1:]:
            assert stopped in ("yes", "partly", "no"), attack
            assert attack, "every line says what is tried"
            assert how, attack
            named = TEST_NAMED.sub("", test).strip() == "" and test != ""
            assert named if stopped != "no" else test == "—", attack

    def test_there_are_no_other_attackers(self) -> None:
        assert re.findall(r"^### 3\.\d+ (.*)$", THREATS.read_text("utf-8"), re.MULTILINE) == list(ATTACKERS)

    def test_every_step_of_the_proof_is_executed(self) -> None:
        head, *rows = tables_after("### 2.1 ")[1]
        assert head == ["what is executed", "test"]
        assert len(rows) >= 5
        assert all(TEST_NAMED.fullmatch(test) for _, test in rows)


SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "years": 86400 * 365.25}


class TestSumsOfTheThreatModel:
    def test_decoys(self) -> None:
        """The table is that of tests/benchmarks/decoys.py; what was measured is near what was computed."""
        rows = rows_after("### 2.2 ")
        assert len(rows) == len(decoys.PRIORS)
        for row, prior in zip(rows, decoys.PRIORS, strict=True):
            known, *sizes, left, measured, fewest, alone = row
            assert (known, [*map(int, sizes)]) == (
                prior.known,
                [prior.areas, prior.days, prior.serials, prior.areas * prior.days * prior.serials],
            )
            assert left == decoys.rounded((prior.candidates - 1) / 4096), known
            assert abs(float(measured) - prior.decoys) <= max(0.05, 0.02 * prior.decoys), known
            assert (int(fewest), alone) == (prior.fewest(), decoys.percent(prior.alone)), known

    def test_one_row_is_measured_anew(self) -> None:
        (prior,) = (prior for prior in decoys.PRIORS if prior.known == "county, sex, month of birth")
        with decoys.cheaply():
            assert decoys.measured(prior, 15_000) == pytest.approx(prior.decoys, rel=0.05)

    def test_other_documents(self) -> None:
        text = " ".join(THREATS.read_text("utf-8").split())
        assert f"of seven digits {round(10**7 / 4096):,} decoys remain, of 10⁸ passports of one letter" in text
        assert f"of one letter {round(10**8 / 4096):,}." in text

    def test_cost(self) -> None:
        """Times are tries over the stated rate, prices that time at the stated price."""
        rates = {what: int(rate) for what, rate, _ in rows_after("### 2.4 ", 0)}
        text = THREATS.read_text("utf-8")
        (core_price, card_price), *_ = re.findall(r"A core costs ([\d.]+) an hour, a card ([\d.]+)\.", text)
        rows = rows_after("### 2.4 ", 1)
        assert len(rows) >= 9
        for attack, tries, of, *costs in rows:
            for (time, price), on, hourly in zip(
                (costs[:2], costs[2:]), ("core", "card"), (core_price, card_price), strict=True
            ):
                seconds = int(tries) / rates[f"{of} on a {on}"]
                amount, unit = time.split()
                assert float(amount) * SECONDS[unit] == pytest.approx(seconds, rel=0.05, abs=0.005), attack
                assert float(price) == pytest.approx(seconds / 3600 * float(hourly), rel=0.05, abs=0.005), attack

    def test_rate_of_a_card(self) -> None:
        """Memory and passes of the format, each block read twice and written once, at one terabyte a second."""
        moved = 3 * collapse.PASSES * collapse.MEMORY_KIB * 1024
        (row,) = (row for row in rows_after("### 2.4 ") if row[0] == "argon2id on a card")
        assert "moves 120 MB" in row[2]
        assert moved == pytest.approx(120e6, rel=0.01)
        assert int(row[1]) == pytest.approx(1e12 / moved, rel=0.05)

    def test_false_accepts(self) -> None:
        stranger, namesake, cheat = (row[2] for row in rows_after("### 2.5 "))
        chances = re.findall(r"n = (\d+): 1 in (\d+)", stranger)
        assert len(chances) == 3
        assert all(int(one_in) == round(2**29 / int(n)) for n, one_in in chances)
        assert namesake == "k = 1: 1 in 4096"
        found = re.findall(r"n = (\d+): 1 in (\d+)", cheat)
        assert [n for n, _ in found] == [n for n, _ in chances]
        assert all(int(one_in) == round(1 / (1 - (1 - int(n) / 2**29) ** 4096)) for n, one_in in found)
