"""Rebuilding: equal inputs give equal bytes, faults change nothing, and whoever leaves is gone everywhere."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import TypeAdapter

from generator.build import bundles, pipeline
from generator.build.office import Entitled, entitle, read
from generator.build.pipeline import Report
from generator.build.reports import build_text
from generator.bundle import archive
from generator.cli import main
from generator.core.identifiers import Number
from generator.core.lifecycle import Stage, Standing
from generator.core.model import (
    AnyDecision,
    MerchantId,
    Organisation,
    Person,
    PublicationMode,
    ScenarioId,
    Snapshot,
    Window,
)
from generator.errors import InputFaultsError, KeysError, LeakError, RefusedError
from generator.site import gate
from generator.sources import decisions
from generator.trust import keys as trust
from generator.trust import repository, sealing
from generator.trust.keys import DEMO_PASSPHRASE, OfficeKeys, Passphrases, add_passphrases, init, open_office
from generator.trust.releases import Release
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


LAPENPEN = MerchantId("lapenpen")
NEW_PASSPHRASE = "0123456789ABCDEF"
NEWCOMER = """
[[merchant]]
id = "newcomer"
name = "示例新店"
scenarios = ["canyin"]
"""


def release_of(root: Path) -> Release:
    release = repository.read_release(root / "keys/repository")
    assert release is not None
    return release


def container(root: Path, merchant: str) -> dict[str, bytes]:
    """Return the members of a published bundle."""
    with zipfile.ZipFile(root / f"build/site/bundles/{merchant}.zip") as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def edit_merchants(root: Path, edit: Callable[[str], str]) -> None:
    path = root / "content/merchants.toml"
    text = path.read_text("utf-8")
    assert edit(text) != text
    path.write_text(edit(text), "utf-8")


def check_others_kept(
    root: Path, before: Release, containers: Mapping[MerchantId, dict[str, bytes]], other: str
) -> None:
    """Check that all targets but one are kept, and that the bundles of the others differ in metadata alone."""
    after = release_of(root)
    kept = before.targets.keys() & after.targets.keys() - {other}
    assert len(kept) == len(before.targets.keys() - {other})
    assert {m: after.targets[m] for m in kept} == {m: before.targets[m] for m in kept}
    for merchant in kept:
        old, new = containers[merchant], container(root, merchant)
        assert {name: data for name, data in new.items() if not name.startswith("metadata/")} == {
            name: data for name, data in old.items() if not name.startswith("metadata/")
        }
        assert new["metadata/1.root.json"] == old["metadata/1.root.json"]


def test_a_merchant_added_paused_taken_up_again_and_removed_changes_only_its_own(demo_copy: Path) -> None:
    edits: dict[str, tuple[Callable[[str], str], set[str]]] = {
        "added": (lambda text: text + NEWCOMER, {"newcomer"}),
        "paused": (lambda text: text.replace(NEWCOMER, NEWCOMER + 'status = "paused"\n'), set()),
        "taken up again": (lambda text: text.replace(NEWCOMER + 'status = "paused"\n', NEWCOMER), {"newcomer"}),
        "removed": (lambda text: text.replace(NEWCOMER, ""), set()),
    }
    for what, (edit, remade) in edits.items():
        before = release_of(demo_copy)
        containers = {merchant: container(demo_copy, merchant) for merchant in before.targets}
        edit_merchants(demo_copy, edit)
        report = build(demo_copy)
        assert set(report.remade) == remade, what
        assert report.new_passphrases == (("newcomer",) if what == "added" else ())
        assert ("newcomer" in release_of(demo_copy).targets) == bool(remade)
        assert (demo_copy / "build/site/bundles/newcomer.zip").exists() == bool(remade)
        check_others_kept(demo_copy, before, containers, "newcomer")
    assert release_of(demo_copy).version == before.version + 1 == 5


def test_a_passphrase_replaced_makes_that_target_anew(demo_copy: Path) -> None:
    before = release_of(demo_copy)
    containers = {merchant: container(demo_copy, merchant) for merchant in before.targets}
    keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
    old = keys.programme.passphrases[LAPENPEN]
    add_passphrases(demo_copy / "keys", keys, {LAPENPEN: NEW_PASSPHRASE})
    assert build(demo_copy).remade == (LAPENPEN,)
    check_others_kept(demo_copy, before, containers, LAPENPEN)
    target = release_of(demo_copy).targets[LAPENPEN].data
    with pytest.raises(KeysError):
        archive.decrypt(target, old)
    assert archive.decrypt(target, NEW_PASSPHRASE).keys() == archive.decrypt(before.targets[LAPENPEN].data, old).keys()


def test_no_released_target_is_decrypted(demo_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "decrypt", None)
    edit_merchants(demo_copy, lambda text: text + NEWCOMER)
    assert build(demo_copy, DEMO_DAY + timedelta(days=1)).remade == ("newcomer",)


def organisations_in(root: Path, merchant: MerchantId) -> dict[str, str]:
    passphrase = open_office(root / "keys", DEMO_PASSPHRASE).programme.passphrases[merchant]
    members = archive.decrypt(release_of(root).targets[merchant].data, passphrase)
    return {one["code"]: one["name"] for one in json.loads(members["organisations.json"])["organisations"]}


def test_an_organisation_not_to_be_published_stands_in_bundles_without_its_name(demo_copy: Path) -> None:
    """F15: by its code alone, unless another entry or a snapshot makes its name public all the same."""
    office = read(demo_copy, DEMO_DAY)
    rated = {row.subject.key for snapshot in office.lists.snapshots for row in snapshot.rows}
    honoured = [
        s for s in office.standings if s.stage is Stage.RECOGNISED and isinstance(s.nomination.subject, Organisation)
    ]
    entitled = [
        Entitled(s.nomination.subject, {ScenarioId("canyin"): DEMO_DAY})
        for s in honoured
        if s.nomination.subject.key not in rated
    ]
    assert len(entitled) > 2
    first = entitled[0]
    assert isinstance(first.subject, Organisation)

    def named(standings: Sequence[Standing], snapshots: Sequence[Snapshot] = office.lists.snapshots) -> dict[str, str]:
        lists = replace(office.lists, snapshots=tuple(snapshots))
        found = bundles.named_or_not(entitled, replace(office, lists=lists, standings=tuple(standings)))
        return {organisation.code: organisation.name for organisation in found}

    def withheld(standing: Standing) -> Standing:
        return replace(standing, nomination=replace(standing.nomination, publication=PublicationMode.WITHHELD))

    names = {one.subject.code: one.subject.name for one in entitled if isinstance(one.subject, Organisation)}
    assert named(honoured) == names
    hidden = [withheld(s) if s.nomination.subject.key == first.subject.key else s for s in honoured]
    assert named(hidden) == {**names, first.subject.code: ""}
    assert named([*hidden, next(s for s in honoured if s.nomination.subject.key == first.subject.key)]) == names
    left = replace(next(s for s in honoured if s.nomination.subject.key == first.subject.key), stage=Stage.LEFT)
    assert named([*hidden, left]) == {**names, first.subject.code: ""}
    snapshot = next(s for s in office.lists.snapshots if any(isinstance(row.subject, Organisation) for row in s.rows))
    shown = replace(snapshot, rows=(*snapshot.rows, replace(snapshot.rows[0], subject=first.subject)))
    assert named(hidden, [shown]) == names
    over = replace(shown, window=Window(DEMO_DAY - timedelta(days=9), DEMO_DAY - timedelta(days=1)))
    assert named(hidden, [over]) == {**names, first.subject.code: ""}


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


REAL = "not the demo passphrase"


def seal_for_real(root: Path) -> OfficeKeys:
    """Put the keys of a demo under another passphrase, so that they count as real, and open them."""
    keys = open_office(root / "keys", DEMO_PASSPHRASE)
    (root / "keys/office.pem").write_bytes(sealing.encrypt_key(keys.signer, REAL))
    (root / "keys/programme.key").write_bytes(trust._seal(keys.programme, REAL))
    return open_office(root / "keys", REAL)


def test_invented_people_under_real_keys_are_said(demo_copy: Path) -> None:
    assert "示例名单" not in build_text(build(demo_copy, DEMO_DAY + timedelta(days=1)))
    real = seal_for_real(demo_copy)
    report = pipeline.build(demo_copy, DEMO_DAY + timedelta(days=2), real, lambda *_: None)
    assert "示例名单还没有清空" in build_text(report)


def test_real_keys_never_go_back_a_day(demo_copy: Path) -> None:
    with pytest.raises(RefusedError, match="倒退"):
        pipeline.build(demo_copy, DEMO_DAY - timedelta(days=1), seal_for_real(demo_copy), lambda *_: None)


def test_keys_opened_before_another_window_sealed_a_passphrase(demo_copy: Path) -> None:
    """The build seals and encrypts under what programme.key says now, not under what it said when it was opened."""
    stale = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
    add_passphrases(demo_copy / "keys", stale, {LAPENPEN: NEW_PASSPHRASE, MerchantId("later"): NEW_PASSPHRASE})
    report = pipeline.build(demo_copy, DEMO_DAY, stale, lambda *_: None)
    assert report.remade == (LAPENPEN,)
    known = open_office(demo_copy / "keys", DEMO_PASSPHRASE).programme.passphrases
    assert (known[LAPENPEN], known[MerchantId("later")]) == (NEW_PASSPHRASE, NEW_PASSPHRASE)
    archive.decrypt(release_of(demo_copy).targets[LAPENPEN].data, NEW_PASSPHRASE)


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
    log = path.read_bytes() + decisions.append(path.read_bytes(), decision)
    path.write_bytes(log)
    (root / decisions.HEAD_PATH).write_bytes(decisions.encode_head(log))
