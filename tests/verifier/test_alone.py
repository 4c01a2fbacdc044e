"""verify.py as merchants have it: one file in an empty folder, with Python and three packages."""

from __future__ import annotations

import ast
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tokenize
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from generator.verifier import verify
from tests.verifier.issuer import COMPANY, PASSPHRASE, STRANGER, ZHANG, Issuer, tree

TODAY = ("--as-of", "2026-11-21")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make an empty folder with the program, filled in as the build does, and a bundle."""
    issuer = Issuer()
    source = Path(verify.__file__).read_text(encoding="utf-8")
    pinned = source.replace('PINNED_ROOT = ""', f'PINNED_ROOT = "{issuer.pin}"')
    (tmp_path / "verify.py").write_text(pinned, encoding="utf-8")
    (tmp_path / "canyin.zip").write_bytes(issuer.bundle())
    return tmp_path


def run(
    folder: Path, *words: str, typed: str = "", options: tuple[str, ...] = ("-I",), **more: str
) -> tuple[int, str, str]:
    environment = {"XINYI_PASSPHRASE": PASSPHRASE, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | more
    done = subprocess.run(
        [sys.executable, *options, "verify.py", *words],
        cwd=folder,
        env=environment,
        input=typed.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "status", "title"),
    [
        (("--name", ZHANG[0], "--id", ZHANG[1]), 0, "在名单内"),
        (("--name", STRANGER[0], "--id", STRANGER[1]), 1, "未查到"),
        (("--org", COMPANY[0]), 0, "在名单内"),
        (("--name", "张三", "--id", "990621199001011234"), 3, "请重新输入"),
    ],
)
def test_it_answers(words: tuple[str, ...], status: int, title: str, folder: Path) -> None:
    code, out, err = run(folder, "canyin.zip", *words, *TODAY)
    assert (code, out.splitlines()[0], err) == (status, title, "")
    assert "xinyi-state/canyin/state.json" in tree(folder)


def test_an_expired_day_a_wrong_passphrase_and_a_flipped_byte(folder: Path) -> None:
    words = ("canyin.zip", "--json", "--name", ZHANG[0], "--id", ZHANG[1])
    assert json.loads(run(folder, *words, "--as-of", "2027-01-01")[1])["code"] == "expired"
    assert json.loads(run(folder, *words, *TODAY, XINYI_PASSPHRASE="0" * 16)[1])["code"] == "wrong-passphrase"
    data = bytearray((folder / "canyin.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "canyin.zip").write_bytes(data)
    code, out, _ = run(folder, *words, *TODAY)
    assert (code, json.loads(out)["code"]) == (2, "damaged")


def test_it_has_no_neighbours_of_ours(folder: Path) -> None:
    shutil.copy(folder / "verify.py", folder / "alone.py")
    source = "import sys, alone; print([m for m in sys.modules if m.split('.')[0] in ('generator', 'xinyi', 'click')])"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_missing_package_is_explained_and_is_not_an_answer(folder: Path) -> None:
    code, out, err = run(folder, "canyin.zip", options=("-I", "-S"))
    assert (code, out) == (3, "")
    assert "pip install" in err


def test_a_crash_cannot_be_taken_for_an_answer(folder: Path) -> None:
    """Python ends with 1 after a traceback, and 1 means not found."""
    source = (folder / "verify.py").read_text(encoding="utf-8")
    broken = source.replace("def main(", "def main(*_: object) -> int:\n    raise KeyError('9906')\n\n\ndef unused(")
    (folder / "verify.py").write_text(broken, encoding="utf-8")
    code, out, err = run(folder, "canyin.zip")
    assert (code, out) == (2, "")
    assert "不能判断" in err
    assert "9906" not in err


def test_who_leaves_a_prompt_has_no_answer(folder: Path) -> None:
    """Control-D: neither a traceback, nor a status that could be taken for an answer."""
    dialogue = [("一样请输入", "是\n"), ("口令", "\x04")]
    code, shown = converse([sys.executable, "-I", "verify.py", *TODAY], folder, dialogue)
    assert code == 2
    assert "不能判断" in shown
    assert "Traceback" not in shown


def test_who_interrupts_has_no_answer(folder: Path) -> None:
    """Control-C, while it waits for a name."""
    environment = {"XINYI_PASSPHRASE": PASSPHRASE, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-I", "verify.py", *TODAY],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        shown = process.stderr.read(len("姓名".encode()))
        process.send_signal(signal.SIGINT)
        shown += process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "不能判断" in shown.decode()
    assert b"Traceback" not in shown


def test_a_reader_who_has_left_is_no_crash(folder: Path) -> None:
    """verify.py … | head -0."""
    (folder / "people.csv").write_text(f"姓名,证件号码\n张三,{ZHANG[1]}\n", encoding="utf-8")
    command = (
        f'{sys.executable} -I verify.py canyin.zip --csv people.csv {" ".join(TODAY)} | true; echo "${{PIPESTATUS[0]}}"'
    )
    environment = {"XINYI_PASSPHRASE": PASSPHRASE, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() in ("0", "2")
    assert "Traceback" not in done.stderr


def test_the_header_names_what_is_imported() -> None:
    """PEP 723: uv run and pipx run install what the header says, so that must be what the program imports."""
    source = Path(verify.__file__).read_text(encoding="utf-8")
    block = re.search(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", source)
    assert block is not None
    header = tomllib.loads("".join(line.removeprefix("# ") for line in block["content"].splitlines(keepends=True)))
    needed = [Requirement(text) for text in header["dependencies"]]
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {
        name.split(".")[0]
        for node in nodes
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert modules - sys.stdlib_module_names == {requirement.name for requirement in needed}
    assert all(requirement.specifier.contains(version(requirement.name)) for requirement in needed)
    assert SpecifierSet(header["requires-python"]).contains(".".join(map(str, sys.version_info[:3])))
    assert header["requires-python"] == ">=3.11"


def test_the_program_stays_one_small_file() -> None:
    """Fewer than 400 lines of code: no blank lines, no comments, no docstrings; ruff format holds the rest."""
    source = Path(verify.__file__).read_text(encoding="utf-8")
    assert len(lines_of_code(source)) < 400


def lines_of_code(source: str) -> set[int]:
    """Return the numbers of the lines with code on them."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented) and ast.get_docstring(node)]
    texts = {line for node in nodes for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    layout = {"COMMENT", "NL", "NEWLINE", "INDENT", "DEDENT", "ENDMARKER"}
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if tokenize.tok_name[token.type] not in layout
    ]
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - texts


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(encoding: str, folder: Path) -> None:
    words = ("canyin.zip", "--json", "--org", COMPANY[0], *TODAY)
    code, out, _ = run(folder, *words, options=(), PYTHONIOENCODING=encoding)
    assert (code, json.loads(out)["merchant"]) == (0, "示例餐馆")
    code, out, err = run(folder, words[0], *words[2:], options=(), PYTHONIOENCODING=encoding)
    assert (code, len(out.splitlines()), err) == (0, 6, "")


def test_names_piped_in_another_encoding_are_asked_for_again(folder: Path) -> None:
    code, out, _ = run(folder, "canyin.zip", "--json", *TODAY, typed="张三\n", options=(), PYTHONIOENCODING="ascii")
    assert (code, json.loads(out)["code"]) == (3, "bad-name")


def test_on_a_terminal_it_asks_for_everything_and_shows_neither_passphrase_nor_traceback(folder: Path) -> None:
    (folder / "verify.py").write_text(Path(verify.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    dialogue = [
        ("一样请输入", "是\n"),
        ("口令", "不对\n"),
        ("口令（", f"{PASSPHRASE}\n"),
        ("姓名", "张三\n"),
        ("证件号码：", f"{ZHANG[1]}\n"),
        ("姓名", "张三\n"),
        ("证件号码：", f"{STRANGER[1]}\n"),
        ("姓名", "\n"),
    ]
    code, shown = converse([sys.executable, "-I", "verify.py", *TODAY], folder, dialogue)
    assert code == 1
    assert "口令不对" in shown
    assert shown.index("在名单内") < shown.index("未查到")
    assert PASSPHRASE not in shown
    assert "Traceback" not in shown


def converse(command: list[str], folder: Path, dialogue: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering each prompt as it comes."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown, seen = b"", 0
        for prompt, answer in dialogue:
            while prompt.encode() not in shown[seen:]:
                if not select.select([ours], [], [], 30)[0]:
                    process.kill()
                    pytest.fail(f"no prompt {prompt!r} after {shown.decode()!r}")
                shown += os.read(ours, 4096)
            seen = len(shown)
            os.write(ours, answer.encode())
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
        code = process.wait(timeout=60)
    os.close(ours)
    return code, shown.decode()
