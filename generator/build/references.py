"""From a published reference back to its entry: for whoever asks about one, and for recording a decision by it.

References are made with REF_KEY, so this takes the opened keys.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from generator.build import bundles
from generator.build.office import Office
from generator.build.pipeline import CACHE
from generator.bundle.collapse import CROCKFORD
from generator.core.identifiers import canonical_number
from generator.core.lifecycle import Standing, gather
from generator.core.model import number_of
from generator.core.names import canonical as canonical_name
from generator.core.names import display
from generator.core.story import Names, answer, as_text, tell
from generator.errors import RefusedError
from generator.trust.keys import OfficeKeys

LENGTH = 10
_READ_AS = str.maketrans("OIL", "011")


def canonical(text: str) -> str:
    """Return a reference as it is published: capitals, without spaces and hyphens; O is 0, I and L are 1."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and c != "-").translate(_READ_AS)


def all_of(root: Path, office: Office, keys: OfficeKeys) -> list[str]:
    """Return the reference of every standing, in their order."""
    secrets = bundles.open_secrets(keys)
    people = bundles.people_of(standing.nomination.origin for standing in office.standings)
    collapsed = bundles.collapse_all(root / "lists" / CACHE, people, secrets, lambda *_: None)
    return bundles.assign_references(office.standings, collapsed, secrets.ref_key)


def find(root: Path, office: Office, reference: str, keys: OfficeKeys) -> tuple[int, Standing]:
    """Return the place among the standings, and the standing, of the entry with a reference.

    Raises ``RefusedError`` if there is none, or if it is no reference.
    """
    wanted = canonical(reference)
    if len(wanted) != LENGTH or not set(wanted) <= set(CROCKFORD):
        raise RefusedError("编号应为10位字母和数字，请照名单或公示上的编号重新输入")
    references = all_of(root, office, keys)
    if wanted not in references:
        raise RefusedError("没有这个编号的条目。请核对编号；按更早的日期查，请加 --as-of（记录时是 --day）")
    place = references.index(wanted)
    return place, office.standings[place]


def find_by_name(office: Office, name: str, number: str) -> tuple[int, ...]:
    """Return the places among the standings of everybody of a name and number, in whatever batch.

    Name and number may be those first written or those corrected to. Raises ``RefusedError`` if there is nobody.
    """
    wanted = canonical_name(name), canonical_number(number)
    found = []
    for place, standing in enumerate(office.standings):
        of_entry = (standing.nomination.origin, standing.nomination.subject)
        if wanted in {(canonical_name(subject.name), number_of(subject)) for subject in of_entry}:
            found.append(place)
    if not found:
        raise RefusedError("名单里没有这个姓名（名称）和号码。请核对，一个字也不能差")
    return tuple(found)


def story(office: Office, place: int, reference: str = "") -> str:
    """Return the whole story of one entry, and what may be said to whoever asks about it."""
    content, standing = office.content, office.standings[place]
    facts = gather(office.lists, office.as_of)[place]
    rules = facts.batch.rules or content.settings.rules
    nomination = standing.nomination
    names = Names(content.units[nomination.unit].name, content.categories[nomination.category].name)
    lines = tell(facts, names, rules, office.lists.calendar, office.as_of)
    said = answer(standing, reference or "（此处填编号）", names, rules)
    who = f"{display(nomination.subject.name)}，{nomination.honour}"
    return f"{who}\n\n{as_text(lines, standing)}\n\n可以这样答复来问的人：\n{said}"
