"""Rebuilding: equal inputs give equal bytes, faults change nothing, and whoever leaves is gone everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

from generator.build import pipeline
from generator.build.office import entitle, read
from generator.build.pipeline import Report
from generator.build.reports import build_text
from generator.cli import main
from generator.core.identifiers import Number
from generator.core.lifecycle import Stage
from generator.core.model import AnyDecision, Person, PublicationMode
from generator.errors import InputFaultsError, KeysError, LeakError, RefusedError
from generator.site import gate
from generator.sources import decisions
from generator.trust import repository
from generator.trust.keys import DEMO_PASSPHRASE, OfficeKeys, Passphrases, init, open_office
from tests.fictional import DEMO_DAY

pytestmark = pytest.mark.xdist_group("demo")

AT = datetime(2026, 11, 1, tzinfo=UTC)


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


def edit_csv(path: Path, old: str, new: str) -> None:
    """Change a GB18030 table as a clerk might."""
    text = path.read_bytes().decode("gb18030")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("gb18030"))


def test_a_masked_name_in_the_honour_column_stops_the_build(demo_copy: Path) -> None:
    table = demo_copy / "lists/batches/2025-01/nominations/卫健局.csv"
    person = next(
        s.nomination
        for s in read(demo_copy, DEMO_DAY).standings
        if s.nomination.place.path.endswith("卫健局.csv")
        and s.stage is Stage.RECOGNISED
        and s.nomination.publication is PublicationMode.MASKED
    )
    row = next(line for line in table.read_bytes().decode("gb18030").splitlines() if person.subject.name in line)
    edit_csv(table, row, row.replace(person.honour, f"{person.honour}（{person.subject.name}）"))
    with pytest.raises(LeakError, match="未脱敏的姓名"):
        build(demo_copy)


def test_consent_frees_one_name_and_not_those_within_it() -> None:
    people = [Person("花试癸", Number("1")), Person("花试", Number("2"))]
    watched = gate.watch(people, "", (), ["花试癸"])
    assert gate.find("<td>花试癸</td>".encode(), watched) == set()
    assert gate.find("<td>花试</td>".encode(), watched) == {"含有未脱敏的姓名"}


def test_a_batch_in_notice_that_nobody_announced_stops_the_build(demo_copy: Path) -> None:
    (demo_copy / "content/notices/2026-01-gongshi.md").unlink()
    with pytest.raises(InputFaultsError, match=r"2026-01/batch\.toml › notice_start：公示已经开始"):
        build(demo_copy)


def test_secrets_of_another_ceremony_are_refused(demo_copy: Path, tmp_path: Path) -> None:
    init(tmp_path / "k", (tmp_path / "k",) * 3, Passphrases((DEMO_PASSPHRASE,) * 3, DEMO_PASSPHRASE), 29, AT)
    (demo_copy / "keys/programme.key").write_bytes((tmp_path / "k/programme.key").read_bytes())
    with pytest.raises(KeysError, match="不配套"):
        build(demo_copy)


def test_check_finds_faults_of_pages_beside_those_of_lists(demo_copy: Path) -> None:
    page = demo_copy / "content/pages/about.md"
    page.write_text(f"{page.read_text('utf-8')}\n[看](page:nirgends)\n", "utf-8")
    (demo_copy / "lists/batches/2026-02/nominations/没人认领.csv").write_text("姓名\n", "utf-8")
    for run in (lambda: pipeline.check(demo_copy, DEMO_DAY), lambda: build(demo_copy)):
        with pytest.raises(InputFaultsError, match=r"nirgends[\s\S]*没人认领") as caught:
            run()
        assert len(caught.value.faults) == 2


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


def test_invented_people_under_real_keys_are_said(demo_copy: Path) -> None:
    keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
    real = OfficeKeys(keys.signer, keys.programme, "not the demo passphrase")
    report = pipeline.build(demo_copy, DEMO_DAY + timedelta(days=1), real, lambda *_: None)
    assert "示例名单还没有清空" in build_text(report)
    assert "示例名单" not in build_text(build(demo_copy, DEMO_DAY + timedelta(days=2)))


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
