"""Names: matched by their canonical form, shown in their own, masked so that the middle is never seen."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.core import names
from generator.core.names import NAME_DOTS, PRIVATE_USE_FOLD, canonical, display, is_han, mask, suspects

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5) | st.sampled_from("𠮷𠂇㑳龻﨑")
DOTS = st.sampled_from("·•‧・⋅∙.．･")
SPACES = st.sampled_from(" \u3000\t\n\u00a0\r")
HIDDEN = st.sampled_from("\u200b\u200e\u200d\ufeff\u00ad\u2060\u202c")
LATIN = st.characters(min_codepoint=0x21, max_codepoint=0x17F, categories=["Lu", "Ll"]) | st.sampled_from(
    "\u0149\u01f0\u0301\u0308\u0390\u03b0\u1e96\ufb03ß"  # what grows in capitals, or composes
)
PRIVATE = st.characters(min_codepoint=0xE815, max_codepoint=0xE864)
NAMES = st.text(HAN | DOTS | SPACES | HIDDEN | LATIN | PRIVATE, max_size=12)
"""Names as spreadsheets hold them."""


def letters(name: str) -> list[str]:
    """Return what a reader sees as the letters of a name: no space, nothing hidden, no dot."""
    return [c for c in name if not (c.isspace() or unicodedata.category(c) == "Cf" or c in NAME_DOTS | set("．･"))]


class TestCanonical:
    """docs/spec/bundle.md, 3.1; the values are of facts/collapse.md and facts/identifiers.md."""

    @pytest.mark.parametrize("dot", "\u00b7\u2022\u2027\u30fb\u22c5\u2219.\uff0e\uff65")
    def test_every_name_dot_is_one_and_none(self, dot: str) -> None:
        assert canonical(f"阿卜杜拉{dot}买买提") == "阿卜杜拉买买提"

    @pytest.mark.parametrize(
        ("written", "matched"),
        [
            ("李四", "李四"),
            (" 李　四 ", "李四"),
            ("李\n四", "李四"),
            ("李\u200b四\ufeff", "李四"),
            ("（试）李四", "(试)李四"),
            ("⽅⼩⼀", "方小一"),
            ("Ａnna　lee", "ANNALEE"),
            ("𠮷田", "𠮷田"),
            ("方\ue863", "方䶮"),
            ("李○", "李〇"),
            ("李◯", "李〇"),
            ("李\u2b55", "李〇"),
            ("辻\U000e0100", "辻"),
            ("葛\ufe00", "葛"),
            ("Jean-Pierre O\u2019Brien", "JEANPIERREOBRIEN"),
            ("JEAN PIERRE O'BRIEN", "JEANPIERREOBRIEN"),
            ("Jean\u2010Pierre O\uff07Brien", "JEANPIERREOBRIEN"),
            ("Jose\u200d\u0301", "JOS\u00c9"),
            ("", ""),
        ],
    )
    def test_forms_that_match(self, written: str, matched: str) -> None:
        assert canonical(written) == matched

    def test_people_are_not_confused_by_it(self) -> None:
        """Variants are other characters, so other people."""
        assert len({canonical(name) for name in ("吉田", "𠮷田", "方䶮", "方龙", "李四", "李肆")}) == 6

    @given(NAMES)
    @example("\u2e81.\ue815")
    def test_canonical_is_its_own_canonical_form(self, name: str) -> None:
        assert canonical(canonical(name)) == canonical(name)

    @given(st.text(st.characters(min_codepoint=0x4DF0, max_codepoint=0xA00F) | HAN | SPACES, max_size=6))
    @example("\u4e00\u9fff")
    @example("\u3007")
    def test_names_of_plain_han_are_let_through_as_they_would_come_out(self, name: str) -> None:
        assert canonical(name) == names._folded(name)

    def test_every_plain_han_character_is_its_own_form(self) -> None:
        han = "".join(map(chr, range(0x4E00, 0xA000)))
        assert canonical(han) == names._folded(han) == han

    @given(NAMES, SPACES | HIDDEN | DOTS, st.integers(0, 12))
    def test_space_hidden_characters_and_dots_never_matter(self, name: str, noise: str, position: int) -> None:
        assert canonical(name[:position] + noise + name[position:]) == canonical(name)

    @given(NAMES)
    def test_the_form_shown_matches_the_form_written(self, name: str) -> None:
        assert canonical(display(name)) == canonical(name)


class TestPrivateUse:
    """The 80 characters of GBK FE50–FEA0 which older software wrote into the private-use area."""

    SINCE_2005: ClassVar[dict[int, str]] = {
        0x51: "\U00020087",
        0x52: "\U00020089",
        0x53: "\U000200cc",
        0x59: "\u9fb4",
        0x61: "\u9fb5",
        0x66: "\u9fb6",
        0x67: "\u9fb7",
        0x6C: "\U000215d7",
        0x6D: "\u9fb8",
        0x76: "\U0002298f",
        0x7E: "\u9fb9",
        0x90: "\u9fba",
        0x91: "\U000241fe",
        0xA0: "\u9fbb",
    }
    """Codes that GB 18030-2000 still left private (as Python's codec does), and what Unicode has for them since."""

    TRAILS = tuple(trail for trail in range(0x50, 0xA1) if trail != 0x7F)

    def test_the_table_is_complete(self) -> None:
        assert sorted(PRIVATE_USE_FOLD) == list(range(0xE815, 0xE865))
        assert len(self.TRAILS) == len(PRIVATE_USE_FOLD) == len(set(PRIVATE_USE_FOLD.values()))

    @pytest.mark.parametrize(("offset", "trail"), list(enumerate(TRAILS)))
    def test_each_pair_is_one_code_of_gb18030(self, offset: int, trail: int) -> None:
        """Python's own codec is the judge where it knows a real code point, the list above where it does not."""
        private = chr(0xE815 + offset)
        decoded = bytes((0xFE, trail)).decode("gb18030")
        assert decoded in (private, private.translate(PRIVATE_USE_FOLD))
        assert private.translate(PRIVATE_USE_FOLD) == self.SINCE_2005.get(trail, decoded)

    def test_no_twin_is_private_itself(self) -> None:
        assert not any("\ue000" <= chr(int(twin)) <= "\uf8ff" for twin in PRIVATE_USE_FOLD.values())

    @pytest.mark.parametrize("private", sorted(map(chr, PRIVATE_USE_FOLD)))
    def test_both_ways_of_writing_are_one_person(self, private: str) -> None:
        twin = private.translate(PRIVATE_USE_FOLD)
        assert canonical(f"方{private}") == canonical(f"方{twin}")
        assert suspects(f"方{private}") == ()


class TestDisplay:
    """The form is kept for display; only space that a spreadsheet left is tidied."""

    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("", ""),
            ("   ", ""),
            (" 张　三 ", "张三"),
            ("张 三\n丰", "张三丰"),
            ("Anna   Lee", "Anna Lee"),
            ("安娜 Lee", "安娜 Lee"),
            ("阿卜杜拉•买买提", "阿卜杜拉•买买提"),
            ("试验县（甲乙） 厂", "试验县（甲乙） 厂"),
            ("𠮷 田", "𠮷田"),
        ],
    )
    def test_examples(self, written: str, shown: str) -> None:
        assert display(written) == shown

    @given(NAMES)
    def test_display_is_stable_and_single_spaced(self, name: str) -> None:
        assert display(display(name)) == display(name)
        assert "  " not in display(name)
        assert display(name) == display(name).strip()

    @pytest.mark.parametrize(
        ("character", "han"), [("张", True), ("𠮷", True), ("﨑", True), ("あ", False), ("A", False), ("\ue863", False)]
    )
    def test_what_counts_as_han(self, character: str, *, han: bool) -> None:
        assert is_han(character) is han


class TestMask:
    """A mask MUST NOT show the middle of a name, nor the whole of one (facts/identifiers.md, F13)."""

    @pytest.mark.parametrize(
        ("name", "masked"),
        [
            ("", "*"),
            ("张", "*"),
            ("张三", "张*"),
            (" 张　三 ", "张*"),
            ("张小三", "张*三"),
            ("欧阳娜娜", "欧**娜"),
            ("阿卜杜拉·买买提", "阿**提"),
            ("𠮷田", "𠮷*"),
            ("𠮷田丰", "𠮷*丰"),
            ("Anna Lee", "A**e"),
        ],
    )
    def test_examples(self, name: str, masked: str) -> None:
        assert mask(name) == masked

    @pytest.mark.parametrize(
        "name",
        [
            "张\u200b三",
            "张\ufeff三",
            "\ufeff张三",
            "张三\u200e",
            "张·三",
            "⽅ 三",
            "\ue863 三",
            "葛\U000e0100三",
            "A B",
        ],
    )
    def test_nothing_hidden_between_two_letters_uncovers_both(self, name: str) -> None:
        """A zero-width space, a dot or a variation selector is no letter: 张\u200b三 is 张*, not 张*三."""
        first, last = [c for c in name if unicodedata.category(c) in ("Lo", "Lu", "So", "Co")]
        assert first in mask(name)
        assert last not in mask(name)

    @given(st.text(HAN, min_size=2, max_size=8))
    def test_the_middle_is_never_shown(self, name: str) -> None:
        masked = mask(name)
        assert masked[0] == name[0]
        assert masked.count("*") == min(2, max(1, len(name) - 2))
        assert masked.replace("*", "") == (name[0] if len(name) == 2 else name[0] + name[-1])

    @given(NAMES)
    def test_at_least_one_letter_stays_hidden(self, name: str) -> None:
        shown = [c for c in mask(name) if c != "*"]
        assert len(shown) <= 2
        assert len(letters("".join(shown))) <= max(0, len(letters(name)) - 1)

    @given(st.text(HAN, min_size=4, max_size=6), st.text(HAN, min_size=7, max_size=12))
    def test_long_names_look_alike(self, shorter: str, longer: str) -> None:
        assert len(mask(shorter)) == len(mask(longer)) == 4


class TestSuspects:
    """U+E000–F8FF without a twin, U+FFFD and a question mark are flagged."""

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("张三", ()),
            ("方\ue863", ()),
            ("方?", ("?",)),
            ("方？", ("？",)),
            ("方\ufffd", ("\ufffd",)),
            ("\ue000方\uf8ff", ("\ue000", "\uf8ff")),
            ("方\ue814\ue865", ("\ue814", "\ue865")),
            ("方\uf900", ()),
        ],
    )
    def test_examples(self, name: str, found: tuple[str, ...]) -> None:
        assert suspects(name) == found
