"""Faults name their place, say what to do, and come all at once (style.md, 5)."""

from __future__ import annotations

import pytest

from generator.errors import (
    Fault,
    Faults,
    GeneratorError,
    InputFaultsError,
    KeysError,
    LeakError,
    Place,
    RefusedError,
)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place("site.toml"), "site.toml"),
        (Place("decisions.jsonl", line=7), "decisions.jsonl:7"),
        (Place("decisions.jsonl", line=7, field="day"), "decisions.jsonl:7 › day"),
        (Place("batch.toml", field="notice_start"), "batch.toml › notice_start"),
        (Place("卫健局.xlsx", sheet="名单", cell="F12"), "卫健局.xlsx › 名单 › F12"),
        (Place("卫健局.xlsx", sheet="名单"), "卫健局.xlsx › 名单"),
    ],
)
def test_a_place(place: Place, told: str) -> None:
    assert str(place) == told


def test_a_fault_says_where_what_and_what_to_do() -> None:
    place = Place("batch.toml", field="deadline")
    assert str(Fault(place, "不是日期", "请写成 2026-01-15")) == "batch.toml › deadline：不是日期。请写成 2026-01-15"
    assert str(Fault(place, "不是日期")) == "batch.toml › deadline：不是日期"


def test_no_faults_no_error() -> None:
    Faults().stop_if_any()


def test_every_fault_comes_at_once_in_order_of_place_each_once() -> None:
    faults = Faults()
    faults.add(Place("b.csv", line=10), "坏")
    faults.add(Place("b.csv", line=9), "坏")
    faults.add(Place("a.toml", field="name"), "没有填", "请补上")
    faults.add(Place("b.csv", line=9), "坏")
    with pytest.raises(InputFaultsError) as stopped:
        faults.stop_if_any()
    assert str(stopped.value) == "a.toml › name：没有填。请补上\nb.csv:9：坏\nb.csv:10：坏"
    assert [fault.place.line for fault in stopped.value.faults] == [0, 9, 10]


def test_two_collectors_share_nothing() -> None:
    first = Faults()
    first.add(Place("a"), "坏")
    assert Faults().found == []


def test_a_leak_names_each_file_once() -> None:
    error = LeakError(["lists/b.html", "index.html", "lists/b.html"])
    assert error.leaks == ("index.html", "lists/b.html")
    assert str(error) == "index.html\nlists/b.html"


@pytest.mark.parametrize("kind", [InputFaultsError, KeysError, LeakError, RefusedError])
def test_one_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, GeneratorError)
