"""The whole way: from the office's files to the answer at the counter, by the published files alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from generator.build.office import read
from generator.core.identifiers import id_check_digit
from generator.core.lifecycle import Stage
from generator.core.model import Organisation, Person
from tests.conftest import Demo
from tests.demo import MERCHANT
from tests.fictional import DEMO_DAY

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def counter(demo: Demo, tmp_path: Path) -> Path:
    """Return a merchant folder: the published verify.py and one bundle, nothing else."""
    folder = tmp_path / "counter"
    folder.mkdir()
    shutil.copy(demo.root / "build/site/verify/verify.py", folder)
    shutil.copy(demo.root / f"build/site/bundles/{MERCHANT}.zip", folder)
    return folder


def ask(folder: Path, *who: str, passphrase: str, as_of: date = DEMO_DAY) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "verify.py", f"{MERCHANT}.zip", "--as-of", as_of.isoformat(), "--json", *who]
    environment = {**os.environ, "XINYI_PASSPHRASE": passphrase, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def passphrase_of(demo: Demo) -> str:
    found = re.search(rf"{MERCHANT} 的名单口令：([0-9A-Z-]+)", demo.printed)
    assert found
    return found[1]


def people(demo: Demo, stage: Stage) -> list[Person]:
    standings = read(demo.root, DEMO_DAY).standings
    return [s.nomination.subject for s in standings if s.stage is stage and isinstance(s.nomination.subject, Person)]


def test_the_demo_says_what_it_did(demo: Demo) -> None:
    for text in (
        "演示",
        "页",
        "个人：",
        "单位：",
        "已认定",
        "公示中",
        "有异议待核实",
        "筛查未通过",
        "已退出",
        "已报送",
        "第1版",
        "可用到",
        "在名单内",
        "未查到",
        "index.html",
    ):
        assert text in demo.printed


def test_an_eligible_person(demo: Demo, counter: Path) -> None:
    for person in people(demo, Stage.RECOGNISED)[:3]:
        status, answer = ask(counter, "--name", person.name, "--id", person.number, passphrase=passphrase_of(demo))
        assert (status, answer["answer"], answer["demo"]) == (0, "eligible", True)
        assert person.number not in json.dumps(answer)


def test_a_namesake_is_not_found(demo: Demo, counter: Path) -> None:
    person = people(demo, Stage.RECOGNISED)[0]
    for serial in range(1, 4):  # 1 in 4,096 would be found by chance; three would be a fault
        first17 = f"{person.number[:14]}{serial:03d}"
        stranger = first17 + id_check_digit(first17)
        if stranger == person.number:
            continue
        status, answer = ask(counter, "--name", person.name, "--id", stranger, passphrase=passphrase_of(demo))
        if (status, answer["answer"]) == (1, "not-found"):
            return
    pytest.fail("every namesake was taken for the person")


@pytest.mark.parametrize("stage", [Stage.LEFT, Stage.IN_NOTICE, Stage.OBJECTED, Stage.SCREENED_OUT, Stage.NOMINATED])
def test_whoever_is_not_recognised_is_not_found(demo: Demo, counter: Path, stage: Stage) -> None:
    recognised = {person.number for person in people(demo, Stage.RECOGNISED)}
    person = next(p for p in people(demo, stage) if p.number not in recognised)
    status, answer = ask(counter, "--name", person.name, "--id", person.number, passphrase=passphrase_of(demo))
    assert (status, answer["answer"]) == (1, "not-found")


def test_an_organisation(demo: Demo, counter: Path) -> None:
    standings = read(demo.root, DEMO_DAY).standings
    by_stage = {
        stage: next(
            s.nomination.subject
            for s in standings
            if s.stage is stage and isinstance(s.nomination.subject, Organisation)
        )
        for stage in (Stage.RECOGNISED, Stage.IN_NOTICE)
    }
    for stage, expected in ((Stage.RECOGNISED, (0, "eligible")), (Stage.IN_NOTICE, (1, "not-found"))):
        organisation = by_stage[stage]
        assert isinstance(organisation, Organisation)
        status, answer = ask(counter, "--org", organisation.code, passphrase=passphrase_of(demo))
        assert (status, answer["answer"]) == expected


def test_a_wrong_passphrase(demo: Demo, counter: Path) -> None:
    person = people(demo, Stage.RECOGNISED)[0]
    status, answer = ask(counter, "--name", person.name, "--id", person.number, passphrase="0000-0000-0000-0000")
    assert (status, answer["code"]) == (2, "wrong-passphrase")


def test_a_flipped_byte(demo: Demo, counter: Path) -> None:
    person = people(demo, Stage.RECOGNISED)[0]
    bundle = counter / f"{MERCHANT}.zip"
    whole = bundle.read_bytes()
    for position in (whole.index(b'"signatures"'), len(whole) // 2, len(whole) - 30):
        bundle.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        status, answer = ask(counter, "--name", person.name, "--id", person.number, passphrase=passphrase_of(demo))
        assert (status, answer["answer"]) == (2, "cannot-judge")


def test_an_expired_day_and_a_day_before_the_issue(demo: Demo, counter: Path) -> None:
    person = people(demo, Stage.RECOGNISED)[0]
    who = ("--name", person.name, "--id", person.number)
    for day, code in (
        (DEMO_DAY + timedelta(days=40), "expired"),
        (DEMO_DAY - timedelta(days=1), "clock"),
        (DEMO_DAY + timedelta(days=39), "eligible"),
    ):
        status, answer = ask(counter, *who, passphrase=passphrase_of(demo), as_of=day)
        assert (status, answer["code"]) == ((0 if code == "eligible" else 2), code)


def test_the_index_tells_the_truth_about_each_bundle(demo: Demo) -> None:
    site = demo.root / "build/site"
    index = json.loads((site / "bundles/index.json").read_bytes())
    assert {path.name for path in (site / "bundles").iterdir()} == {b["file"] for b in index["bundles"]} | {
        "index.json"
    }
    for bundle in index["bundles"]:
        data = (site / "bundles" / bundle["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (bundle["size"], bundle["sha256"])
    merchants = (site / "merchants/index.html").read_text(encoding="utf-8")
    assert all(bundle["sha256"] in re.sub(r"<wbr>|\s", "", merchants) for bundle in index["bundles"])


def test_everything_published_says_demo(demo: Demo) -> None:
    site = demo.root / "build/site"
    for page in site.rglob("*.html"):
        assert "演示" in page.read_text(encoding="utf-8"), page
