"""Tables kept from one run to the next: never another answer than reading them gives, whatever became of the cache."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.core.model import Content, Lists
from generator.errors import Faults
from generator.sources import kept, lists
from generator.sources.content import read_content
from generator.sources.holidays import parse_calendar
from generator.sources.kept import Kept
from generator.sources.lists import parse_lists, read_lists
from tests.conftest import copy_office
from tests.sources.sheets_made import in_aes_zip
from tests.sources.test_lists import (
    ANSWER,
    BATCH,
    CONTENT,
    FIELDS,
    FIRM,
    HEAD,
    LI,
    SCORES,
    SENT,
    SNAPSHOT,
    ZHANG,
    files,
    table,
)

SECOND = {"姓名/名称": "李四", FIELDS[5]: LI}
HITS = f"姓名,证件号码,列入日期,移出日期,事由\n李四,{LI},2025-01-02,,示例\n"
FULL = {
    f"{BATCH}screening/a.toml": ANSWER + 'file = "a.csv"\n',
    f"{BATCH}screening/a.csv": HITS,
    f"{SNAPSHOT}snapshot.toml": SCORES,
    f"{SNAPSHOT}s.csv": f"姓名,证件号码,信用分\n张三,{ZHANG},1100\n",
}
READERS = ("parse_nominations", "parse_returns", "parse_snapshot")


def some_files(**changed: bytes | str | None) -> dict[str, bytes]:
    return files(**{"table": table({}, SECOND, FIRM), **FULL, **changed})


def answer(given: Mapping[str, bytes], shelf: Kept, content: Content = CONTENT) -> tuple[str, list[str]]:
    """Return all that reading tells: every value in full (some fields do not count for ``==``), and every fault."""
    faults = Faults()
    found = parse_lists(given, content, parse_calendar({}, faults), faults, shelf)
    return repr(replace(found, calendar=parse_calendar({}, faults))), list(map(str, faults.found))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of a parser each time it is called."""
    called: list[str] = []
    for name in READERS:
        before = getattr(lists, name)

        def counted(*arguments: object, name: str = name, before: object = before) -> object:
            called.append(name)
            return before(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(lists, name, counted)
    return called


CELLS = st.sampled_from(
    ["", "张三", "李〇", "O'Brien", ZHANG, LI, "A8", "A3", "2025-02-30", "2026-12-01", "不公开：本人要求", "??", "𠮷"]
)
ROWS = st.lists(st.dictionaries(st.sampled_from(FIELDS), CELLS, max_size=2), max_size=4)


class TestTheSameAnswer:
    """A run with a cache, empty or full, tells what a run without one tells: every value and every fault."""

    @settings(max_examples=40)
    @given(ROWS, st.sampled_from([HITS, HITS.replace(LI, "12"), ""]), st.sampled_from(["1100", "多", "0950"]))
    def test_whatever_the_tables_hold(self, rows: list[dict[str, str]], hits: str, score: str) -> None:
        given = some_files(
            table=table(*rows),
            **{f"{BATCH}screening/a.csv": hits, f"{SNAPSHOT}s.csv": f"姓名,证件号码,信用分\n张三,{ZHANG},{score}\n"},
        )
        with tempfile.TemporaryDirectory() as name:
            expected = answer(given, Kept(None))
            assert answer(given, Kept(Path(name))) == expected
            assert answer(given, Kept(Path(name))) == expected

    def test_the_fictional_lists(self, tmp_path: Path) -> None:
        root = copy_office(tmp_path / "office")
        content = read_content(root, Faults())
        assert content
        found: list[Lists | None] = [read_lists(root, content, Faults(), kept=kept) for kept in (False, True, True)]
        assert found[0]
        assert found[0].nominations
        assert repr(found[0]) == repr(found[1]) == repr(found[2])


class TestWhatIsReadAgain:
    def test_nothing_where_nothing_changed(self, folder: Path, read: list[str]) -> None:
        answer(some_files(), Kept(folder))
        assert sorted(read) == sorted(READERS)
        answer(some_files(), Kept(folder))
        assert sorted(read) == sorted(READERS)

    @pytest.mark.parametrize(
        ("changed", "again"),
        [
            ({"table": table({}, SECOND)}, ["parse_nominations"]),
            ({"batch": HEAD + SENT.replace("10-28", "10-29")}, ["parse_nominations"]),
            ({"batch": HEAD + SENT + 'password = "1"\n'}, ["parse_nominations"]),
            ({"batch": HEAD.replace("11-06", "11-07") + SENT}, []),
            ({f"{BATCH}screening/a.csv": HITS.replace("示例", "范例")}, ["parse_returns"]),
            (
                {f"{BATCH}screening/a.toml": FULL[f"{BATCH}screening/a.toml"].replace("11-12", "11-13")},
                ["parse_returns"],
            ),
            ({f"{BATCH}screening/b.toml": ANSWER.replace("法院", "市监局")}, ["parse_returns"]),
            ({f"{SNAPSHOT}s.csv": f"姓名,证件号码,信用分\n张三,{ZHANG},1101\n"}, ["parse_snapshot"]),
            ({f"{SNAPSHOT}snapshot.toml": SCORES.replace("2027-01-14", "2027-01-15")}, ["parse_snapshot"]),
        ],
    )
    def test_the_table_whose_facts_changed(
        self, folder: Path, read: list[str], changed: dict[str, bytes | str], again: list[str]
    ) -> None:
        answer(some_files(), Kept(folder))
        read.clear()
        given = some_files(**changed)
        assert answer(given, Kept(folder)) == answer(given, Kept(None))
        assert read == [*again, *READERS]

    @pytest.mark.parametrize(
        "content",
        [
            replace(CONTENT, categories={}),
            replace(CONTENT, units={id_: replace(u, aliases=()) for id_, u in CONTENT.units.items()}),
        ],
    )
    def test_tables_that_other_units_or_categories_would_judge_otherwise(self, folder: Path, content: Content) -> None:
        answer(some_files(), Kept(folder))
        assert answer(some_files(), Kept(folder), content) == answer(some_files(), Kept(None), content)

    def test_everything_under_other_rules(self, folder: Path, read: list[str]) -> None:
        answer(some_files(), Kept(folder))
        read.clear()
        rules = replace(CONTENT.settings.rules, dishonesty_years=4)
        answer(some_files(), Kept(folder), replace(CONTENT, settings=replace(CONTENT.settings, rules=rules)))
        assert sorted(read) == sorted(READERS)

    def test_everything_by_another_program(
        self, folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer(some_files(), Kept(folder))
        read.clear()
        monkeypatch.setattr(kept, "_program", lambda: "another")
        answer(some_files(), Kept(folder))
        assert sorted(read) == sorted(READERS)

    def test_a_table_with_faults_each_time(self, folder: Path, read: list[str]) -> None:
        given = some_files(table=table({}, {FIELDS[5]: "1"}))
        first, second = answer(given, Kept(folder)), answer(given, Kept(folder))
        assert first == second
        assert first[1]
        assert read.count("parse_nominations") == 2

    def test_a_locked_table_only_once(self, folder: Path, read: list[str]) -> None:
        locked = in_aes_zip("a.csv", table({}), "示例口令")
        given = some_files(table=locked, batch=HEAD + SENT + 'password = "示例口令"\n')
        assert answer(given, Kept(folder)) == answer(given, Kept(folder))
        assert read.count("parse_nominations") == 1

    def test_the_program_is_known_by_its_own_text(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "core").mkdir()
        monkeypatch.setattr(kept, "_PROGRAM", tmp_path)
        found = set()
        for text in ("a = 1", "a = 2"):
            (tmp_path / "core/names.py").write_text(text, "utf-8")
            kept._program.cache_clear()
            found.add(kept._program())
        kept._program.cache_clear()
        assert len(found) == 2


def entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


class TestDamage:
    """An entry that is not as it was written counts as absent, and is written anew."""

    @pytest.fixture
    def expected(self, folder: Path) -> tuple[str, list[str]]:
        return answer(some_files(), Kept(folder))

    def test_cut_short_anywhere(self, folder: Path, expected: tuple[str, list[str]]) -> None:
        for path in entries(folder):
            whole = path.read_bytes()
            for length in range(0, len(whole), 61):
                path.write_bytes(whole[:length])
                assert answer(some_files(), Kept(folder)) == expected
                assert path.read_bytes() == whole

    def test_one_byte_changed_anywhere(self, folder: Path, expected: tuple[str, list[str]]) -> None:
        for path in entries(folder):
            whole = path.read_bytes()
            for at in range(0, len(whole), 47):
                path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
                assert answer(some_files(), Kept(folder)) == expected

    def test_something_behind_it(self, folder: Path, read: list[str], expected: tuple[str, list[str]]) -> None:
        for path in entries(folder):
            path.write_bytes(path.read_bytes() + b"\n[]")
        read.clear()
        assert answer(some_files(), Kept(folder)) == expected
        assert sorted(read) == sorted(READERS)

    def test_put_under_another_name(self, folder: Path, expected: tuple[str, list[str]]) -> None:
        first, second, third = entries(folder)
        a, b, c = (path.read_bytes() for path in (first, second, third))
        first.write_bytes(b)
        second.write_bytes(c)
        third.write_bytes(a)
        assert answer(some_files(), Kept(folder)) == expected

    @pytest.mark.parametrize("data", [b"", b"\n", b"[" * 100_000, b"{}\n", b"\xff" * 100])
    def test_anything_else(self, folder: Path, data: bytes, expected: tuple[str, list[str]]) -> None:
        for path in entries(folder):
            path.write_bytes(data)
        assert answer(some_files(), Kept(folder)) == expected

    def test_no_folder_can_be_made(self, folder: Path) -> None:
        folder.write_bytes(b"in the way")
        shelf = Kept(folder)
        assert answer(some_files(), shelf) == answer(some_files(), Kept(None))
        shelf.drop_others()
        assert folder.read_bytes() == b"in the way"

    def test_a_full_disk_leaves_no_half_entry(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        assert answer(some_files(), Kept(folder)) == answer(some_files(), Kept(None))
        assert entries(folder) == []


class TestTheFolder:
    def test_only_its_owner_can_read_it(self, folder: Path) -> None:
        answer(some_files(), Kept(folder))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in entries(folder)} == {0o600}

    def test_what_is_no_longer_asked_for_is_removed(self, tmp_path: Path) -> None:
        root = copy_office(tmp_path / "office")
        content = read_content(root, Faults())
        assert content
        assert read_lists(root, content, Faults(), kept=True)
        cache = root / kept.FOLDER
        before = set(entries(cache))
        (cache / "tmp-left-by-a-crash").write_bytes(b"x")
        table_ = root / "lists/batches/2026-02/nominations"
        gone = next(path for path in sorted(table_.iterdir()) if path.suffix == ".xlsx")
        batch = table_.parent / "batch.toml"
        sections = batch.read_text("utf-8").split("[[submission]]")
        batch.write_text("[[submission]]".join(s for s in sections if gone.name not in s), "utf-8")
        gone.unlink()
        assert read_lists(root, content, Faults(), kept=True)
        assert len(before - set(entries(cache))) == 1
        assert set(entries(cache)) < before

    def test_faults_elsewhere_leave_what_is_there(self, tmp_path: Path) -> None:
        root = copy_office(tmp_path / "office")
        content = read_content(root, Faults())
        assert content
        read_lists(root, content, Faults(), kept=True)
        before = entries(root / kept.FOLDER)
        (root / "lists/batches/2026-02/batch.toml").write_text("title =", "utf-8")
        faults = Faults()
        assert read_lists(root, content, faults, kept=True) is None
        assert faults.found
        assert entries(root / kept.FOLDER) == before

    def test_whoever_reads_without_it_neither_looks_nor_writes(self, tmp_path: Path) -> None:
        root = copy_office(tmp_path / "office")
        content = read_content(root, Faults())
        assert content
        assert read_lists(root, content, Faults())
        assert not (root / kept.FOLDER).exists()
