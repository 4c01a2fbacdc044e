"""The privacy gate: nothing of lists/ that must stay in the office may stand in what is about to be published.

It knows nothing of how pages are made: it takes the finished files and the people of the lists, and looks for every
number and every unmasked name, in file names and texts. A text is brought to few forms, once: entities and escapes
undone, comments and tags taken away, width variants folded, what canonical names and numbers do not heed dropped,
Han numerals made digits, what stands between digits skipped; then each form is searched in one pass, however many
people there are. Sources: requirements F13, F14, F21, F22; docs/adr/0008-privacy-gate.md says what is found.
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
from itertools import groupby
from urllib.parse import unquote

from generator.core.identifiers import IdentifierError, canonical_number, parse_credit_code, parse_resident_number
from generator.core.model import Person
from generator.core.names import PRIVATE_USE_FOLD, canonical
from generator.errors import LeakError

_SHORTEST_NAME = 2
_SHORTEST_NUMBER = 5
_INLINE = (
    "a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small|span|strong"
    "|sub|sup|time|tspan|tt|u|var|wbr"
)
_GONE = "\ufdd0"
"""Stands for a moment where a tag or a comment was, lest what was before it and after it make a tag together."""
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>{_GONE}]*)?/?>", re.IGNORECASE)
_TAGS = re.compile(rf"(?:<[^<>{_GONE}]*>\s*)+")
_BREAK = re.compile(r"<br(?:\s[^<>]*)?/?>", re.IGNORECASE)
_NOTHING = re.compile(r"<!\[CDATA\[|\]\]>|<!--+>")
"""What readers see nothing of: the marks of CDATA, and comments that end where they begin."""
_COMMENT_END = re.compile("--!?>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,5})\}|[nrt])")
_WRAPPINGS = 3
"""How often escapes may lie within escapes: HTML within a feed, within JSON."""
_APART = "\x00"
"""Stands where neighbours are no neighbours to the reader: between paragraphs, cells, list items."""

# What comes before is asked after the first character, since re looks fast only for a pattern's first character.
_RESIDENT = re.compile(r"[0-9](?<![0-9A-Z].)[0-9]{5}(?:19|20)[0-9]{9}[0-9X](?![0-9A-Z])", re.DOTALL)
_LONG = 15
"""From so many digits on a number tells by itself: it is looked for whatever stands around or between them."""
_FILLER = re.compile(r"[^0-9A-Z](?<![^0-9A-Z].)[^0-9A-Z]{0,7}+(?![^0-9A-Z])", re.DOTALL)
"""What may stand between two characters of a number: 出生 in 990621出生19900101."""
_LONG_RUN = re.compile(rf"[0-9]{{{_LONG},}}")
_MILITARY = re.compile(r"字第?([^A-Z号號]{6,60})[号號]")
_DASH = "[-\u2010\u2012-\u2015\u2212]"
_DATE = re.compile(
    rf"(?<![0-9])(?:19|20)[0-9]{{2}}(?:{_DASH}(?:1[0-2]|0?[1-9])(?:{_DASH}(?:3[01]|[12][0-9]|0?[1-9]))?"
    r"|(?:1[0-2]|0[1-9])(?:3[01]|[12][0-9]|0[1-9]))(?![0-9])"
)
_LETTERS_BEFORE = re.compile(r"(?<![0-9A-Z])[A-Z]{0,12}\Z")
_STARS = "*×✱●○■□•#"
_STARRED = re.compile(rf"[0-9X{_STARS}]{{6,}}")
_HALF_MASKED = re.compile(
    rf"[0-9]{{3}}(?:[{_STARS}]{{3}}|X{{4}})|[0-9]{{10}}[{_STARS}]|[{_STARS}]{{4}}[0-9]{{2}}[0-9X]"
)

_CHARACTERS = tuple(map(chr, (*range(0xD800), *range(0xE000, 0x10000), *range(0xE0000, 0xE0200))))
_CIRCLES = {c: canonical(c) for c in "\u25cb\u25ef\u2b55"}
"""They stand for 〇 in names; NFKC has brought the fourth, U+FFEE, to the first."""
_NOISE = {c: "" for c in _CHARACTERS if unicodedata.category(c) not in ("Lo", "Co", "Cn") and not canonical(c)}
_UNHEEDED = {**_NOISE, **_CIRCLES}
"""What matching does not heed, drawn from canonical names themselves (docs/spec/bundle.md, 3.1)."""
_SPACING = f"[{re.escape(''.join(c for c in _NOISE if not canonical_number(c)))}]"
"""What stands between the groups of a short number: white space, hidden characters, dashes, no dots."""
_NUMERALS = {c: str(int(unicodedata.numeric(c))) for c in _CHARACTERS[128:] if unicodedata.numeric(c, -1) in range(10)}
_NUMERALS |= {"两": "2", "兩": "2", **dict.fromkeys(_CIRCLES, "0")}
"""Digits of every script: 一, 壹, 〇, ٣; and the circles."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look for.

    ``digits`` are numbers of 15 digits and more: the first 17 of resident numbers, and their old form; ``lengths`` how
    long they are. ``words`` are all other numbers: those that ``telling`` matches are looked for wherever they stand,
    those that ``plain`` matches only as words of their own. ``names`` are the folded names, ``initials`` how long they
    are, by first letter; ``broken`` the names that what is public holds over a line end: only looked for within lines.
    ``within`` are the public phrases that hold a name, each with where in it: there, and only there, that name is no
    leak.
    """

    digits: frozenset[str]
    lengths: tuple[int, ...]
    words: frozenset[str]
    telling: tuple[re.Pattern[str], ...]
    plain: tuple[re.Pattern[str], ...]
    names: frozenset[str]
    initials: Mapping[str, tuple[int, ...]]
    broken: frozenset[str]
    within: Mapping[str, tuple[tuple[str, int], ...]]


def watch(
    people: Iterable[Person], allowed_text: str, phrases: Iterable[str] = (), consented: Iterable[str] = ()
) -> Watch:
    """Return what to look for. A name that ``allowed_text`` holds (what content says openly) is no leak.

    ``phrases`` are public as a whole, as 李四粮店 is: a name within one is no leak, the bare name still is.
    ``consented`` are names published in full: no leak themselves, and phrases to the shorter names within them.
    """
    everyone = tuple(people)
    numbers = {canonical_number(person.number) for person in everyone}
    digits = {form for number in numbers for form in _long_forms(number)}
    words = {number for number in numbers if len(number) >= _SHORTEST_NUMBER and not _long_forms(number)}
    telling = {word for word in words if _tells(word)}
    names: set[str] = {own for person in everyone if len(own := canonical(person.name)) >= _SHORTEST_NAME}
    every = _index(names)
    names -= {name for _, name in _occurring(_in_lines(_one_width(allowed_text)), names, every)}
    in_full = tuple(consented)
    names.difference_update(map(canonical, in_full))
    initials = _index(names)
    broken = frozenset(name for _, name in _occurring(canonical(allowed_text), names, initials))
    within: dict[str, set[tuple[str, int]]] = {}
    for written in {form for public in (*phrases, *in_full) for form in (public, html.escape(public))}:
        phrase = canonical(written)
        for offset, name in _occurring(phrase, names, initials):
            if name != phrase:
                within.setdefault(name, set()).add((phrase, offset))
    return Watch(
        digits=frozenset(digits),
        lengths=tuple(sorted(set(map(len, digits)))),
        words=frozenset(words),
        telling=tuple(re.compile(f"{first}(?=({''.join(rest)}))") for first, *rest in _shapes(telling)),
        plain=tuple(map(_plain_pattern, _shapes(words - telling))),
        names=frozenset(names),
        initials=initials,
        broken=broken,
        within={name: tuple(sorted(places)) for name, places in within.items()},
    )


def _long_forms(number: str) -> tuple[str, ...]:
    """Return the digits that give a number away: without its check digit, and of the last century with 15 digits."""
    if not re.fullmatch(rf"[0-9]{{{_LONG},}}X?", number):
        return ()
    if len(number) != 18:
        return (number.removesuffix("X"),)
    return (number[:17], number[:6] + number[8:17]) if number[6:8] == "19" else (number[:17],)


def _tells(word: str) -> bool:
    """Return whether a number with letters is long enough to meet nothing else by chance, as E12345678 is."""
    return re.fullmatch("[0-9A-Z]{8,}", word) is not None and 5 <= sum(map(str.isdecimal, word)) < len(word)


def _shapes(words: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield, for all words that have letters and digits in the same places, what may stand at each place."""

    def shape(word: str) -> str:
        return "".join("0" if c.isdecimal() else "A" for c in word)

    for form, group in groupby(sorted(words, key=lambda word: (shape(word), word)), shape):
        places = zip(form, zip(*group, strict=True), strict=True)
        yield tuple("[0-9]" if c == "0" else f"[{re.escape(''.join(sorted(set(seen))))}]" for c, seen in places)


def _plain_pattern(classes: tuple[str, ...]) -> re.Pattern[str]:
    first, *rest = classes
    before = "0-9" if first == "[0-9]" else "0-9A-Z"
    others = "".join(f"{_SPACING}*+{place}" for place in rest)
    return re.compile(f"{first}(?<![{before}].)(?=({others})(?![0-9A-Z]))", re.DOTALL)


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
        latin = data.upper().decode("latin-1")
        return _numbers_in(latin, latin, watched)
    found: set[str] = set()
    for view in set(_views(text)):
        plain = _one_width(view)
        folded = _folded(plain)
        found |= _names_in(plain, folded, watched) | _numbers_in(plain, folded, watched)
        if not _NUMERALS.keys().isdisjoint(set(folded)):
            found |= _numbers_in(_replaced(plain, _NUMERALS), _replaced(folded, _NUMERALS), watched)
        if any(_HALF_MASKED.search(run) for run in _STARRED.findall(plain)):
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
        yield _without_tags(plain)
    if "<!" in plain:
        yield _without_tags(_without_comments(plain))


def _without_tags(text: str) -> str:
    inline = _INLINE_TAG.sub(_GONE, _BREAK.sub(f"\n{_GONE}", text))
    return _TAGS.sub(_APART, inline).replace(_GONE, "")


def _without_comments(text: str) -> str:
    """Return text without ``<!-- … -->``; what follows one that is never closed is kept. One pass, as browsers read."""
    kept, *rest = _NOTHING.sub(_GONE, text).split("<!--")
    parts = [kept]
    unclosed: list[str] = []
    for part in rest:
        inside, *after = _COMMENT_END.split(part, maxsplit=1)
        parts += after
        if after:
            unclosed.clear()
        else:
            unclosed.append(inside)
    return _GONE.join((*parts, *unclosed))


def _without_escapes(text: str) -> str:
    if "\\" not in text:
        return text
    undone = _ESCAPE.sub(_escaped, text)
    return undone.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # joins halves of pairs


def _escaped(match: re.Match[str]) -> str:
    return chr(int(match[match.lastindex], 16)) if match.lastindex else "\n"


def _numbers_in(text: str, folded: str, watched: Watch) -> set[str]:
    """Return what numbers stand in a text of one width, and in the same text without what is dropped."""
    joined = _FILLER.sub("", folded)
    if (
        any(not watched.digits.isdisjoint(_windows(run, watched.lengths)) for run in _LONG_RUN.findall(joined))
        or any(m[0] + m[1] in watched.words for pattern in watched.telling for m in pattern.finditer(joined))
        or (watched.plain and (_has_plain(text, watched) or _has_military(folded, watched)))
    ):
        return {"含有名单上的证件号码"}
    if any(_is_resident_number(run) and not _is_credit_code(run) for run in _RESIDENT.findall(text)):
        return {"含有有效的居民身份证号码"}
    return set()


def _windows(digits: str, lengths: Iterable[int]) -> Iterator[str]:
    """Yield every part of a run of digits that is as long as a number."""
    for length in lengths:
        for start in range(len(digits) - length + 1):
            yield digits[start : start + length]


def _has_plain(text: str, watched: Watch) -> bool:
    """Return whether a short number stands in a text as a word of its own, and is no date."""
    return _is_plain_word(text, watched) and _is_plain_word(_DATE.sub(_APART, text), watched)


def _is_plain_word(text: str, watched: Watch) -> bool:
    return any(
        canonical_number(match[0] + match[1]) in watched.words
        and _LETTERS_BEFORE.search(text, max(0, match.start() - 13), match.start())
        for pattern in watched.plain
        for match in pattern.finditer(text)
    )


def _has_military(folded: str, watched: Watch) -> bool:
    """Return whether a military number stands where one is expected, whatever is between its digits."""
    return any("".join(re.findall("[0-9]", words)) in watched.words for words in _MILITARY.findall(folded))


def _names_in(text: str, folded: str, watched: Watch) -> set[str]:
    """Return whether a name stands in a text, other than within a phrase that is public as a whole."""
    bare = set(_bare_names(folded, watched))
    if bare <= watched.broken:
        bare = bare and set(_bare_names(_in_lines(text), watched))
    return {"含有未脱敏的姓名"} if bare else set()


def _bare_names(folded: str, watched: Watch) -> Iterator[str]:
    for index, name in _occurring(folded, watched.names, watched.initials):
        places = watched.within.get(name, ())
        if not any(offset <= index and folded.startswith(phrase, index - offset) for phrase, offset in places):
            yield name


def _index(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for name in names:
        lengths.setdefault(name[0], set()).add(len(name))
    return {first: tuple(sorted(group)) for first, group in lengths.items()}


def _occurring(
    text: str, names: frozenset[str] | set[str], initials: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[int, str]]:
    """Yield where a name stands in folded text, and which; one pass, however many names there are."""
    if not initials:
        return
    for match in re.finditer(f"[{re.escape(''.join(sorted(initials)))}]", text):
        start = match.start()
        for length in initials[match[0]]:
            if (name := text[start : start + length]) in names:
                yield start, name


def _one_width(text: str) -> str:
    """Return text in capitals and one width; nothing is dropped yet."""
    twins = not PRIVATE_USE_FOLD.keys().isdisjoint(map(ord, set(text)))
    return unicodedata.normalize("NFKC", text.translate(PRIVATE_USE_FOLD) if twins else text).upper()


def _folded(text: str) -> str:
    """Return text of one width as ``canonical`` would."""
    return unicodedata.normalize("NFKC", _replaced(text, _UNHEEDED))


def _in_lines(text: str) -> str:
    """Return text of one width as ``canonical`` would, its lines kept apart."""
    return _APART.join(map(_folded, text.splitlines()))


def _replaced(text: str, table: Mapping[str, str]) -> str:
    for character in table.keys() & set(text):
        text = text.replace(character, table[character])
    return text


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
