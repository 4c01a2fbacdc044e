"""Markdown to HTML for Chinese pages: CommonMark and tables, no raw HTML, links to pages of this site by name.

Three things are changed for Chinese. Emphasis beside full-width punctuation works (CommonMark's flanking rule leaves
the asterisks of ``**通知：**各单位``); a line break between Han characters leaves no space; headings get readable ids.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline.state_inline import Delimiter, StateInline
from markdown_it.token import Token
from markupsafe import Markup

from generator.errors import Faults, Place

EXTERNAL = "（外部链接）"
OUTSIDE = ("http://", "https://")
_ELSEWHERE = ("mailto:", "tel:", "#")


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be rendered: where it was read, what its ids start with, the level of its highest heading."""

    source: str
    place: Place
    prefix: str = ""
    level: int = 2


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a rendered text, for tables of contents."""

    level: int
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The HTML of a text and its headings."""

    html: Markup
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """The names under which texts may link to pages, and how a page's URL is written on the page at hand."""

    targets: Mapping[str, str]
    href: Callable[[str], str]


def render_markdown(text: Text, links: Links, faults: Faults) -> Rendered:
    """Return the HTML of a text; links to names nobody knows and images are faults."""
    tokens = _MARKDOWN.parse(text.source)
    headings = _number_headings(tokens, text)
    _label_tables(tokens)
    for token in tokens:
        if token.type == "inline":
            place = _place(text, token)
            token.children = list(_linked(token.children or [], place, links, faults))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Rendered(Markup(html), headings)  # noqa: S704 - made by the renderer, which escapes and lets no HTML through


def _place(text: Text, token: Token) -> Place:
    line = token.map[0] + 1 if token.map else 0
    return replace(text.place, field=f"正文第{line}行") if line else text.place


# -- links -----------------------------------------------------------------------------------------------------


def _linked(children: Iterable[Token], place: Place, links: Links, faults: Faults) -> Iterable[Token]:
    """Yield the tokens of a line with every link resolved; outside links open safely and say what they are."""
    outside = False
    for token in children:
        if token.type == "image":
            faults.add(place, "正文里暂时不能放图片", "删去图片，改用文字说明")
        elif token.type == "link_open":
            outside = _resolve(token, place, links, faults)
        elif token.type == "link_close" and outside:
            yield Token("text", "", 0, content=EXTERNAL)
        yield token


def _resolve(token: Token, place: Place, links: Links, faults: Faults) -> bool:
    """Set where a link leads; return whether that is outside this site."""
    href = unquote(str(token.attrGet("href") or ""))
    if href.startswith(OUTSIDE):
        token.attrSet("rel", "noopener noreferrer")
        token.attrSet("class", "external")
        return True
    if href.startswith(_ELSEWHERE):
        return False
    name, mark, fragment = href.partition("#")
    if name in links.targets:
        token.attrSet("href", links.href(links.targets[name] + mark + fragment))
    else:
        close = difflib.get_close_matches(name, links.targets, n=1)
        advice = f"是不是想写 {close[0]}" if close else "站内链接写成 policy:编号、scenario:编号、page:编号 或 measures"
        faults.add(place, f"链接指向不存在的页面 {href}", advice)
    return False


# -- headings and tables ---------------------------------------------------------------------------------------


def _number_headings(tokens: Sequence[Token], text: Text) -> tuple[Heading, ...]:
    """Move the headings to the text's level, give them ids that are not used twice, and return them."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    shift = text.level - min(levels, default=text.level)
    used: dict[str, int] = {}
    found = []
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        title = _plain(inline)
        slug = text.prefix + (re.sub(r"\W+", "-", title).strip("-") or "section")
        used[slug] = used.get(slug, 0) + 1
        id_ = slug if used[slug] == 1 else f"{slug}-{used[slug]}"
        level = min(int(opening.tag[1]) + shift, 6)
        opening.tag = closing.tag = f"h{level}"
        opening.attrSet("id", id_)
        found.append(Heading(level, id_, title))
    return tuple(found)


def _plain(inline: Token) -> str:
    return "".join(token.content for token in inline.children or [] if token.type in {"text", "code_inline"})


def _label_tables(tokens: Sequence[Token]) -> None:
    """Give header cells their scope and each cell its column's name, which phones show beside it."""
    header: list[str] = []
    column = 0
    for token, inline in itertools.pairwise(tokens):
        match token.type:
            case "table_open":
                header = []
                token.attrSet("class", "stack")
            case "tr_open":
                column = 0
            case "th_open":
                header.append(_plain(inline))
                token.attrSet("scope", "col")
            case "td_open":
                token.attrSet("data-label", header[column])
                column += 1


# -- Chinese ---------------------------------------------------------------------------------------------------


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _is_punctuation(character: str) -> bool:
    """Return whether a character counts as punctuation; that of Chinese counts as a letter does."""
    return unicodedata.category(character)[0] in "PS" and not _is_wide(character) and character not in "“”‘’—…·"


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Scan a run of ``*`` or ``_`` with the flanking rule amended for Chinese."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    can_open, can_close = scanned.can_open, scanned.can_close
    before = state.src[state.pos - 1 : state.pos] or " "
    after = state.src[state.pos + scanned.length : state.pos + scanned.length + 1] or " "
    if marker == "*" and (_is_chinese(before) or _is_chinese(after)):
        can_open = not after.isspace() and (not _is_punctuation(after) or _ends_a_word(before))
        can_close = not before.isspace() and (not _is_punctuation(before) or _ends_a_word(after))
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, -1, open=can_open, close=can_close)
        )
    state.pos += scanned.length
    return True


def _is_chinese(character: str) -> bool:
    return _is_wide(character) or character in "“”‘’—…·"


def _ends_a_word(character: str) -> bool:
    return character.isspace() or _is_punctuation(character) or _is_chinese(character)


def _softbreak(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    """Return what stands for a line break in the source: nothing between Chinese characters."""
    before = tokens[index - 1].content[-1:] if index else ""
    after = tokens[index + 1].content[:1] if index + 1 < len(tokens) else ""
    return "" if before and after and _is_chinese(before) and _is_chinese(after) else "\n"


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.inline.ruler.at("emphasis", _emphasis)
    markdown.add_render_rule("softbreak", _softbreak)
    return markdown


_MARKDOWN = _markdown()
