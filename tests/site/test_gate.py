"""The privacy gate: every way in which a number or a name could slip through, and what must not be taken for one."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise, product
from random import Random
from time import perf_counter
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.bundle import archive
from generator.core.identifiers import Number, credit_code_check_digit, id_check_digit
from generator.core.model import Person
from generator.core.names import canonical, mask
from generator.errors import LeakError
from generator.site import gate
from generator.site.gate import Watch

LISTED, OLD_FORM, WITH_X = "990621199001011233", "990621900101123", "99062119770707101X"
UNLISTED = "99062119800101001" + id_check_digit("99062119800101001")
PASSPORT, SOLDIER, PERMIT = "E12345678", "0123456", "H12345678"
SHORT_PASSPORT, GREEN_CARD = "AB123", "FRA990119900101"
PEOPLE = [
    Person("张小三", Number(LISTED)),
    Person("李四", Number(WITH_X)),
    Person("阿卜杜拉·买买提", Number("990621198505050071")),
    Person("𠮷田明", Number(PASSPORT)),
    Person("王文明", Number(SOLDIER)),
    Person("郑样板", Number(PERMIT)),
    Person("Seán O’Brien", Number(SHORT_PASSPORT)),
    Person("吴〇", Number(GREEN_CARD)),
]
CONTENT = "文明单位的评选办法。\n联系人：欧阳娜娜"
WATCHED = gate.watch(PEOPLE, CONTENT)
LIST_NUMBER, ANY_NUMBER = "含有名单上的证件号码", "含有有效的居民身份证号码"
HALF, NAME = "含有只遮了一部分的号码", "含有未脱敏的姓名"


def found(text: str | bytes, watched: Watch = WATCHED) -> set[str]:
    return gate.find(text.encode() if isinstance(text, str) else text, watched)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def json_escaped(text: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H"))


def zipped(name: str, data: bytes = b"", comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr(name, data)
        target.comment = comment
    return out.getvalue()


def han(number: str, digits: str) -> str:
    return "".join(digits[int(c)] if c.isdecimal() else c for c in number)


NUMBER_FORMS = {
    "as written": LISTED,
    "within a sentence": f"证号{LISTED}，请核对",
    "with X": WITH_X,
    "with x": WITH_X.lower(),
    "full width": wide(LISTED),
    "full width x": wide(WITH_X.lower()),
    "old form": f"<td>{OLD_FORM}</td>",
    "with spaces": "990621 19900101 1233",
    "each digit apart": " ".join(LISTED),
    "with hyphens": "990621-19900101-1233",
    "with dashes": "990621–19900101—1233",
    "with no-break spaces": "990621\u00a019900101\u00a01233",
    "with zero-width spaces": "990621\u200b19900101\u200b1233",
    "with soft hyphens": "990621&shy;19900101&shy;1233",
    "with dots": "990621.19900101.1233",
    "with commas, as columns": "990621,19900101,1233",
    "over two lines": "990621199\n001011233",
    "in cells": "<td>990621</td>\n<td>19900101</td>\n<td>1233</td>",
    "x apart": "99062119770707101 x",
    "after letters": f"ID{LISTED}",
    "before letters": f"{LISTED}张",
    "after a JSON line end": json.dumps({"text": f"证号\n{LISTED}"}),
    "within a longer run of digits": f"20261120{LISTED}001",
    "JSON escapes": json_escaped(LISTED),
    "JavaScript escapes": "".join(f"\\x{ord(c):02x}" for c in LISTED),
    "entities": "".join(f"&#{ord(c)};" for c in LISTED),
    "hexadecimal entities": "".join(f"&#x{ord(c):X};" for c in LISTED),
    "entities within entities": "".join(f"&amp;#{ord(c)};" for c in LISTED),
    "percent-encoded": "".join(f"%{ord(c):02X}" for c in LISTED),
    "after a percent escape": f"?q=%20{LISTED}",
    "in an attribute": f'<p data-id="{LISTED}">张*三</p>',
    "in a comment": f"<!-- {LISTED} -->",
    "in a script": f"<script>var id = '{LISTED}';</script>",
    "split by tags": "<b>990621</b><i>19900101</i>1233",
    "passport": f"护照 {PASSPORT}",
    "passport, lower case": PASSPORT.lower(),
    "without its check digit": LISTED[:17],
    "without its check digit, in words": f"前17位{LISTED[:17]}，末位不写",
    "without its X": f"{WITH_X[:17]}×",
    "Chinese numerals": han(LISTED, "〇一二三四五六七八九"),
    "Chinese numerals with 零": han(LISTED, "零一二三四五六七八九"),
    "Chinese numerals with a circle": han(LISTED, "○一二三四五六七八九"),
    "Chinese numerals of accountants": han(LISTED, "零壹贰叁肆伍陆柒捌玖"),
    "Chinese numerals, traditional": han(LISTED, "零壹貳參肆伍陸柒捌玖"),
    "Chinese numerals, X": han(WITH_X, "〇一二三四五六七八九"),
    "Chinese numerals, apart": "、".join(han(LISTED, "〇一二三四五六七八九")),
    "Chinese numerals, old form": han(OLD_FORM, "〇一二三四五六七八九"),
    "half in Chinese numerals": LISTED[:9] + han(LISTED[9:], "〇一二三四五六七八九"),
    "Arabic digits": han(LISTED, "٠١٢٣٤٥٦٧٨٩"),
    "digits in circles": han(LISTED, "⓪①②③④⑤⑥⑦⑧⑨"),
    "mathematical digits": han(LISTED, "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
    "with Han between": "区划990621，出生于19900101，顺序1233",
    "with a Chinese date": "990621，1990年01月01日，1233",
    "with Han between each two": "号".join(LISTED),
    "with numerals between": "一990621二19900101三1233",
    "split by a line end and indented": f"{LISTED[:6]}\n{' ' * 40}{LISTED[6:]}",
    "split by a comment": f"{LISTED[:6]}<!-- -->{LISTED[6:]}",
    "split by a comment with digits": f"{LISTED[:6]}<!-- 12 34 -->{LISTED[6:]}",
    "split by the shortest comment": f"{LISTED[:6]}<!-->{LISTED[6:]} <!-- -->",
    "split by a comment that ends as in old pages": f"{LISTED[:6]}<!-- 1 --!>{LISTED[6:]}",
    "after a comment that never ends": f"<!-- {LISTED[:6]}<b></b>{LISTED[6:]}",
    "split by CDATA": f"{LISTED[:6]}<![CDATA[{LISTED[6:]}]]>",
    "split by paragraphs": "</p>\n<p>".join((LISTED[:6], LISTED[6:14], LISTED[14:])),
    "split by line breaks": "<br/>".join(LISTED),
    "split by soft hyphens": "\u00ad".join(LISTED),
    "split by entities": f"{LISTED[:6]}&nbsp;{LISTED[6:14]}&#8203;{LISTED[14:]}",
    "passport in groups": "E 1234 5678",
    "passport with a hyphen": "E-12345678",
    "passport after No": "NoE12345678",
    "passport after №": "№E12345678",
    "passport, full width": wide(PASSPORT),
    "passport within letters": f"passport{PASSPORT}end",
    "passport in Chinese numerals": f"护照E{han(PASSPORT[1:], '〇一二三四五六七八九')}",
    "passport with Han between": "E字1234的5678",
    "passport split by tags": "<b>E</b>1234<i>5678</i>",
    "passport split by a comment": "E<!-- x -->12345678",
    "passport split by a line end": "E1234\n5678",
    "permit": PERMIT,
    "permit as printed": f"{PERMIT}01",
    "permit with the renewal in brackets": f"{PERMIT}(01)",
    "permit in groups": "h 1234 5678 01",
    "permit in Chinese numerals": "H一二三四五六七八〇一",
    "soldier's number": SOLDIER,
    "soldier's number in its words": f"军字第{SOLDIER}号",
    "soldier's number in its words and groups": "军字第 0123 456 号",
    "soldier's number without its words": f"编号{SOLDIER}",
    "soldier's number after No": f"No{SOLDIER}",
    "soldier's number, each digit apart": " ".join(SOLDIER),
    "soldier's number, no-break spaces": "0123\u00a0456",
    "soldier's number, hyphens": "012-3456",
    "soldier's number, beside other groups": "7 0123 456 7",
    "soldier's number in Chinese numerals": "军字第〇一二三四五六号",
    "soldier's number in full width": wide(SOLDIER),
    "soldier's number with Han between": "军字第0123后456号",
    "soldier's number split by tags": "0123<b>456</b>",
    "soldier's number split by a comment": "0123<!-- -->456",
    "soldier's number split by a line end": "0123\n  456",
    "soldier's number split by a break": "0123<br>456",
    "soldier's number split by soft hyphens": "0123&shy;456",
    "short passport": SHORT_PASSPORT.lower(),
    "short passport in groups": "AB 123",
    "permanent resident": GREEN_CARD,
    "permanent resident, in groups": "FRA 9901 1990-01-01",
}


RESIDENTS = st.builds(
    lambda area, day, serial: f"{area}{day:%Y%m%d}{serial:03}",
    st.integers(100000, 999999),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
).map(lambda first: first + id_check_digit(first))
LONG_NUMBERS = st.one_of(
    RESIDENTS, *map(st.from_regex, (r"\A[EG][0-9]{8}\Z", r"\A[HM][0-9]{8}\Z", r"\A[A-Z]{3}[0-9]{12}\Z"))
)
SHORT_NUMBERS = st.from_regex(r"\A[03-9][0-9]{5,7}\Z")
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "full width": wide,
    "old form or renewed": lambda n: (
        n[:6] + n[8:17] if n[6:8] == "19" and len(n) == 18 else f"{n}02"[: len(n) + 2 * (n[0] in "HM")]
    ),
    "without its check digit": lambda n: n[:17],
    "spaces": " ".join,
    "hyphens": lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    "dashes": "—".join,
    "soft hyphens": "&shy;".join,
    "zero-width spaces": "\u200b".join,
    "line ends": "\n    ".join,
    "comments": "<!-- -->".join,
    "inline tags": lambda n: "".join(f"<b>{c}</b>" for c in n),
    "line breaks": "<br>".join,
    "paragraphs": "</p>\n<p>".join,
    "Han between": "字".join,
    "Han numerals": lambda n: han(n, "〇一二三四五六七八九"),
    "accountants' numerals": lambda n: han(n, "零壹贰叁肆伍陆柒捌玖"),
    "numerals apart": lambda n: "，".join(han(n, "〇一二三四五六七八九")),
    "mixed numerals": lambda n: n[:4] + han(n[4:], "零一二三四五六七八九"),
    "entities": lambda n: "".join(f"&#{ord(c)};" for c in n),
    "JSON": json_escaped,
    "percent": lambda n: "".join(f"%{ord(c):02x}" for c in n),
}
NOT_FOR_SHORT = {"Han between", "numerals apart", "paragraphs"}
SHOWN = "<h1>公示</h1><p>电话 0431-12345678，自2026年11月16日起。</p><table><tr><td>张*桂</td><td>的</td></tr></table>"
PAGE = (
    f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><!-- 模板 base 2 -->{SHOWN}\n'
    '<a href="/notices/2026-01/?q=%E5%BC%A0&amp;p=2" title="第1版 &copy; 2026">v1.2.3</a>&nbsp;￥1,234.50\n'
    f"<code>{hashlib.sha256(b'page').hexdigest()}</code> 91350100M000100Y43 KR6QKPKAR6\n"
    '<script>var page = {"day": "2026-11-20", "text": "\\u5f20\\n*\\u4e09"};</script></html>'
)

ESCAPED = {at for found in re.finditer(r"\\(?:u.{4}|n)", PAGE) for at in range(found.start() + 1, found.end())}
PLACES = [at for at in range(len(PAGE) + 1) if at not in ESCAPED]
"""Anywhere, also within tags, comments and entities, but not within an escape, which would take digits as its own."""


class TestNumbers:
    """No number of the lists, in whatever clothes."""

    @pytest.mark.parametrize("text", NUMBER_FORMS.values(), ids=NUMBER_FORMS)
    def test_a_listed_number(self, text: str) -> None:
        assert LIST_NUMBER in found(text)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
    def test_in_the_encodings_of_offices(self, encoding: str) -> None:
        assert LIST_NUMBER in found(f"姓名，{LISTED}".encode(encoding))

    def test_in_a_file_that_is_no_text(self) -> None:
        assert found(b"\x89PNG\r\n\x1a\n\xff\x00" + LISTED.encode() + b"\xff\xfe\x80") == {LIST_NUMBER}

    @pytest.mark.parametrize("text", [UNLISTED, wide(UNLISTED), f'"{UNLISTED}"', json.dumps(f"\n{UNLISTED}")])
    def test_a_valid_number_of_anybody(self, text: str) -> None:
        assert found(text) == {ANY_NUMBER}

    @pytest.mark.parametrize(
        "text",
        [
            "990621********1233",
            "9906211990010112**",
            "990621XXXXXXXX1233",
            "990***********1233",
            "9906211990●●●●●●●●",
            "990621＊＊＊＊＊＊＊＊1233",
            "**************1233",
            "138****5678",
            "**********123X",
        ],
    )
    def test_half_masked(self, text: str) -> None:
        """No digit of a number is ever shown, so stars between digits are a leak too."""
        assert HALF in found(f"<td>{text}</td>")

    @given(st.data())
    def test_any_listed_number_anywhere_in_any_spelling(self, data: st.DataObject) -> None:
        number = data.draw(LONG_NUMBERS)
        spelled = data.draw(st.sampled_from(sorted(SPELLINGS)))
        at = data.draw(st.sampled_from(PLACES))
        text = PAGE[:at] + SPELLINGS[spelled](number) + PAGE[at:]
        assert LIST_NUMBER in found(text, gate.watch([Person("王小二", Number(number))], ""))

    @given(st.data())
    def test_any_short_number_as_a_word_of_its_own(self, data: st.DataObject) -> None:
        number = data.draw(SHORT_NUMBERS)
        spelled = data.draw(st.sampled_from(sorted(SPELLINGS.keys() - NOT_FOR_SHORT)))
        at = data.draw(st.sampled_from([place.start() for place in re.finditer("(?<![0-9])(?=[，。的<])", SHOWN)]))
        text = SHOWN[:at] + SPELLINGS[spelled](number) + SHOWN[at:]
        assert LIST_NUMBER in found(text, gate.watch([Person("王小二", Number(number))], ""))

    def test_the_page_itself_is_clean(self) -> None:
        assert found(PAGE) == found(SHOWN) == set()

    @given(st.integers(0, 99999), st.text(st.sampled_from(" -,.\u00a0\u3000\u200b\n"), max_size=3))
    def test_any_listed_number_in_any_groups(self, serial: int, between: str) -> None:
        first = f"99062119{serial % 90 + 10}{serial % 12 + 1:02}{serial % 28 + 1:02}{serial % 1000:03}"
        number = first + id_check_digit(first)
        watched = gate.watch([Person("王小二", Number(number))], "")
        text = between.join((number[:6], number[6:14], number[14:]))
        assert LIST_NUMBER in found(f"x {text} y", watched)


NAME_FORMS = {
    "plain": "<td>张小三</td>",
    "two characters": "<li>李四</li>",
    "within a sentence": "授予张小三同志",
    "split by inline tags": "张<b>小</b><span class='x'>三</span>",
    "with a word break": "张小<wbr>三",
    "with ruby": "<ruby>张<rt></rt>小<rt></rt>三</ruby>",
    "with an ideographic space": "李　四",
    "with spaces": "张 小 三",
    "with a zero-width space": "张\u200b小三",
    "with a byte order mark inside": "张\ufeff小三",
    "with a variation selector": "张\ufe00小\U000e0100三",
    "name dot": "阿卜杜拉·买买提",
    "another name dot": "阿卜杜拉・买买提",
    "a dot as entity": "阿卜杜拉&middot;买买提",
    "no dot": "阿卜杜拉买买提",
    "entities": "&#24352;&#23567;&#x4e09;",
    "entities within entities": "&amp;#24352;&amp;#23567;&amp;#19977;",
    "tags within entities": "&lt;b&gt;张&lt;/b&gt;小三",
    "JSON escapes": json_escaped("张小三"),
    "JSON escapes of a pair": json_escaped("𠮷田明"),
    "after a JSON line end": '{"a": "\\n李四"}',
    "JavaScript escapes": r"\u{20bb7}\u{7530}\u{660e}",
    "percent-encoded": quote("张小三"),
    "in an attribute": '<a title="张小三" href="#">张*三</a>',
    "in a comment": "<!-- 李四 -->",
    "compatibility forms": "⼩张⼩三",
    "beside its mask": "张*三（张小三）",
    "split by a line end": "张\n小三",
    "split by a line end, indented": "<p>授予张小\r\n      三</p>",
    "split by a line break": "张小<br>三",
    "split by a comment": "张<!-- -->小三",
    "split by a comment with a tag": "张<!-- <b>x</b> -->小三",
    "split by the shortest comment": "张<!-->小三",
    "split by CDATA": "张<![CDATA[小三]]>",
    "split by a soft hyphen": "张&shy;小三",
    "split by a dash": "张—小三",
    "another apostrophe": "SEÁN O'Brien",
    "no apostrophe, accent apart": "Sea\u0301n OBrien",
    "a circle": "吴○",
    "a full-width circle": "吴￮",
    "full-width letters": "Ｓｅáｎ Ｏ＇Ｂｒｉｅｎ",
}


class TestNames:
    """No unmasked name that content does not say itself."""

    @pytest.mark.parametrize("text", NAME_FORMS.values(), ids=NAME_FORMS)
    def test_a_name(self, text: str) -> None:
        assert found(text) == {NAME}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
    def test_in_the_encodings_of_offices(self, encoding: str) -> None:
        assert found("序号,姓名\n1,张小三\n".encode(encoding)) == {NAME}

    @given(st.text(st.sampled_from("甲乙丙丁戊己庚辛𠮷㐀·ａB"), min_size=2, max_size=6))
    def test_any_name_as_written_by_anybody(self, name: str) -> None:
        watched = gate.watch([Person(name, Number(LISTED))], "")
        if len(name.replace("·", "")) < 2:
            return
        for text in (name, name.lower(), html.escape(name), json.dumps(name), quote(name), "　".join(name)):
            assert found(f"<p>{text}</p>", watched) == {NAME}

    @given(
        st.text(
            st.sampled_from("甲乙\u4e00丙○￮〇·.'’-—\u00ad\u200b\ufe00 \n　ａbß\u0301eŉＡ\ue816\uf900ﬁ"), max_size=20
        )
    )
    def test_folded_as_canonical_names_are(self, text: str) -> None:
        """The gate has a faster way to the form of spec 3.1; it must be that form."""
        assert gate._folded(gate._one_width(text)) == canonical(text)


class TestAllowed:
    """What content says openly is no leak; what only contains a name still is where the name stands alone."""

    def test_content_may_name_people(self) -> None:
        watched = gate.watch([*PEOPLE, Person("欧阳娜娜", Number(UNLISTED))], CONTENT)
        assert found("<p>联系人：欧阳娜娜</p>", watched) == set()

    def test_a_name_that_is_a_word_of_content(self) -> None:
        watched = gate.watch([Person("文明", Number(UNLISTED))], CONTENT)
        assert found("文明单位", watched) == set()

    def test_allowed_across_spaces_and_dots_but_not_across_lines(self) -> None:
        people = [Person("欧阳娜娜", Number(UNLISTED))]
        assert gate.watch(people, "欧阳 娜·娜").names == frozenset()
        assert gate.watch(people, "欧阳\n娜娜").names == {"欧阳娜娜"}

    def test_content_that_breaks_a_line_within_what_reads_as_a_name(self) -> None:
        """Content of 欧阳⏎娜娜 names nobody, and the page made of it must not alarm; the name in one line does."""
        watched = gate.watch([Person("欧阳娜娜", Number(UNLISTED))], "欧阳\n娜娜")
        assert found("<p>欧阳\n娜娜</p>", watched) == set()
        assert found("<p>欧阳 娜娜</p>", watched) == {NAME}

    def test_a_number_is_never_allowed(self) -> None:
        assert LIST_NUMBER in found(LISTED, gate.watch(PEOPLE, f"举例：{LISTED}"))

    def test_a_name_within_a_public_phrase(self) -> None:
        """李四粮店 is public; that does not make 李四 so."""
        watched = gate.watch(PEOPLE, "", ["示例县李四粮店", "李四"])
        assert found("<td>示例县李四粮店</td>", watched) == set()
        assert found('{"name": "示例县 李四·粮店"}', watched) == set()
        assert found("<td>李四</td>", watched) == {NAME}
        assert found("<td>示例县李四粮店</td><td>李四</td>", watched) == {NAME}
        assert found("示例县李四粮", watched) == {NAME}

    def test_a_public_phrase_as_pages_escape_it(self) -> None:
        phrase = "李四&张小三'粮店'"
        assert found(html.escape(phrase), gate.watch(PEOPLE, "", [phrase])) == set()

    def test_one_letter_is_no_name(self) -> None:
        assert gate.watch([Person("王", Number(LISTED)), Person("·", Number(LISTED))], "").names == frozenset()

    def test_nobody_to_watch(self) -> None:
        assert found("张小三 E12345678", gate.watch([], "")) == set()


class TestNoLeak:
    """A gate that cries wolf gets opened for good."""

    @pytest.mark.parametrize(
        "text",
        [
            "张*三 李* 阿**提",
            "<td>张</td><td>小三</td>",
            "王明",
            "电话 0431-12345678，13800138000",
            "公示期 2026-11-16 至 2026-11-25；20261120",
            "91350100M000100Y43 91320100748204660Q 914403001922038216",
            "KR6QKPKAR6 SNN9T1SHPE",
            "990621190013321234",
            "2027-01-14T00:00:00Z 1763596800000 3.14159265358979",
            "1024**2 * 86400000*7 #123456 ## 2026 ×3",
            "&#20010;&#9675; https://x.example/a?b=%E5%BC%A0*",
            "/***** 2026 *****/ x = 10**15",
            "<p>张</p>\n<p>小三</p> <li>李</li><li>四</li> <td>张</td>\n  <td>小三</td>",
            "<td>0123</td><td>456</td>",
            "E1234567 H1234567 AB1234 XAB123 AB12 3456",
            "¥0,123,456 和 00123456 和 01234567 和 a0123456f",
        ],
    )
    def test_this_is_none(self, text: str) -> None:
        assert found(text) == set()

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            ("20261120", "2026-11-20 2026—11—20 20261120 2026-11-20T00:00:00Z notices/2026-11-20/ 20261120080000"),
            ("202611", "2026-11 2026-11-20 2026年11月"),
            ("20261121", "2026年11月21日，二〇二六年十一月二十一日"),
            ("16202611", "2026-11-16 2026-11-25"),
            ("1120261", "2026-11-20，2026-11-25，2026-1-1"),
            ("800138", "138001380000 13800138000"),
            ("1234567", "0431-12345678 12345678 12:34:56.7 1/2/3/4/5/6/7 1、2、3、4、5、6、7"),
            ("123456", "v1.2.3.4.5.6 #123456a ￥1,234.56 1234.56元"),
            ("748204", "91320100748204660Q"),
            ("4567890", "KR4567890Q KR6QKPKAR6"),
            ("AB123", "CAB123 #FFAB123 AB1234 AB12 34"),
        ],
    )
    def test_what_could_be_a_short_number(self, number: str, text: str) -> None:
        """Numbers of few digits are met by chance, so they count only as words of their own that are no dates."""
        assert found(text, gate.watch([Person("王文明", Number(number))], "")) == set()

    def test_a_soldiers_number_that_could_be_a_date(self) -> None:
        watched = gate.watch([Person("王文明", Number("20261120"))], "")
        assert found("军字第20261120号", watched) == {LIST_NUMBER}

    def test_a_county_and_every_kind_of_digits(self) -> None:
        """Thousands of listed numbers of every kind, and thousands of dates, phones, codes, digests and the like."""
        dice = Random(20261120)  # noqa: S311 - a fixed seed is the point
        days = [date(1990, 1, 1) + timedelta(days=n) for n in range(0, 14000, 7)]
        residents = [f"{dice.choice((990621, 220621))}{day:%Y%m%d}{dice.randrange(1000):03}" for day in days]
        numbers = [
            *(first + id_check_digit(first) for first in residents),
            *(f"{dice.choice('EGHM')}{dice.randrange(10**8):08}" for _ in range(1000)),
            *(f"{dice.randrange(10**7):07}" for _ in range(100)),
        ]
        watched = gate.watch([Person("王小二", Number(number)) for number in numbers], "")
        stem = [f"9{dice.randrange(10)}{dice.randrange(10**15):015}" for _ in range(2000)]
        groups = {
            "dates": [f"{day} {day:%Y%m%d} {day:%Y年%m月%d日} {day:%Y.%m.%d} {day:%Y/%m/%d}" for day in days],
            "ranges of days": [f"{a} 至 {b}；{a} {b}" for a, b in pairwise(map(str, days))],
            "instants": [f"{day}T08:00:00Z {day:%Y%m%d}T080000 {day:%s}" for day in days],
            "phones": [f"0431-{dice.randrange(10**8):08} 1{dice.randrange(10**10):010}" for _ in range(1000)],
            "credit codes": [first + credit_code_check_digit(first) for first in stem],
            "digests": [hashlib.sha256(str(n).encode()).hexdigest() for n in range(5000)],
            "references": ["".join(dice.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=10)) for _ in range(5000)],
            "versions": [f"v{a}.{b}.{c}" for a, b, c in product(range(30), repeat=3)],
            "prices": [f"{n // 100}.{n % 100:02}元 ￥{n:,} {n / 7}" for n in range(1000, 900000, 997)],
        }
        for what, texts in groups.items():
            for between in ("\n", "，", "</td>\n<td>"):
                assert found(between.join(texts), watched) == set(), what

    def test_masks_of_everybody(self) -> None:
        assert found(" ".join(mask(person.name) for person in PEOPLE)) == set()

    def test_a_valid_number_that_is_an_organisations_code(self) -> None:
        """A code may be a number with a birth date in it; it begins with 9, where no area begins."""
        both = [
            number
            for serial in range(4000)
            for first in [f"912320{1900 + serial // 1000}0101{serial % 1000:03}"]
            for number in [first + id_check_digit(first)]
            if gate._is_credit_code(number)
        ]
        assert both
        assert found(" ".join(both)) == set()

    def test_digests(self) -> None:
        text = "\n".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(5000))
        assert found(text) == set()

    def test_an_encrypted_target(self) -> None:
        target = archive.encrypt({"manifest.json": f"张小三 {LISTED}".encode()}, "0123456789ABCDEF")
        assert found(archive.container({f"targets/{hashlib.sha256(target).hexdigest()}.jia.zip": target})) == set()


class TestZips:
    """A zip is looked into: names, comments, members, zips within."""

    @pytest.mark.parametrize(
        ("data", "leak"),
        [
            (zipped("a.txt", LISTED.encode()), LIST_NUMBER),
            (zipped("a.txt", "张小三".encode()), NAME),
            (zipped(f"{LISTED}.txt"), LIST_NUMBER),
            (zipped("张小三.txt"), NAME),
            (zipped("a.txt", comment="张小三".encode()), NAME),
            (zipped("a.zip", zipped("b.zip", zipped("c.txt", "李四".encode()))), NAME),
            (archive.encrypt({f"{LISTED}.json": b""}, "0123456789ABCDEF"), LIST_NUMBER),
        ],
        ids=["member", "name in a member", "file name", "name in a file name", "comment", "nested", "encrypted"],
    )
    def test_leaks(self, data: bytes, leak: str) -> None:
        assert found(data) == {leak}

    def test_what_only_looks_like_a_zip_is_looked_at_all_the_same(self) -> None:
        assert found(b"PK\x03\x04" + LISTED.encode()) == {LIST_NUMBER}
        assert found(zipped("a.txt", LISTED.encode())[:-30]) == {LIST_NUMBER}


class TestMessages:
    """Messages name the file and the kind, never the data."""

    def test_every_file_is_named_and_nothing_else(self) -> None:
        files = {"b.html": f"张小三 {LISTED}".encode(), "a.json": "李四".encode(), "c.html": b"nothing"}
        with pytest.raises(LeakError) as caught:
            gate.check(files, WATCHED)
        assert caught.value.leaks == (f"a.json：{NAME}", f"b.html：{LIST_NUMBER}", f"b.html：{NAME}")

    @pytest.mark.parametrize("path", ["lists/张小三.html", f"bundles/{LISTED}.zip", f"lists/{quote('李四')}.html"])
    def test_a_path_that_leaks_is_not_repeated(self, path: str) -> None:
        with pytest.raises(LeakError) as caught:
            gate.check({path: "张小三".encode()}, WATCHED)
        assert all(leak.startswith("（文件名已隐去）：") for leak in caught.value.leaks)
        for secret in ("张小三", "李四", quote("李四"), LISTED):
            assert secret not in str(caught.value)

    @pytest.mark.parametrize("text", [*NUMBER_FORMS.values(), *NAME_FORMS.values()])
    def test_the_data_is_in_no_message(self, text: str) -> None:
        with pytest.raises(LeakError) as caught:
            gate.check({"a.html": text.encode()}, WATCHED)
        assert text not in str(caught.value)
        assert not any(character.isdigit() for character in str(caught.value))

    def test_clean_files_pass(self) -> None:
        gate.check({"index.html": "<p>张*三</p>".encode(), "bundles/jia.zip": zipped("a.txt", b"x")}, WATCHED)


def test_speed_does_not_depend_on_how_many_are_watched() -> None:
    """A county has 10⁵ people on its lists and its site a few megabytes; the gate must not be a reason to skip it."""
    letters = [chr(0x4E00 + n) for n in range(320)]
    people = [Person(f"{a}{b}", Number(f"P{n:07}")) for n, (a, b) in enumerate(product(letters, letters))]
    watched = gate.watch(people, "".join(letters[::2]))
    row = '<tr><td>张*三</td><td><a href="x/">县文明办 &amp; 授予</a></td><td>2026年1月14日</td></tr>\n'
    page = (row * 4000).encode()
    start = perf_counter()
    assert found(page, watched) == set()
    speed = len(page) / 1e6 / (perf_counter() - start)
    print(f"{len(people)} people watched, {speed:.1f} MB/s")
    assert speed > 0.2


@pytest.mark.parametrize("piece", ["<!--", "--><!--", "<", "1", "1 ", "字第1", "\\", "<b ", "*1", "一", "AB1 ", "%3"])
def test_no_text_takes_more_than_one_pass(piece: str) -> None:
    """Time in proportion to the length, whatever the text: with its square these would take minutes."""
    start = perf_counter()
    found(piece * (300_000 // len(piece)))
    assert perf_counter() - start < 20
