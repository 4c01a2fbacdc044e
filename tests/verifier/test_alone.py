"""verify.py as merchants have it: one file in an empty folder, with Python and three packages."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("口令", f"{PASSPHRASE}\n"),
        ("一样请输入", "是\n"),
        ("姓名", "张三\n"),
        ("证件号码：", f"{ZHANG[1]}\n"),
        ("姓名", "张三\n"),
        ("证件号码：", f"{STRANGER[1]}\n"),
        ("姓名", "\n"),
    ]
    code, shown = converse([sys.executable, "-I", "verify.py", "canyin.zip", *TODAY], folder, dialogue)
    assert code == 1
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
