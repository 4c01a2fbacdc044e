"""The privacy gate: every way in which a number or a name could slip through, and what must not be taken for one."""

from __future__ import annotations

import hashlib
import html
import io
import json
import zipfile
from itertools import product
from time import perf_counter
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.bundle import archive
from generator.core.identifiers import Number, id_check_digit
from generator.core.model import Person
from generator.core.names import mask
from generator.errors import LeakError
from generator.site import gate
from generator.site.gate import Watch

LISTED, OLD_FORM, WITH_X = "990621199001011233", "990621900101123", "99062119770707101X"
UNLISTED = "99062119800101001" + id_check_digit("99062119800101001")
PASSPORT, SOLDIER = "E12345678", "军字第1234567号"
PEOPLE = [
    Person("张小三", Number(LISTED)),
    Person("李四", Number(WITH_X)),
    Person("阿卜杜拉·买买提", Number("990621198505050071")),
    Person("𠮷田明", Number(PASSPORT)),
    Person("王文明", Number(SOLDIER)),
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
    "soldier's number": SOLDIER,
    "soldier's number without its words": "编号1234567",
}


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
            "张\n小三",
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
        ],
    )
    def test_this_is_none(self, text: str) -> None:
        assert found(text) == set()

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
