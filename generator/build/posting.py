"""Letters on demand: tables returned to the units that sent them, and passphrases to merchants."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from generator.build import merchants
from generator.build.correspondence import Due, Kind, sender
from generator.bundle.archive import grouped
from generator.core.model import Content, MerchantId
from generator.errors import Fault, Faults, Place, RefusedError
from generator.letters.passphrase import Access, passphrase
from generator.letters.returned import Round, Submission, returned
from generator.sources.content import read_content
from generator.sources.lists import BATCHES, SNAPSHOTS, sender_of, unit_meant
from generator.trust import repository
from generator.trust.keys import OfficeKeys

_OFFICE_PATH = re.compile(r"lists/(?:[^/\s，。；：]+/)+")
_TABLES = {"nominations": "守信激励名单报送表", "screening": "联合筛查结果表"}


@dataclass(frozen=True, slots=True)
class Returned:
    """The letters to units, and how many faults are none of theirs: in the office's own files, or of nobody known."""

    letters: tuple[Due, ...]
    others: int


def returned_letters(root: Path, faults: Sequence[Fault], on: date) -> Returned:
    """Return a letter for each unit and batch in whose tables there are faults.

    Raises ``RefusedError`` where content/ cannot be read: units are then unknown.
    """
    content = _content(root)
    by_round: dict[tuple[str, str], dict[str, list[Fault]]] = {}
    others = 0
    for fault in faults:
        path = fault.place.path.partition(" › ")[0]  # a table in a zip has a second part
        unit = _sent_by(root, path, content)
        if not unit:
            others += 1
            continue
        by_round.setdefault((unit, str(PurePosixPath(path).parent)), {}).setdefault(path, []).append(_outward(fault))
    letters = [
        Due(
            Kind.RETURNED,
            unit,
            returned(
                unit,
                _round(root, folder),
                [Submission(PurePosixPath(path).name, found) for path, found in sorted(tables.items())],
                sender(content.settings, content.settings.office),
                on,
            ),
        )
        for (unit, folder), tables in sorted(by_round.items())
    ]
    return Returned(tuple(letters), others)


def _sent_by(root: Path, path: str, content: Content) -> str:
    """Return the name of the unit that sent a table, as units.toml has it if it does; nothing for our own files."""
    if not path.startswith((BATCHES, SNAPSHOTS)) or path.endswith(".toml"):
        return ""
    written, _ = sender_of(root, path)
    unit = unit_meant(written, Place(path), content, Faults()) if written else None
    return unit.name if unit else written


def _round(root: Path, folder: str) -> Round:
    """Return what a folder of tables was sent for; where its toml file is damaged too, its folder's name."""
    kind = PurePosixPath(folder).name
    if kind not in _TABLES:
        return Round(kind, "信用数据表")
    batch = root / folder / ".." / "batch.toml"
    try:
        values = tomllib.loads(batch.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        values = {}
    title, deadline = values.get("title"), values.get("deadline")
    known = type(deadline) is date and kind == "nominations"
    name = PurePosixPath(folder).parent.name
    return Round(str(title or name), _TABLES[kind], deadline if known else None)


def _outward(fault: Fault) -> Fault:
    """Return a fault without the folders of our own that it names."""
    place = fault.place
    file = Place(PurePosixPath(place.path).name, place.line, place.sheet, place.cell, place.field)
    return Fault(file, _OFFICE_PATH.sub("", fault.message), _OFFICE_PATH.sub("", fault.advice))


def merchant_letter(root: Path, keys: OfficeKeys, merchant: MerchantId, on: date) -> Due:
    """Return the letter that brings a merchant its passphrase; raise ``RefusedError`` if it has none yet."""
    found = next((one for one in merchants.read(root) if one.id == merchant), None)
    if found is None:
        raise RefusedError(f"{merchants.PATH} 里没有商户“{merchant}”。有哪些，看 xinyi merchants list")
    secret = keys.programme.passphrases.get(merchant)
    if secret is None:
        raise RefusedError(f"{merchant} 还没有口令。请先运行 xinyi build，再写这封信")
    settings = _content(root).settings
    access = Access(grouped(secret), repository.root_fingerprint(root / "keys" / "repository"))
    writer = sender(settings, settings.office)
    return Due(Kind.PASSPHRASE, merchant, passphrase(found, access, settings.domain, writer, on, demo=keys.demo))


def _content(root: Path) -> Content:
    content = read_content(root, Faults())
    if content is None:
        raise RefusedError("content 里的 site.toml、units.toml 或 categories.toml 读不出来。请先运行 xinyi check")
    return content
