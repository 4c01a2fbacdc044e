"""Which letters a day's facts call for: who gets one, when, under which name, and that they survive a build."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from docx import Document

from generator.build import posting
from generator.build.correspondence import Due, Kind, due, files, letters_due
from generator.build.office import Office, read
from generator.build.pipeline import build
from generator.cli import main
from generator.core.lifecycle import stand
from generator.core.model import (
    AnyDecision,
    BenefitRecovery,
    Content,
    Ground,
    Hit,
    Lists,
    MerchantId,
    Nomination,
    Organisation,
    Person,
    PublicationMode,
    Relisting,
    ScreeningReturn,
    Settings,
    Unit,
    UnitId,
)
from generator.errors import Fault, Faults, Place, RefusedError
from generator.letters.letter import lines
from generator.sources.content import read_content
from generator.trust import repository
from generator.trust.keys import DEMO_PASSPHRASE, open_office
from tests.conftest import copy_office
from tests.core.builders import (
    appeal,
    appeal_answered,
    correction,
    document_of,
    lists,
    nomination,
    objection,
    organisation,
    person,
    rehabilitation,
    relisting,
    resolution,
    screening,
    signed,
    withdrawal,
)
from tests.fictional import DEMO_DAY

NOTICED, WITHIN, LATER = date(2025, 12, 30), date(2026, 1, 5), date(2026, 3, 2)
UNITS = {
    UnitId("wenming"): "试验县文明办",
    UnitId("xinyong"): "试验县信用办",
}


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """Return the repository's own content, with the units and the category that ``builders`` names."""
    found = read_content(copy_office(tmp_path_factory.mktemp("content")), Faults())
    assert found
    rules = replace(found.settings.rules, screening_sources=())
    settings: Settings = replace(found.settings, rules=rules, office="试验县信用办")
    return replace(found, settings=settings, units={id_: Unit(id_, name) for id_, name in UNITS.items()})


def office(content: Content, facts: Lists, as_of: date) -> Office:
    return Office(content, facts, stand(facts, content.settings.rules, as_of), {}, as_of)


def owed(
    content: Content,
    decisions: Iterable[AnyDecision] = (),
    entry: Nomination | None = None,
    returns: Iterable[ScreeningReturn] = (),
    *,
    as_of: date = LATER + timedelta(days=30),
    since: date = date(2025, 1, 1),
) -> list[Due]:
    facts = lists([entry or nomination()], returns, decisions)
    return list(due(office(content, facts, as_of), ["AB12CD34EF"], since))


def log(*decisions: AnyDecision) -> list[AnyDecision]:
    return list(decisions)


def kinds(found: Iterable[Due]) -> list[tuple[Kind, date]]:
    return [(one.kind, one.letter.day) for one in found]


def text(one: Due) -> str:
    return "\n".join(lines(one.letter))


def test_an_answer_goes_to_both(content: Content) -> None:
    found = owed(content, log(objection(NOTICED), resolution(WITHIN, upheld=False)))
    assert kinds(found) == [(Kind.REPORTER, WITHIN), (Kind.SUBJECT, WITHIN)]
    assert "2025年12月30日，我单位收到" in text(found[1])
    assert "钱测试" not in text(found[0])


def test_the_first_of_several_objections_is_the_one_that_was_received(content: Content) -> None:
    said = log(objection(NOTICED), resolution(date(2025, 12, 31), upheld=False))
    again = log(objection(date(2026, 1, 4)), objection(date(2026, 1, 5)), resolution(date(2026, 1, 6), upheld=False))
    assert "2026年1月4日，我单位收到" in text(owed(content, [*said, *again])[-1])


def test_an_open_objection_has_no_letter_yet(content: Content) -> None:
    assert owed(content, log(objection(NOTICED)), as_of=WITHIN) == []


def test_an_appeal_granted_is_told_to_whoever_had_been_told_the_contrary(content: Content) -> None:
    before = log(objection(NOTICED), resolution(WITHIN, upheld=True), appeal(LATER))
    granted = owed(content, log(*before, appeal_answered(LATER, upheld=True)))
    rejected = owed(content, log(*before, appeal_answered(LATER, upheld=False)))
    assert kinds(granted)[2:] == [(Kind.APPELLANT, LATER), (Kind.REPORTER_AGAIN, LATER)]
    assert kinds(rejected)[2:] == [(Kind.APPELLANT, LATER)]
    assert "原来的答复" in text(granted[3])


def test_an_appeal_against_a_withdrawal_concerns_nobody_else(content: Content) -> None:
    decided = log(withdrawal(LATER, Ground.NOT_RENEWED), appeal(LATER), appeal_answered(LATER, upheld=True))
    assert [kind for kind, _ in kinds(owed(content, decided))] == [Kind.LEFT, Kind.APPELLANT]


def test_a_correction_shows_what_stood_there_before(content: Content) -> None:
    decided = log(
        correction(LATER, {"honour": "道德模范"}), correction(LATER + timedelta(days=1), {"honour": "抚松好人"})
    )
    asker, subject = owed(content, decided)[2:]
    assert (asker.kind, subject.kind) == (Kind.ASKER, Kind.CORRECTED)
    assert "荣誉名称\t道德模范\t抚松好人" in text(subject)
    assert "道德模范" not in text(asker)


def test_a_wrong_record_and_a_benefit_taken_back(content: Content) -> None:
    recovered = BenefitRecovery(kind="benefit-recovery", benefit="减免", outcome="已补交", **signed(LATER, None))
    decided = log(rehabilitation(WITHIN), withdrawal(LATER, Ground.ABUSE), recovered)
    assert kinds(owed(content, decided)) == [
        (Kind.APOLOGY, WITHIN),
        (Kind.CLARIFICATION, WITHIN),
        (Kind.LEFT, LATER),
        (Kind.RECOVERY, LATER),
    ]


def test_who_was_never_on_the_way_is_not_told_of_leaving(content: Content) -> None:
    assert owed(content, log(withdrawal(date(2025, 12, 18), Ground.NOT_RENEWED))) == []


def test_a_relisting_and_an_appeal_alone_have_no_letter(content: Content) -> None:
    decided = log(withdrawal(LATER, Ground.NOT_RENEWED), appeal(LATER), relisting(LATER, "2031-01"))
    assert isinstance(decided[-1], Relisting)
    assert [kind for kind, _ in kinds(owed(content, decided))] == [Kind.LEFT]


def test_who_is_found_dishonest_during_validity_hears_of_it(content: Content) -> None:
    hit = screening(LATER, Hit(document_of(person()), date(2026, 2, 20)))
    (told,) = owed(content, returns=[screening(), hit])
    assert (told.kind, told.letter.day, told.letter.signature) == (Kind.LEFT, LATER, "试验县信用办")
    assert "法院2026年3月2日答复的复查结果" in text(told)


def test_a_withdrawal_on_the_same_day_is_told_once(content: Content) -> None:
    hit = screening(LATER, Hit(document_of(person()), date(2026, 2, 20)))
    found = owed(content, log(withdrawal(LATER, Ground.DISHONEST)), returns=[screening(), hit])
    assert kinds(found) == [(Kind.LEFT, LATER)]


def test_who_was_screened_out_before_the_notice_hears_nothing(content: Content) -> None:
    hit = screening(date(2025, 12, 22), Hit(document_of(person()), date(2025, 2, 20)))
    assert owed(content, returns=[hit]) == []


class TestWithheld:
    def test_its_unit_is_notified_when_it_is_recognised(self, content: Content) -> None:
        entry = replace(nomination(publication=PublicationMode.WITHHELD), affiliation="试验县某局")
        (told,) = owed(content, entry=entry, since=date(2030, 1, 1))
        assert (told.kind, told.letter.day, told.letter.addressee) == (
            Kind.NOTIFICATION,
            date(2026, 1, 7),
            "试验县某局",
        )

    def test_not_before(self, content: Content) -> None:
        assert owed(content, entry=nomination(publication=PublicationMode.WITHHELD), as_of=date(2026, 1, 6)) == []

    def test_one_withheld_later_is_notified_on_that_day(self, content: Content) -> None:
        found = owed(content, log(correction(LATER, {"publication": "withheld"})), since=date(2030, 1, 1))
        assert kinds(found) == [(Kind.NOTIFICATION, LATER)]

    def test_nobody_else_is(self, content: Content) -> None:
        assert owed(content) == []


def test_decisions_before_the_first_day_are_left_out(content: Content) -> None:
    decided = log(objection(NOTICED), resolution(WITHIN, upheld=False))
    assert len(owed(content, decided, since=WITHIN)) == 2
    assert owed(content, decided, since=WITHIN + timedelta(days=1)) == []


def test_sixty_days_are_recent(content: Content) -> None:
    facts = lists(decisions=log(objection(NOTICED), resolution(WITHIN, upheld=False)))
    assert len(letters_due(office(content, facts, WITHIN + timedelta(days=60)), ["R"])) == 4
    assert letters_due(office(content, facts, WITHIN + timedelta(days=61)), ["R"]) == {}


def test_a_letter_reads_the_same_on_every_later_day(content: Content) -> None:
    decided = log(objection(NOTICED), resolution(WITHIN, upheld=False), withdrawal(LATER, Ground.NOT_RENEWED))
    early = letters_due(office(content, lists(decisions=decided), WITHIN), ["R"], NOTICED)
    late = letters_due(office(content, lists(decisions=decided), date(2026, 12, 1)), ["R"], NOTICED)
    assert early
    assert early.items() <= late.items()


def test_two_letters_of_one_name_are_both_kept(content: Content) -> None:
    decided = log(correction(LATER, {"honour": "甲"}), correction(LATER, {"awarder": "乙"}))
    made = letters_due(office(content, lists(decisions=decided), LATER), ["R"])
    assert {name for name in made if name.endswith("docx") and "告知" in name} == {
        "letters/2026-03-02-告知更正-R.docx",
        "letters/2026-03-02-告知更正-R-2.docx",
    }


def test_an_organisation_is_written_to_by_its_name(content: Content) -> None:
    firm: Organisation = organisation()
    entry = nomination(firm, category="B5")
    decided = log(objection(NOTICED, firm), resolution(WITHIN, upheld=True, subject=firm))
    assert owed(content, decided, entry)[1].letter.addressee == firm.name


def test_a_name_of_a_file_holds_nothing_that_windows_forbids(content: Content) -> None:
    (one, *_) = owed(content, log(objection(NOTICED), resolution(WITHIN, upheld=False)))
    assert sorted(files([replace(one, about='市监局/消防:"一"')])) == [
        "letters/2026-01-05-答复反映人-市监局_消防__一_.docx",
        "letters/2026-01-05-答复反映人-市监局_消防__一_.html",
    ]


# -- in an office ------------------------------------------------------------------------------------------------


def run(root: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--root", str(root), *words])
    return result.exit_code, result.stdout, result.stderr


def written(root: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "build/office/letters").glob("*")}


def everyone(root: Path) -> list[Person]:
    subjects = (standing.nomination.subject for standing in read(root, DEMO_DAY).standings)
    return [subject for subject in subjects if isinstance(subject, Person)]


def test_the_command_and_the_build_write_the_same_letters(demo_copy: Path) -> None:
    build(demo_copy, DEMO_DAY, open_office(demo_copy / "keys", DEMO_PASSPHRASE), lambda *_: None)
    built = written(demo_copy)
    status, said, _ = run(demo_copy, "letters", "--as-of", DEMO_DAY.isoformat())
    assert status == 0
    assert built
    assert written(demo_copy) == built
    assert len(said.splitlines()) == len(built) / 2
    assert not any((demo_copy / "build/site").rglob("*.docx"))


def test_a_year_of_letters_holds_no_number_of_anybody(demo_copy: Path) -> None:
    assert run(demo_copy, "letters", "--since", "2025-11-01", "--as-of", DEMO_DAY.isoformat())[0] == 0
    made = written(demo_copy)
    assert {name.split("-", 4)[3] for name in made} >= {Kind.REPORTER, Kind.SUBJECT, Kind.CORRECTED, Kind.LEFT, "通报"}
    numbers = {one.number for one in everyone(demo_copy)}
    for name, data in made.items():
        if name.endswith(".html"):
            shown = data.decode()
        else:
            found = Document(io.BytesIO(data))
            shown = "\n".join(
                [paragraph.text for paragraph in found.paragraphs]
                + [cell.text for table in found.tables for row in table.rows for cell in row.cells]
            )
        assert not any(number in shown for number in numbers), name
        assert stat.S_IMODE((demo_copy / "build/office/letters" / name).stat().st_mode) == 0o600


def test_letters_that_are_no_longer_due_are_removed(demo_copy: Path) -> None:
    run(demo_copy, "letters", "--since", "2025-11-01", "--as-of", DEMO_DAY.isoformat())
    before = set(written(demo_copy))
    run(demo_copy, "letters", "--as-of", DEMO_DAY.isoformat())
    assert set(written(demo_copy)) < before


class TestReturned:
    def damage(self, root: Path) -> None:
        table = root / "lists/batches/2025-01/nominations/卫健局.csv"
        text = table.read_bytes().decode("gb18030")
        table.write_bytes(text.replace("A1,", "A8,", 2).encode("gb18030"))
        (root / "lists/batches/2026-02/nominations/交运局.xlsx").write_bytes(b"no table")

    def test_each_unit_hears_of_its_own_tables_only(self, office: Path) -> None:
        self.damage(office)
        status, said, _ = run(office, "letters", "returned", "--as-of", DEMO_DAY.isoformat())
        assert (status, said.splitlines()) == (
            0,
            ["2026-11-20-退回更正-交通运输局", "2026-11-20-退回更正-卫生健康局"],
        )
        health = written(office)["2026-11-20-退回更正-卫生健康局.html"].decode()
        assert "卫健局.csv" in health
        assert "交运局.xlsx" not in health
        assert "lists/" not in health
        assert "不能报送 A8 类" in health
        roads = written(office)["2026-11-20-退回更正-交通运输局.html"].decode()
        assert "2026年12月20日前（含当天）" in roads

    def test_it_can_only_be_looked_at(self, office: Path) -> None:
        self.damage(office)
        status, said, _ = run(office, "letters", "returned", "--check", "--as-of", DEMO_DAY.isoformat())
        assert (status, said.split()) == (0, ["交通运输局", "卫生健康局"])
        assert not (office / "build").exists()

    def test_what_was_put_right_is_no_longer_there_to_be_sent(self, office: Path) -> None:
        self.damage(office)
        run(office, "letters", "returned", "--as-of", DEMO_DAY.isoformat())
        table = office / "lists/batches/2025-01/nominations/卫健局.csv"
        table.write_bytes(table.read_bytes().decode("gb18030").replace("A8,", "A1,").encode("gb18030"))
        run(office, "letters", "returned", "--as-of", DEMO_DAY.isoformat())
        assert {name.split("-")[-1] for name in written(office)} == {"交通运输局.html", "交通运输局.docx"}

    def test_faults_of_our_own_are_counted(self, office: Path) -> None:
        faults = [
            Fault(Place("content/notices/x.md"), "没有批次"),
            Fault(Place("lists/batches/2026-01/batch.toml", field="deadline"), "缺少"),
            Fault(Place("lists/batches/2026-01/nominations/谁的.xlsx"), "batch.toml 里没有写这张表"),
            Fault(
                Place("lists/batches/2026-01/nominations/妇联.xlsx", sheet="一", cell="B5"),
                "另一处是 lists/a/b/丙.xlsx",
            ),
            Fault(Place("lists/batches/2025-01/screening/court.xlsx"), "打不开"),
            Fault(Place("lists/snapshots/score-2026-10/信用分.xlsx › 里面.csv"), "打不开"),
        ]
        found = posting.returned_letters(office, faults, DEMO_DAY)
        assert found.others == 3
        by_unit = {one.about: text(one) for one in found.letters}
        assert "另一处是 丙.xlsx" in by_unit["妇联"]
        assert "联合筛查结果表" in by_unit["法院"]
        assert len(by_unit) == 3

    def test_a_damaged_batch_file_does_not_hide_the_tables(self, office: Path) -> None:
        round_ = posting._round(office, "lists/batches/2030-01/nominations")
        assert (round_.title, round_.deadline) == ("2030-01", None)

    def test_without_faults_there_is_nothing(self, demo_copy: Path) -> None:
        assert run(demo_copy, "letters", "returned", "--as-of", DEMO_DAY.isoformat())[1] == "没有要写的信。\n"

    def test_without_units_nobody_can_be_written_to(self, office: Path) -> None:
        (office / "content/units.toml").write_text("[[unit", "utf-8")
        status, _, said = run(office, "letters", "returned")
        assert status == 1
        assert "xinyi check" in said


class TestMerchant:
    def test_passphrase_and_fingerprint_are_in_the_letter_and_nowhere_else(self, demo_copy: Path) -> None:
        keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
        merchant, secret = min(keys.programme.passphrases.items())
        status, said, told = run(demo_copy, "letters", "merchant", merchant, "--as-of", DEMO_DAY.isoformat())
        assert status == 0
        groups = "-".join(secret[start : start + 4] for start in range(0, 16, 4))
        assert secret[:4] not in said + told
        name = f"2026-11-20-口令信-{merchant}.html"
        shown = written(demo_copy)[name].decode()
        assert groups in shown
        fingerprint = repository.root_fingerprint(demo_copy / "keys/repository")
        assert fingerprint in "".join(shown.split()).replace("</code><code>", "")
        assert stat.S_IMODE((demo_copy / "build/office/letters" / name).stat().st_mode) == 0o600

    def test_it_is_gone_after_the_next_build(self, demo_copy: Path) -> None:
        keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
        run(demo_copy, "letters", "merchant", min(keys.programme.passphrases))
        build(demo_copy, DEMO_DAY, keys, lambda *_: None)
        assert not [name for name in written(demo_copy) if "口令信" in name]

    def test_it_stays_when_other_letters_are_written(self, demo_copy: Path) -> None:
        keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
        run(demo_copy, "letters", "merchant", min(keys.programme.passphrases))
        run(demo_copy, "letters", "--as-of", DEMO_DAY.isoformat())
        assert [name for name in written(demo_copy) if "口令信" in name]

    def test_an_unknown_merchant_and_one_without_passphrase(self, demo_copy: Path) -> None:
        keys = open_office(demo_copy / "keys", DEMO_PASSPHRASE)
        with pytest.raises(RefusedError, match="没有商户“nobody”"):
            posting.merchant_letter(demo_copy, keys, MerchantId("nobody"), DEMO_DAY)
        merchant = min(keys.programme.passphrases)
        bare = replace(keys, programme=replace(keys.programme, passphrases={}))
        with pytest.raises(RefusedError, match="xinyi build"):
            posting.merchant_letter(demo_copy, bare, MerchantId(merchant), DEMO_DAY)
