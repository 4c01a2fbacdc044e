"""Rebuilding: equal inputs give equal bytes, faults change nothing, and whoever leaves is gone everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

from generator.build import pipeline
from generator.build.office import entitle, read
from generator.build.pipeline import Report
from generator.cli import main
from generator.core.lifecycle import Stage
from generator.core.model import AnyDecision, Person
from generator.errors import InputFaultsError, LeakError, RefusedError
from generator.sources import decisions
from generator.trust import repository
from generator.trust.keys import DEMO_PASSPHRASE, OfficeKeys, open_office
from tests.fictional import DEMO_DAY

pytestmark = pytest.mark.xdist_group("demo")


def build(root: Path, as_of: date = DEMO_DAY) -> Report:
    return pipeline.build(root, as_of, open_office(root / "keys", DEMO_PASSPHRASE), lambda *_: None)


def digests(folder: Path) -> Mapping[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_twice_for_one_day_is_byte_identical(demo_copy: Path) -> None:
    before = digests(demo_copy / "build"), digests(demo_copy / "keys")
    report = build(demo_copy)
    assert (report.remade, report.derived) == ((), 0)
    assert (digests(demo_copy / "build"), digests(demo_copy / "keys")) == before


def test_the_next_day_is_a_new_version_of_the_same_targets(demo_copy: Path) -> None:
    before = repository.read_release(demo_copy / "keys/repository")
    report = build(demo_copy, DEMO_DAY + timedelta(days=1))
    after = repository.read_release(demo_copy / "keys/repository")
    assert before is not None
    assert after is not None
    assert (after.version, report.remade) == (before.version + 1, ())
    assert after.targets == before.targets
    assert after.expires == before.expires + timedelta(days=1)


def test_a_fault_is_told_with_its_place_and_leaves_everything_as_it_was(demo_copy: Path) -> None:
    before = digests(demo_copy)
    site_toml = demo_copy / "content/site.toml"
    batch_toml = demo_copy / "lists/batches/2026-01/batch.toml"
    originals = site_toml.read_bytes(), batch_toml.read_bytes()
    site_toml.write_text(site_toml.read_text("utf-8").replace("notice_working_days", "notice_workdays"), "utf-8")
    batch_toml.write_text(batch_toml.read_text("utf-8").replace("deadline", "dead_line"), "utf-8")
    result = CliRunner().invoke(main, ["--root", str(demo_copy), "build", "--as-of", DEMO_DAY.isoformat()])
    assert result.exit_code == 1
    assert "content/site.toml" in result.stderr
    assert "notice_workdays" in result.stderr
    site_toml.write_bytes(originals[0])
    result = CliRunner().invoke(main, ["--root", str(demo_copy), "build", "--as-of", DEMO_DAY.isoformat()])
    assert result.exit_code == 1
    assert "lists/batches/2026-01/batch.toml" in result.stderr
    batch_toml.write_bytes(originals[1])
    assert digests(demo_copy) == before


def test_a_notice_that_names_an_unknown_batch_stops_the_build(demo_copy: Path) -> None:
    notice = demo_copy / "content/notices/2026-01-gongshi.md"
    notice.write_text(notice.read_text("utf-8").replace('batch = "2026-01"', 'batch = "2031-07"'), "utf-8")
    with pytest.raises(InputFaultsError, match=r"content/notices/2026-01-gongshi.md.*2031-07"):
        build(demo_copy)


def test_a_leak_stops_the_build_and_names_the_file(demo_copy: Path) -> None:
    before = digests(demo_copy / "build"), digests(demo_copy / "keys")
    person = next(
        s.nomination.subject for s in read(demo_copy, DEMO_DAY).standings if isinstance(s.nomination.subject, Person)
    )
    page = demo_copy / "content/pages/about.md"
    page.write_text(f"{page.read_text('utf-8')}\n\n{person.number}\n", "utf-8")
    with pytest.raises(LeakError, match=r"about/index\.html") as caught:
        build(demo_copy)
    assert person.number not in str(caught.value)
    assert (digests(demo_copy / "build"), digests(demo_copy / "keys")) == before


def test_whoever_leaves_is_gone_everywhere_and_only_their_bundles_change(demo_copy: Path) -> None:
    office = read(demo_copy, DEMO_DAY)
    old = repository.read_release(demo_copy / "keys/repository")
    standing = next(
        s
        for s in office.standings
        if s.stage is Stage.RECOGNISED
        and isinstance(s.nomination.subject, Person)
        and not any(s.nomination.subject.key == row.subject.key for x in office.lists.snapshots for row in x.rows)
    )
    person = standing.nomination.subject
    assert isinstance(person, Person)
    reference = reference_of(demo_copy, person, standing.nomination.batch)
    assert any(reference in text for text in published_texts(demo_copy).values())
    withdrawal = {
        "kind": "withdrawal", "batch": standing.nomination.batch, "name": person.name, "number": person.number,
        "day": DEMO_DAY.isoformat(), "unit": standing.nomination.unit, "grounds": "测试", "operator": "测试员",
        "ground": "not-renewed",
    }  # fmt: skip
    append_decision(demo_copy, withdrawal)
    report = build(demo_copy)
    assert [path for path, text in published_texts(demo_copy).items() if reference in text] == []
    assert person.key not in {one.subject.key for one in entitle(read(demo_copy, DEMO_DAY))}
    new = repository.read_release(demo_copy / "keys/repository")
    assert old is not None
    assert new is not None
    changed = {merchant for merchant in new.targets if new.targets[merchant] != old.targets[merchant]}
    assert changed == set(report.remade) == {"zhengwu-dating", "tushuguan"}


def test_real_keys_never_go_back_a_day(demo_copy: Path) -> None:
    keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
    real = OfficeKeys(keys.signer, keys.programme, "not the demo passphrase")
    with pytest.raises(RefusedError, match="倒退"):
        pipeline.build(demo_copy, DEMO_DAY - timedelta(days=1), real, lambda *_: None)


def test_an_interrupted_derivation_is_continued(demo_copy: Path) -> None:
    cache = demo_copy / "lists/u.cache"
    whole = cache.read_bytes()
    lines = whole.splitlines(keepends=True)
    cache.write_bytes(b"".join(lines[:-3]) + lines[-3][:-2])  # cut short within a line
    assert build(demo_copy).derived == 3
    assert cache.read_bytes().count(b"\n") >= len(lines)


def reference_of(root: Path, person: Person, batch: str) -> str:
    rows = (root / "build/office/standings.csv").read_text("utf-8-sig").splitlines()
    return next(row.split(",")[0] for row in rows if f",{batch},{person.name}," in row)


def published_texts(root: Path) -> Mapping[str, str]:
    site = root / "build/site"
    texts = (path for path in site.rglob("*") if path.suffix in {".html", ".json", ".xml", ".txt"})
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in texts}


def append_decision(root: Path, fields: Mapping[str, str]) -> None:
    path = root / "lists/decisions.jsonl"
    decision: AnyDecision = TypeAdapter(AnyDecision).validate_python(fields)
    path.write_bytes(path.read_bytes() + decisions.append(path.read_bytes(), decision))
