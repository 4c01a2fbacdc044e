"""The privacy gate: nothing of lists/ that must stay in the office may stand in what is about to be published.

It knows nothing of how pages are made: it takes the finished files and the people of the lists, and looks for every
number and every unmasked name, in file names and texts, as written and with entities and escapes undone, tags taken
away, width variants folded, blanks and dots dropped. Sources: requirements F13, F14, F21, F22.
"""

from __future__ import annotations

import codecs
import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from generator.core.identifiers import IdentifierError, parse_credit_code, parse_resident_number
from generator.core.model import Person
from generator.core.names import NAME_DOTS, PRIVATE_USE_FOLD, canonical
from generator.errors import LeakError

_SHORTEST_NAME = 2
_INLINE = (
    "a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small|span|strong"
    "|sub|sup|time|tspan|tt|u|var|wbr"
)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,5})\}|[nrt])")
_WRAPPINGS = 3
"""How often escapes may lie within escapes: HTML within a feed, within JSON."""

_BETWEEN = r"[^0-9A-Za-z\u3400-\u9fff]{0,8}"
_DIGITS = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{14,}}(?:{_BETWEEN}[Xx])?")
_RESIDENT = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?:19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])")
_NUMBER_LENGTHS = (18, 15)
_WORD = re.compile(r"[0-9A-Za-z]{5,15}")
_STARS = "*×✱●○■□•#"
_STARRED = re.compile(rf"[0-9Xx{_STARS}]{{6,}}")
_HALF_MASKED = re.compile(
    rf"[0-9]{{3,}}(?:[{_STARS}]{{3,}}|[Xx]{{4,}})|[0-9]{{10,}}[{_STARS}]|[{_STARS}]{{4,}}[0-9]{{2,}}[0-9Xx]"
)

_DROPPED = NAME_DOTS | frozenset(
    character
    for character in map(chr, (*range(0x10000), *range(0xE0000, 0xE0200)))
    if (character.isspace() and character != "\n")
    or unicodedata.category(character) == "Cf"
    or unicodedata.name(character, "").startswith("VARIATION SELECTOR-")
)
"""What readers do not see or matching does not heed; line ends stay, since they keep neighbours apart."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look for.

    ``numbers`` are resident numbers, also in their old form; ``documents`` the telling word of every other number;
    ``names`` the folded names, ``lengths`` how long they are, by first letter; ``within`` the public phrases that hold
    a name, each with where in it: there, and only there, that name is no leak.
    """

    numbers: frozenset[str]
    documents: frozenset[str]
    names: frozenset[str]
    lengths: Mapping[str, tuple[int, ...]]
    within: Mapping[str, tuple[tuple[str, int], ...]]


def watch(
    people: Iterable[Person], allowed_text: str, phrases: Iterable[str] = (), consented: Iterable[str] = ()
) -> Watch:
    """Return what to look for. A name that ``allowed_text`` holds (what content says openly) is no leak.

    ``phrases`` are public as a whole, as 李四粮店 is: a name within one is no leak, the bare name still is.
    ``consented`` are names published in full: no leak themselves, and phrases to the shorter names within them.
    """
    numbers: set[str] = set()
    documents: set[str] = set()
    names: set[str] = set()
    for person in people:
        if _is_resident_number(person.number):
            numbers |= {person.number, _old_form(person.number)}
        else:
            documents.update(_WORD.findall(person.number))
        if len(name := _folded(canonical(person.name))) >= _SHORTEST_NAME:
            names.add(name)
    every = _index(names)
    names -= {name for _, name in _occurring(_folded(allowed_text), names, every)}
    in_full = tuple(consented)
    names -= {_folded(canonical(name)) for name in in_full}
    lengths = _index(names)
    within: dict[str, set[tuple[str, int]]] = {}
    for phrase in {_folded(form) for written in (*phrases, *in_full) for form in (written, html.escape(written))}:
        for offset, name in _occurring(phrase, names, lengths):
            if name != phrase:
                within.setdefault(name, set()).add((phrase, offset))
    frozen = {name: tuple(sorted(places)) for name, places in within.items()}
    return Watch(frozenset(numbers), frozenset(documents), frozenset(names), lengths, frozen)


def check(files: Mapping[str, bytes], watched: Watch) -> None:
    """Raise ``LeakError`` that names every file with a leak, and what kind; never the leaked data itself."""
    leaks = []
    for path in sorted(files):
        in_path = find(path.encode(), watched)
        shown = "（文件名已隐去）" if in_path else path
        leaks += [f"{shown}：文件名{what}" for what in in_path]
        leaks += [f"{shown}：{what}" for what in find(files[path], watched)]
    if leaks:
        raise LeakError(leaks)


def find(data: bytes, watched: Watch) -> set[str]:
    """Return what kinds of leak one file holds; a zip is looked into."""
    if data.startswith(b"PK"):
        try:
            return {leak for member in _zip_texts(data) for leak in find(member, watched)}
        except zipfile.BadZipFile:
            pass  # not a zip, then: looked at as any other bytes
    text = _text(data)
    if text is None:
        return _numbers_in(data.decode("latin-1"), watched)
    found: set[str] = set()
    for view in set(_views(text)):
        folded = _one_width(view)
        found |= _numbers_in(folded, watched) | _names_in(folded, watched)
        if any(_HALF_MASKED.search(run) for run in _STARRED.findall(folded)):
            found.add("含有只遮了一部分的号码")
    return found


def _zip_texts(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield archive.comment
        for info in archive.infolist():
            yield info.filename.encode()
            yield info.comment
            if not info.flag_bits & 1:
                yield archive.read(info)


def _text(data: bytes) -> str | None:
    """Return a file as text in one of the encodings that offices use, or None where it is no text."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _views(text: str) -> Iterator[str]:
    """Yield the text as readers and programs see it: as written, and with escapes, entities and tags undone."""
    yield text
    plain = text
    for _ in range(_WRAPPINGS):
        plain = html.unescape(_without_escapes(plain))
    yield plain
    if "%" in plain:
        yield unquote(plain, errors="replace")
    if "<" in plain:
        yield _TAG.sub("\n", _INLINE_TAG.sub("", plain))


def _without_escapes(text: str) -> str:
    if "\\" not in text:
        return text
    undone = _ESCAPE.sub(_escaped, text)
    return undone.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # joins halves of pairs


def _escaped(match: re.Match[str]) -> str:
    return chr(int(match[match.lastindex], 16)) if match.lastindex else "\n"


def _numbers_in(text: str, watched: Watch) -> set[str]:
    """Return what numbers stand in a text whose width variants are folded."""
    if any(window in watched.numbers for window in _windows(text)):
        return {"含有名单上的证件号码"}
    if watched.documents and not watched.documents.isdisjoint(_WORD.findall(text.upper())):
        return {"含有名单上的证件号码"}
    if any(_is_resident_number(found) and not _is_credit_code(found) for found in _RESIDENT.findall(text)):
        return {"含有有效的居民身份证号码"}
    return set()


def _windows(text: str) -> Iterator[str]:
    """Yield all that could be a number, wherever it stands, whatever stands between its digits."""
    for run in _DIGITS.finditer(text):
        digits = "".join(c for c in run[0].upper() if c in "0123456789X")
        for length in _NUMBER_LENGTHS:
            for start in range(len(digits) - length + 1):
                yield digits[start : start + length]


def _names_in(text: str, watched: Watch) -> set[str]:
    """Return whether a name stands in a text, other than within a phrase that is public as a whole."""
    folded = _dropped(text)
    for index, name in _occurring(folded, watched.names, watched.lengths):
        places = watched.within.get(name, ())
        if not any(offset <= index and folded.startswith(phrase, index - offset) for phrase, offset in places):
            return {"含有未脱敏的姓名"}
    return set()


def _index(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for name in names:
        lengths.setdefault(name[0], set()).add(len(name))
    return {first: tuple(sorted(group)) for first, group in lengths.items()}


def _occurring(
    text: str, names: frozenset[str] | set[str], lengths: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[int, str]]:
    """Yield where a name stands in folded text, and which; one pass, however many names there are."""
    if not lengths:
        return
    for match in re.finditer(f"[{re.escape(''.join(sorted(lengths)))}]", text):
        start = match.start()
        for length in lengths[match[0]]:
            if (name := text[start : start + length]) in names:
                yield start, name


def _folded(text: str) -> str:
    """Return text as names are matched, its lines kept apart."""
    return _dropped(_one_width(text))


def _one_width(text: str) -> str:
    twins = not PRIVATE_USE_FOLD.keys().isdisjoint(map(ord, set(text)))
    return unicodedata.normalize("NFKC", text.translate(PRIVATE_USE_FOLD) if twins else text)


def _dropped(text: str) -> str:
    kept = "\n".join(text.splitlines())
    for character in _DROPPED.intersection(kept):
        kept = kept.replace(character, "")
    return kept.upper()


def _old_form(number: str) -> str:
    """Return the 15-digit form of an 18-digit number of the last century, which is as telling."""
    return number[:6] + number[8:17] if number[6:8] == "19" else number


def _is_resident_number(text: str) -> bool:
    try:
        parse_resident_number(text)
    except IdentifierError:
        return False
    return True


def _is_credit_code(text: str) -> bool:
    """Return whether eighteen digits are an organisation's public code: those of businesses begin with 9."""
    try:
        return parse_credit_code(text).startswith("9")
    except IdentifierError:
        return False
