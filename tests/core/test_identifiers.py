"""Identity numbers and credit codes: the values of facts/identifiers.md, and what their check digits promise."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.identifiers import (
    DocumentType,
    IdentifierError,
    canonical_number,
    credit_code_check_digit,
    id_check_digit,
    parse_credit_code,
    parse_document,
    parse_resident_number,
)

CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@st.composite
def resident_numbers(draw: st.DrawFn) -> str:
    """Numbers of invented people: area 99xxxx, a birth date that exists, the right check digit."""
    born = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 12, 31)))
    first17 = f"99{draw(st.integers(0, 9999)):04}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first17 + id_check_digit(first17)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    """Codes over the whole alphabet, with the right check character."""
    first17 = draw(st.text(CODE_ALPHABET, min_size=17, max_size=17))
    return first17 + credit_code_check_digit(first17)


class TestResidentNumbers:
    """GB 11643-1999: 17 digits and a check; 15 digits are the same number of the years 19xx, without one."""

    @pytest.mark.parametrize(
        "number",
        [
            "11010519491231002X",
            "440524188001010014",
            "810000199408230021",
            "830000199201300022",
            "911124198108030024",
        ],
    )
    def test_published_examples(self, number: str) -> None:
        assert parse_resident_number(number) == number

    def test_fifteen_digits_become_eighteen(self) -> None:
        assert parse_resident_number("110105491231002") == "11010519491231002X"

    @pytest.mark.parametrize(
        "typed",
        [
            "11010519491231002x",
            "11010519491231002X",
            " 110105 19491231 002X\n",
            "110105-19491231-002X",
            "1101051949\u30001231002X",
        ],
    )
    def test_the_same_number_typed_differently(self, typed: str) -> None:
        assert parse_resident_number(typed) == "11010519491231002X"

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ("", "没有填"),
            ("   ", "没有填"),
            ("11010519491231002", "17位"),
            ("1101051949123100", "16位"),
            ("110105194912310020", "校验位"),
            ("990621199902290012", "出生日期"),
            ("990621199913010015", "出生日期"),
            ("990621000001010010", "出生日期"),
            ("1.10105194912310e+17", "18位数字"),
            ("1.10105E+17", "18位数字"),
            ("110105491331002", "出生日期"),
        ],
    )
    def test_what_is_refused_and_why(self, typed: str, why: str) -> None:
        with pytest.raises(IdentifierError, match=why):
            parse_resident_number(typed)

    def test_a_letter_among_eighteen_is_not_blamed_on_the_length(self) -> None:
        """A letter O for a zero: the message must not say that 18 characters should have been 18."""
        with pytest.raises(IdentifierError) as refused:
            parse_resident_number("1101O519491231002X")
        assert "这里是18位" not in str(refused.value)

    @pytest.mark.parametrize("typed", ["\u0661\u0661010519491231002Y", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X"])
    def test_other_scripts_are_refused(self, typed: str) -> None:
        with pytest.raises(IdentifierError):
            parse_resident_number(typed)

    def test_the_message_holds_no_digit_of_the_number(self) -> None:
        """Faults end in logs and on screens of people who need not know the number."""
        with pytest.raises(IdentifierError) as refused:
            parse_resident_number("990621199001011234")
        assert "990621" not in str(refused.value)
        assert "19900101" not in str(refused.value)

    @given(resident_numbers())
    def test_a_valid_number_is_its_own_canonical_form(self, number: str) -> None:
        assert parse_resident_number(number) == canonical_number(number) == number

    @given(resident_numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
    def test_one_wrong_character_is_always_refused(self, number: str, position: int, wrong: str) -> None:
        changed = number[:position] + wrong + number[position + 1 :]
        if changed != number:
            with pytest.raises(IdentifierError):
                parse_resident_number(changed)

    @given(resident_numbers(), st.integers(0, 16))
    def test_two_neighbours_swapped_are_always_refused(self, number: str, position: int) -> None:
        left, right = number[position], number[position + 1]
        if left != right:
            with pytest.raises(IdentifierError):
                parse_resident_number(number[:position] + right + left + number[position + 2 :])

    @given(st.dates(min_value=date(1900, 1, 1), max_value=date(1999, 12, 31)), st.integers(0, 999))
    def test_fifteen_digits_and_eighteen_are_one_number(self, born: date, serial: int) -> None:
        first17 = f"990621{born:%Y%m%d}{serial:03}"
        assert parse_resident_number(f"990621{born:%y%m%d}{serial:03}") == first17 + id_check_digit(first17)


class TestCreditCodes:
    """GB 32100-2015: 18 characters without I O S V Z, the last one a check."""

    @pytest.mark.parametrize("code", ["91350100M000100Y43", "91320100748204660Q", "914403001922038216"])
    def test_published_examples(self, code: str) -> None:
        assert parse_credit_code(code) == code
        assert parse_credit_code(f" {code.lower()} ") == code

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ("", "没有填"),
            ("91350100M000100Y4", "17位"),
            ("91350100M000100Y44", "校验位"),
            ("9135O100M000100Y43", "字符O"),
            ("9135I100MOOO100Y43", "字符I、O"),
            ("91350100中000100Y43", "字符中"),
        ],
    )
    def test_what_is_refused_and_why(self, typed: str, why: str) -> None:
        with pytest.raises(IdentifierError, match=why):
            parse_credit_code(typed)

    @given(credit_codes())
    def test_a_valid_code_is_its_own_canonical_form(self, code: str) -> None:
        assert parse_credit_code(code) == canonical_number(code) == code

    @given(credit_codes(), st.integers(0, 17), st.sampled_from(CODE_ALPHABET + "IOSVZ"))
    def test_one_wrong_character_is_always_refused(self, code: str, position: int, wrong: str) -> None:
        changed = code[:position] + wrong + code[position + 1 :]
        if changed != code:
            with pytest.raises(IdentifierError):
                parse_credit_code(changed)

    @given(credit_codes(), st.integers(0, 16))
    def test_two_neighbours_swapped_are_always_refused(self, code: str, position: int) -> None:
        left, right = code[position], code[position + 1]
        if left != right:
            with pytest.raises(IdentifierError):
                parse_credit_code(code[:position] + right + left + code[position + 2 :])


class TestDocuments:
    """Each document by its own rule; those without a public check digit by their format only."""

    @pytest.mark.parametrize(
        ("kind", "typed", "number"),
        [
            (DocumentType.RESIDENT_ID, "11010519491231002x", "11010519491231002X"),
            (DocumentType.RESIDENCE_PERMIT, "810000199408230021", "810000199408230021"),
            (DocumentType.PERMANENT_RESIDENT, "911124198108030024", "911124198108030024"),
            (DocumentType.PERMANENT_RESIDENT, "abc 123456789012", "ABC123456789012"),
            (DocumentType.PASSPORT, "e1234567 8", "E12345678"),
            (DocumentType.RESIDENT_ID, "\u202d110105491231002\u202c", "11010519491231002X"),
            (DocumentType.RESIDENT_ID, "110105\u20121949\u221212-31-002 x", "11010519491231002X"),
            (DocumentType.MILITARY, "试字第0123456号", "0123456"),
            (DocumentType.MILITARY, "试0123456", "0123456"),
            (DocumentType.MILITARY, "字第０１２３４５６号", "0123456"),
            (DocumentType.MILITARY, "01234567", "01234567"),
            (DocumentType.TRAVEL_PERMIT, "h12345678", "H12345678"),
            (DocumentType.TRAVEL_PERMIT, "M1234567801", "M12345678"),
        ],
    )
    def test_what_is_accepted(self, kind: DocumentType, typed: str, number: str) -> None:
        assert parse_document(kind, typed) == number

    @pytest.mark.parametrize(
        ("kind", "typed", "why"),
        [
            (DocumentType.RESIDENT_ID, "ABC123456789012", "身份证号"),
            (DocumentType.RESIDENT_ID, "", "没有填"),
            (DocumentType.PERMANENT_RESIDENT, "911124198108030025", "校验位"),
            (DocumentType.PASSPORT, "", "护照号码没有填"),
            (DocumentType.PASSPORT, "E123", "护照号码的格式不对"),
            (DocumentType.PASSPORT, "E12345678!", "护照号码的格式不对"),
            (DocumentType.MILITARY, "军官", "军官证号码的格式不对"),
            (DocumentType.TRAVEL_PERMIT, "H123456789", "港澳居民来往内地通行证号码的格式不对"),
            (DocumentType.TRAVEL_PERMIT, "A12345678", "港澳居民来往内地通行证号码的格式不对"),
        ],
    )
    def test_what_is_refused_and_why(self, kind: DocumentType, typed: str, why: str) -> None:
        with pytest.raises(IdentifierError, match=why):
            parse_document(kind, typed)

    @given(st.sampled_from(DocumentType), st.text(max_size=24))
    def test_any_text_ends_in_a_canonical_number_or_a_refusal(self, kind: DocumentType, typed: str) -> None:
        try:
            number = parse_document(kind, typed)
        except IdentifierError:
            return
        assert canonical_number(number) == number
        assert parse_document(kind, number) == number
