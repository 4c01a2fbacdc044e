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
from collections.abc import Iterator
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
from tests.benchmarks import decoys

REPOSITORY = Path(__file__).parent.parent
HANDBOOK = REPOSITORY / "docs/handbook/README.md"
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
        except SystemExit as leaving:
            if leaving.code:
                raise click.UsageError("verify.py does not take this") from leaving
    elif words[:3] == ["-m", "pip", "install"]:
        header = re.findall(r'"([a-z-]+)>=', (REPOSITORY / "generator/verifier/verify.py").read_text("utf-8"))
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


@pytest.fixture
def clerk(office: Path) -> Path:
    """Return an office that has followed 一年怎么走 to the first day of the notice, with the handbook's own files."""
    text = HANDBOOK.read_text(encoding="utf-8")
    head, submission, screening, start, merchant = blocks(text, "toml")
    (holidays,), (notice,) = blocks(text, "json"), [block for block in blocks(text, "") if block.startswith("+++")]
    for folder in ("lists/batches", "lists/snapshots", "content/notices"):
        shutil.rmtree(office / folder)
    batch = office / "lists/batches/2027-01"
    files = {
        "lists/decisions.jsonl": "",
        "lists/holidays/2027.json": holidays,
        "lists/batches/2027-01/batch.toml": head + start + submission,
        f"content/notices/{tomllib.loads(notice.split('+++')[1])['id']}.md": notice,
        "content/merchants.toml": (office / "content/merchants.toml").read_text("utf-8") + "\n" + merchant,
    }
    files[f"lists/batches/2027-01/nominations/{tomllib.loads(submission)['submission'][0]['file']}"] = "\n".join(
        [HEADER, *(f"A7,个人,{name},{number},三八红旗手,县妇联" for name, number in (SUBJECT, OTHER))]
    )
    files[f"lists/batches/2027-01/screening/{tomllib.loads(screening)['file']}"] = (
        f"姓名,证件号码,列入日期\n{','.join(OTHER)},2026-05-01\n"
    )
    settings = tomllib.loads((office / "content/site.toml").read_text("utf-8"))
    for number, source in enumerate(settings["rules"]["screening_sources"]):
        answer = screening if source in screening else re.sub(r"file = .*\n", "", screening).replace("法院", source)
        files[f"lists/batches/2027-01/screening/{number}.toml"] = answer
    for name, content in files.items():
        (office / name).parent.mkdir(parents=True, exist_ok=True)
        (office / name).write_text(content, encoding="utf-8")
    assert batch.is_dir()
    return office


def stage(office: Path, day: date) -> tuple[Stage, Reason]:
    (found,) = (s for s in read(office, day).standings if s.nomination.subject == Person(*SUBJECT))
    return found.stage, found.reason


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put today well after every day these tests speak of."""
    monkeypatch.setattr("generator.cli.options.current_day", lambda: date(2030, 1, 1))


def type_command(office: Path, beginning: str, day: str) -> str:
    (line,) = {shlex.join(words) for words in commands(HANDBOOK) if shlex.join(words[:4]).startswith(beginning)}
    words = [*shlex.split(line)[1:], "--day", day]
    typed = "".join(f"{answer}\n" for answer in (*SUBJECT, *(("更正后的荣誉",) if "correct" in words else ())))
    result = CliRunner().invoke(main, ["--root", str(office), *words], input=typed)
    assert result.exit_code == 0, result.output
    return result.output


class TestTheHandbook:
    def test_its_files_are_accepted_and_bring_the_notice(self, clerk: Path) -> None:
        standings = read(clerk, date(2027, 1, 4)).standings
        assert sorted(s.stage for s in standings) == [Stage.IN_NOTICE, Stage.SCREENED_OUT]
        assert read(clerk, date(2027, 1, 4)).notices

    def test_its_commands_are_recorded_and_do_what_it_says(self, clerk: Path) -> None:
        type_command(clerk, "xinyi record objection", "2027-01-08")
        assert stage(clerk, date(2027, 1, 20)) == (Stage.OBJECTED, Reason.OBJECTION_OPEN)
        assert "已记录" in type_command(clerk, "xinyi record resolve --rejected", "2027-01-20")
        assert stage(clerk, date(2027, 1, 21)) == (Stage.RECOGNISED, Reason.OBJECTION_REJECTED)
        type_command(clerk, "xinyi record correct", "2027-01-22")
        assert stage(clerk, date(2027, 1, 22))[0] is Stage.RECOGNISED
        type_command(clerk, "xinyi record withdraw", "2027-01-25")
        assert stage(clerk, date(2027, 1, 25)) == (Stage.LEFT, Reason.E2_ABUSE)

    def test_an_objection_upheld(self, clerk: Path) -> None:
        type_command(clerk, "xinyi record objection", "2027-01-08")
        type_command(clerk, "xinyi record resolve --upheld", "2027-01-11")
        assert stage(clerk, date(2027, 1, 11)) == (Stage.LEFT, Reason.E1_OBJECTION_UPHELD)

    def test_an_objection_recorded_too_late_stops_nothing(self, clerk: Path) -> None:
        type_command(clerk, "xinyi record objection", "2027-01-14")
        assert stage(clerk, date(2027, 1, 14))[0] is Stage.RECOGNISED

    def test_a_lost_repository_comes_back_from_the_website(self, demo_copy: Path) -> None:
        shutil.rmtree(demo_copy / "keys/repository")
        shutil.copytree(demo_copy / "build/site/tuf", demo_copy / "keys/repository")
        result = CliRunner().invoke(main, ["--root", str(demo_copy), "build", "--as-of", "2026-11-21", "--json"])
        assert result.exit_code == 0, result.output
        assert {bundle["version"] for bundle in json.loads(result.stdout)["bundles"]} == {2}


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
