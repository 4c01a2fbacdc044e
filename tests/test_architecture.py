"""The house stands as design.md draws it, and the checks that say so can fail.

Imports point one way (import-linter, on the repository and on a copy with every rule broken); the core uses only what
it is allowed to; the clock is read in the command line and in the door of the merchant's verifier, nowhere else.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.joinpath("generator").rglob("*.py"))
CORE = sorted(ROOT.joinpath("generator", "core").rglob("*.py"))

BROKEN = {
    "generator/core/reads_disk.py": "import os\n",
    "generator/core/asks_the_time.py": "from time import time\n",
    "generator/core/reaches_out.py": "from generator.sources import tables\n",
    "generator/site/knows_its_sibling.py": "import generator.bundle\n",
    "generator/verifier/not_alone.py": "from generator.core import names\n",
    "generator/publish/uses_the_verifier.py": "import generator.verifier.verify\n",
    "generator/attic.py": '"""A room that nobody placed."""\n',
}
"""Modules that must not be, and what each does."""

ALLOWED_IN_CORE = {
    "__future__",
    "collections.abc",
    "dataclasses",
    "datetime",
    "enum",
    "itertools",
    "operator",
    "re",
    "typing",
    "unicodedata",
    "generator.errors",
}
CLOCKS = {"now", "today", "utcnow", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime", "get_clock_info"}
DOORS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"}


def lint(root: Path) -> tuple[int, str]:
    """Return the exit status of lint-imports in a folder, and what it printed."""
    command = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    options = ["--no-cache", "--no-logo", "--config", "pyproject.toml"]
    done = subprocess.run(
        [sys.executable, "-c", command, *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def copy_of_the_house(to: Path) -> Path:
    """Copy the sources and their contracts."""
    shutil.copytree(ROOT / "generator", to / "generator", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what lint-imports says about a copy in which every rule is broken once."""
    house = copy_of_the_house(tmp_path_factory.mktemp("broken"))
    for path, text in BROKEN.items():
        house.joinpath(path).write_text(text, encoding="utf-8")
    status, told = lint(house)
    assert status == 1, told
    return told


def test_the_contracts_hold() -> None:
    status, told = lint(ROOT)
    assert status == 0, told
    assert "4 kept, 0 broken" in told


def test_a_plain_copy_holds_too(tmp_path: Path) -> None:
    """So what fails below fails for its own reason."""
    status, told = lint(copy_of_the_house(tmp_path))
    assert status == 0, told


@pytest.mark.parametrize(
    "found",
    [
        "The core does no input or output BROKEN",
        "generator.core.reads_disk -> os",
        "generator.core.asks_the_time -> time",
        "Edges know the core, the core knows nobody BROKEN",
        "generator.core.reaches_out -> generator.sources",
        "generator.site.knows_its_sibling -> generator.bundle",
        "generator.attic",
        "The verifier is an island BROKEN",
        "generator.verifier.not_alone -> generator.core",
        "Nobody imports the verifier BROKEN",
        "generator.publish.uses_the_verifier -> generator.verifier",
    ],
)
def test_what_must_not_be_is_found(broken: str, found: str) -> None:
    assert found in broken


def imports(source: str) -> Iterator[str]:
    """Yield the modules that a source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def clock_readings(source: str, within: str = "") -> list[int]:
    """Return the lines that mention a way to read the clock, outside the function named ``within``."""
    tree = ast.parse(source)
    skipped = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == within
        for node in ast.walk(function)
    }
    lines = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Attribute) and (node.attr in CLOCKS or ast.unparse(node) == "time.time"):
            lines.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            lines.append(node.lineno)
    return lines


def calls(source: str) -> set[str]:
    """Return the plain names that a source calls."""
    nodes = ast.walk(ast.parse(source))
    return {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def name(path: Path) -> str:
    """Return a source's path inside the repository."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CORE, ids=name)
def test_the_core_uses_only_what_it_may(path: Path) -> None:
    """What the list of forbidden modules forgets, this list does not allow."""
    source = path.read_text(encoding="utf-8")
    strange = {module for module in imports(source) if not module.startswith("generator.core.")} - ALLOWED_IN_CORE
    assert not strange
    assert not calls(source) & DOORS


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[-2:] != ("cli", "options.py")], ids=name)
def test_the_clock_is_not_read(path: Path) -> None:
    """design.md: the clock is read in cli (options.py) and nowhere else; the verifier, in main."""
    door = "main" if name(path) == "generator/verifier/verify.py" else ""
    assert clock_readings(path.read_text(encoding="utf-8"), within=door) == []


def test_there_is_something_to_look_at() -> None:
    assert len(CORE) >= 8
    assert ROOT / "generator" / "verifier" / "verify.py" in SOURCES


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import date\nd = date.today()",
        "import datetime\nd = datetime.datetime.now(datetime.UTC)",
        "import time\nt = time.time()",
        "from time import time",
        "from datetime import datetime\ndef f(clock=datetime.now): ...",
        "import time\nt = time.monotonic()",
    ],
)
def test_a_clock_would_be_seen(source: str) -> None:
    assert clock_readings(source)


def test_only_the_named_door_is_excused() -> None:
    source = "def main():\n    datetime.now()\n\ndef other():\n    datetime.now()\n"
    assert clock_readings(source, within="main") == [5]


def test_an_import_and_a_call_would_be_seen() -> None:
    source = "import os, sys\nfrom pathlib import Path\nfrom . import names\nopen('x')\n"
    assert set(imports(source)) == {"os", "sys", "pathlib", "."}
    assert calls(source) & DOORS == {"open"}
