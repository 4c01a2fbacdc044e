"""The privacy gate: nothing of lists/ that must stay in the office may stand in what is about to be published.

It knows nothing of how pages are made: it takes the finished files and the people of the lists, and looks for every
number and every unmasked name, in the text as written, with entities and escapes undone, tags taken away, width
variants folded, blanks and dots dropped. Sources: requirements F13, F14, F21, F22.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from generator.core.identifiers import IdentifierError, parse_resident_number
from generator.core.model import Person
from generator.core.names import NAME_DOTS, PRIVATE_USE_FOLD, canonical
from generator.errors import LeakError

_SHORTEST_NAME = 2
_INLINE = r"(?:a|abbr|b|bdi|cite|code|em|i|mark|s|small|span|strong|sub|sup|time|u|wbr)"
_INLINE_TAG = re.compile(rf"</?{_INLINE}(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9A-Za-z])")
_HALF_MASKED = re.compile(r"(?<![0-9A-Za-z])[0-9]{3,}[*＊]{2,}[0-9Xx]{0,4}")
_DIGIT_JOINTS = re.compile(r"(?<=[0-9])[ \t\-]+(?=[0-9Xx])")
_DROPPED = {ord(dot): None for dot in NAME_DOTS} | {
    code: None for code in range(0x3001) if chr(code).isspace() or unicodedata.category(chr(code)) == "Cf"
}


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look for: the numbers, and the canonical names by their first letter."""

    numbers: frozenset[str]
    names: Mapping[str, tuple[str, ...]]


def watch(people: Iterable[Person], allowed_text: str) -> Watch:
    """Return what to look for. A name that ``allowed_text`` holds (what content says openly) is no leak."""
    allowed = _folded(allowed_text)
    numbers: set[str] = set()
    names: dict[str, set[str]] = {}
    for person in people:
        numbers |= {person.number, _old_form(person.number)}
        name = canonical(person.name)
        if len(name) >= _SHORTEST_NAME and name not in allowed:
            names.setdefault(name[0], set()).add(name)
    return Watch(frozenset(numbers), {first: tuple(sorted(group)) for first, group in names.items()})


def check(files: Mapping[str, bytes], watched: Watch) -> None:
    """Raise ``LeakError`` that names every file with a leak, and what kind; never the leaked data itself."""
    leaks = [f"{path}：{what}" for path in sorted(files) for what in sorted(find(files[path], watched))]
    if leaks:
        raise LeakError(leaks)


def find(data: bytes, watched: Watch) -> set[str]:
    """Return what kinds of leak one file holds; a zip is looked into."""
    if data.startswith(b"PK\x03\x04"):
        return {leak for member in _zip_texts(data) for leak in find(member, watched)}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _numbers_in(data.decode("latin-1"), watched)
    found: set[str] = set()
    for view in _views(text):
        found |= _numbers_in(view, watched) | _names_in(view, watched)
    return found


def _zip_texts(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            yield info.filename.encode()
            if not info.flag_bits & 1:
                yield archive.read(info)


def _views(text: str) -> Iterator[str]:
    """Yield the text as readers and programs see it: as written, and with escapes, entities and tags undone."""
    plain = html.unescape(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))
    if "%" in plain:
        yield unquote(plain, errors="replace")
    yield plain
    if "<" in plain:
        yield _TAG.sub("\n", _INLINE_TAG.sub("", plain))


def _numbers_in(view: str, watched: Watch) -> set[str]:
    text = unicodedata.normalize("NFKC", view)
    found = set()
    if any(match[0].upper() in watched.numbers for match in _NUMBER.finditer(_DIGIT_JOINTS.sub("", text))):
        found.add("含有名单上的证件号码")
    elif any(len(match[0]) == 18 and _is_resident_number(match[0]) for match in _NUMBER.finditer(text)):
        found.add("含有有效的居民身份证号码")
    if _HALF_MASKED.search(text):
        found.add("含有只遮了一部分的号码")
    return found


def _names_in(view: str, watched: Watch) -> set[str]:
    text = _folded(view)
    for index, letter in enumerate(text):
        for name in watched.names.get(letter, ()):
            if text.startswith(name, index):
                return {"含有未脱敏的姓名"}
    return set()


def _folded(text: str) -> str:
    """Return text as names are matched, its lines kept apart."""
    lines = unicodedata.normalize("NFKC", text.translate(PRIVATE_USE_FOLD)).splitlines()
    return "\n".join(line.translate(_DROPPED).upper() for line in lines)


def _old_form(number: str) -> str:
    """Return the 15-digit form of an 18-digit number of the last century, which is as telling."""
    return number[:6] + number[8:17] if number[6:8] == "19" else number


def _is_resident_number(text: str) -> bool:
    try:
        parse_resident_number(text)
    except IdentifierError:
        return False
    return True
