"""A letter as a value: one text from which the printed page and the Word file are both made.

The parts follow the order of an official letter (公文): title, addressee, body, signature, date. What a text holds is
made printable once, here, so that neither renderer meets a character it cannot carry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from generator.core.wording import day


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within the body, with its number: 一、更正记录."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; ``widths`` are shares of the width of the text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse rows of another length than the header's."""
        if {len(row) for row in self.rows} - {len(self.header)} or len(self.widths) != len(self.header):
            raise ValueError("the rows of a table are of different lengths")


@dataclass(frozen=True, slots=True)
class Copied:
    """Something to be copied letter by letter: large, in letters of one width, line by line."""

    label: str
    lines: tuple[str, ...]


Part = Heading | Text | Grid | Copied


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter; ``marking`` stands above the title and says how the letter is handled, ``contact`` whom to call."""

    title: str
    addressee: str
    parts: tuple[Part, ...]
    signature: str
    day: date
    marking: str = ""
    contact: str = ""

    @property
    def salutation(self) -> str:
        """The addressee with the colon behind it."""
        return f"{plain(self.addressee)}："


def lines(letter: Letter) -> Iterator[str]:
    """Yield every line of a letter in the order in which it is printed; a row of a table is one line."""
    yield from (line for line in (plain(letter.marking), plain(letter.title), letter.salutation) if line)
    for part in letter.parts:
        match part:
            case Heading(text) | Text(text):
                yield plain(text)
            case Grid(header, rows):
                yield from ("\t".join(map(plain, row)) for row in (header, *rows))
            case Copied(label, copied):
                yield from (plain(label), *map(plain, copied))
    yield from (plain(letter.signature), day(letter.day))
    if letter.contact:
        yield plain(letter.contact)


def plain(text: str) -> str:
    """Return a text on one line, runs of white space as one, without what no document carries.

    That is controls, halves of surrogate pairs, U+FFFE and U+FFFF; a character newer than this Python stays.
    """
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(filter(_carried, kept)).split())


def _carried(character: str) -> bool:
    return character not in "\ufffe\uffff" and unicodedata.category(character) not in ("Cc", "Cs")
