"""Every vector through verify.py, as a function and as a program (tests/vectors/README.md)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from generator.core.identifiers import canonical_number
from generator.core.names import canonical
from generator.verifier import verify
from tests.vectors.make import __main__ as maker
from tests.verifier.issuer import tree

VECTORS = Path(maker.__file__).parent.parent
NAMES: list[str] = json.loads((VECTORS / "index.json").read_bytes())
PERK = ("scenario", "last_day")
STATUS = {"eligible": 0, "not-found": 1, "bad-name": 3, "bad-number": 3}
Json = dict[str, Any]
Ask = Callable[[Json, bytes, Json, Path], Json]


def read(name: str) -> Json:
    """Return a case."""
    case: Json = json.loads((VECTORS / name / "case.json").read_bytes())
    return case


def bundle_of(case: Json, about: Json) -> bytes:
    """Return the bundle that a case or an earlier step of it speaks of."""
    path: Path = VECTORS / case["name"] / about["bundle"]
    return path.read_bytes()


def asked_as_a_function(about: Json, bundle: bytes, question: Json, folder: Path) -> Json:
    """Return what the door of verify.py says."""
    at = datetime.fromisoformat(about["at"])
    state = verify.State(folder / "state", about["pin"] or "")
    try:
        opened = verify.open_bundle(bundle, state, about["passphrase"], at)
    except verify.Refused as refused:
        return {"code": refused.code, "perks": []}
    columns = {"name": verify.NAME, "number": verify.NUMBER, "organisation": verify.CODE}
    cells = {columns[key]: text for key, text in question.items()}
    answer = opened.judge(cells, at.astimezone(verify.TIMEZONE).date())
    if verify.CODE in cells and answer["perks"]:
        _, code = verify.canonical("", "", cells[verify.CODE])
        answer["organisation"] = opened.organisations[code][0]
    return answer


def words_of(about: Json, question: Json, folder: Path) -> list[str]:
    """Return the command line for a case."""
    names = {"organisation": "--org", "name": "--name", "number": "--id"}
    pin = [f"--root={about['pin']}"] if about["pin"] else []
    asked = [f"{names[key]}={value}" for key, value in question.items()]
    return [str(folder / "b.zip"), "--json", f"--state={folder / 'state'}", f"--as-of={about['at']}", *pin, *asked]


class Program:
    """verify.py with a command line, within this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, about: Json, bundle: bytes, question: Json, folder: Path) -> Json:
        """Return what the command prints; its exit status must go with it."""
        (folder / "b.zip").write_bytes(bundle)
        self.monkeypatch.setenv("XINYI_PASSPHRASE", about["passphrase"])
        self.monkeypatch.setattr("sys.stdin", io.StringIO())
        status = verify.main(words_of(about, question, folder))
        answer: Json = json.loads(self.capsys.readouterr().out)
        assert status == STATUS.get(answer["code"], 2)
        return answer


def asked_as_a_process(about: Json, bundle: bytes, question: Json, folder: Path) -> Json:
    """Return what verify.py prints as a program of its own."""
    (folder / "b.zip").write_bytes(bundle)
    words = words_of(about, question, folder)
    done = subprocess.run(
        [sys.executable, "-I", verify.__file__, *words],
        env={"XINYI_PASSPHRASE": about["passphrase"], "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    answer: Json = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (STATUS.get(answer["code"], 2), b"")
    return answer


def run(name: str, ask: Ask, folder: Path) -> tuple[Json, Json]:
    """Play a case; return it and the answer."""
    case = read(name)
    for step in case["history"]:
        said = ask(step, bundle_of(case, step), case["question"], folder)["code"]
        assert said == step["expect"] or (step["expect"] == "opened" and said in STATUS)
    state = folder / "state"
    if case["memory"] == "unreadable":
        for path in [path for path in state.rglob("*") if path.is_file()]:
            path.write_bytes(b"{")
    before = tree(state)
    answer = ask(case, bundle_of(case, case), case["question"], folder)
    if case["after"] == "unchanged":
        assert tree(state) == before
    else:
        assert remembered(state) == case["after"]
        others = {name: data for name, data in before.items() if not name.startswith("canyin")}
        assert others.items() <= tree(state).items()
    return case, answer


def remembered(state: Path) -> Json:
    """Return what verify.py remembers for the merchant of every case."""
    known = json.loads(tree(state)["canyin/state.json"])
    roots = [digest(text) for text in known["roots"]]
    return {"seen": known["seen"], "roots": roots, **{key: digest(known[key]) for key in ("timestamp", "snapshot")}}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def compare(case: Json, answer: Json) -> None:
    """Hold an answer against what the case expects of it."""
    expect = case["expect"]
    assert answer["code"] == expect["code"]
    shown = [{key: perk[key] for key in PERK} for perk in answer.get("perks", [])]
    assert shown == expect.get("perks", [])


@pytest.mark.parametrize("name", NAMES)
def test_as_a_function(name: str, tmp_path: Path) -> None:
    case, answer = run(name, asked_as_a_function, tmp_path)
    compare(case, answer)
    told = {key: case["expect"][key] for key in ("demo", "organisation") if key in case["expect"] and key in answer}
    assert {key: answer[key] for key in told} == told


@pytest.mark.parametrize("name", NAMES)
def test_as_a_program(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, answer = run(name, Program(monkeypatch, capsys), tmp_path)
    compare(case, answer)
    if "version" in case["expect"]:
        expect = case["expect"]
        assert (answer["version"], answer["demo"]) == (expect["version"], expect["demo"])
        assert datetime.fromisoformat(answer["expires"]) == datetime.fromisoformat(expect["expires"])
        issued = datetime.fromisoformat(expect["issued"]).astimezone(verify.TIMEZONE)
        assert answer["issued"] == issued.date().isoformat()
    if organisation := case["expect"].get("organisation"):
        assert organisation in answer["message"]


ONE_OF_EACH = {read(name)["expect"]["code"]: name for name in reversed(NAMES) if not read(name)["history"]}


@pytest.mark.parametrize("code", sorted(ONE_OF_EACH))
def test_as_a_process_of_its_own(code: str, tmp_path: Path) -> None:
    compare(*run(ONE_OF_EACH[code], asked_as_a_process, tmp_path))


# -- the vectors themselves -------------------------------------------------------------------------------------


def test_the_maker_makes_what_is_committed(tmp_path: Path) -> None:
    maker.write(tmp_path)
    made = tree(tmp_path)
    assert made.keys() == maker.kept(VECTORS)
    assert [name for name, data in made.items() if (VECTORS / name).read_bytes() != data] == []
    (tmp_path / "tuf/gone").mkdir()
    (tmp_path / "tuf/gone/case.json").write_text("{}")
    (tmp_path / "index.json").write_text("[]")
    maker.write(tmp_path)
    assert tree(tmp_path) == made


def test_the_generator_has_the_same_canonical_forms() -> None:
    """Whoever the office enters and whoever the cashier types must meet, however both are spelt (3.1, 3.2)."""
    cases = [case for case in map(read, NAMES) if case["canonical"]]
    for case in cases:
        typed = case["question"]
        assert canonical(typed["name"]) == case["canonical"]["name"], case["name"]
        assert canonical_number(typed["number"]) == case["canonical"]["number"], case["name"]
    assert len(cases) > 60


def test_every_code_has_its_vectors() -> None:
    codes = [read(name)["expect"]["code"] for name in NAMES]
    assert set(codes) == {
        "eligible",
        "not-found",
        "bad-name",
        "bad-number",
        *(code for code, status in verify.STATUS.items() if status == 2),
    }
    assert len(NAMES) >= 120


def test_every_section_named_is_there_and_the_whole_stays_small() -> None:
    spec = (VECTORS.parent.parent / "docs/spec/bundle.md").read_text(encoding="utf-8")
    for name in NAMES:
        section = read(name)["spec"]
        assert f"# {section} " in spec or f"| {section} |" in spec, name
    assert sum(len(data) for data in tree(VECTORS).values()) < 4 << 20
