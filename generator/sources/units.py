"""Units by the names people write: the documents, and so the lists, call one unit by several names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.core.model import Unit, UnitId
from generator.core.names import canonical


def unit_by_name(units: Mapping[UnitId, Unit], text: str, area: str = "") -> UnitId | None:
    """Return the one unit that the text names; None where no unit, or more than one, could be meant.

    A name or alias as it stands wins. Failing that the area may be said or left out: 抚松县教育局, 县教育局
    and 教育局 are one unit. With ``area`` only its units, and those of no area, are looked at.
    """
    wanted = canonical(text)
    nearby = [unit for unit in units.values() if not area or unit.area in ("", area)]
    exact = {unit.id for unit in nearby if wanted in names_of(unit)}
    found = exact or {unit.id for unit in nearby if _loosely_names(unit, wanted)}
    return found.pop() if len(found) == 1 else None


def names_of(unit: Unit) -> frozenset[str]:
    """Return the canonical forms of a unit's name and aliases."""
    return frozenset(canonical(name) for name in (unit.name, *unit.aliases))


def _loosely_names(unit: Unit, wanted: str) -> bool:
    """Return whether the text names the unit once the area's name is taken off either of them."""
    known = {form for name in names_of(unit) for form in _with_and_without_area(name, unit.area)}
    return not known.isdisjoint(_with_and_without_area(wanted, unit.area))


def _with_and_without_area(name: str, area: str) -> Iterator[str]:
    """Yield the name, and the name less 肇东市, 肇东 or 市 at its front, whichever is first to match."""
    yield name
    for prefix in (canonical(area), canonical(area[:-1]), canonical(area[-1:])):
        if prefix and name.startswith(prefix) and name != prefix:
            yield name.removeprefix(prefix)
            return
