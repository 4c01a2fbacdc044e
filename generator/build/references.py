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
from generator.core.lifecycle import Standing
from generator.errors import RefusedError
from generator.trust.keys import OfficeKeys

LENGTH = 10
_READ_AS = str.maketrans("OIL", "011")


def canonical(text: str) -> str:
    """Return a reference as it is published: capitals, without spaces and hyphens; O is 0, I and L are 1."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and c != "-").translate(_READ_AS)


def find(root: Path, office: Office, reference: str, keys: OfficeKeys) -> tuple[int, Standing]:
    """Return the place among the standings, and the standing, of the entry with a reference.

    Raises ``RefusedError`` if there is none, or if it is no reference.
    """
    wanted = canonical(reference)
    if len(wanted) != LENGTH or not set(wanted) <= set(CROCKFORD):
        raise RefusedError("编号应为10位字母和数字，请照名单或公示上的编号重新输入")
    secrets = bundles.open_secrets(keys)
    people = bundles.people_of(standing.nomination.origin for standing in office.standings)
    collapsed = bundles.collapse_all(root / "lists" / CACHE, people, secrets, lambda *_: None)
    references = bundles.assign_references(office.standings, collapsed, secrets.ref_key)
    if wanted not in references:
        raise RefusedError("没有这个编号的条目。请核对编号；按更早的日期查，请加 --as-of 或 --day")
    place = references.index(wanted)
    return place, office.standings[place]
