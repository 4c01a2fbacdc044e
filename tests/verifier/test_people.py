"""Names, numbers and tokens as the verifier reads them (docs/spec/bundle.md, 3)."""

from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.core import identifiers, names
from generator.verifier import verify
from tests.verifier import issuer

SALT = bytes.fromhex(issuer.manifest()["collapse"]["salt"])
KEY = bytes.fromhex(issuer.manifest()["token"]["key"])
SPEC = Path(__file__).parents[2] / "docs" / "spec" / "bundle.md"
UNHURRIED = settings(deadline=None)  # other programs may be running


class Asked(dict[int, list[verify.Entry]]):
    """People of a bundle who remember which token was asked for."""

    def get(self, token: int, _default: object = None) -> Any:
        """Return nobody."""
        self.token = token
        return []


def token(name: str, number: str, t: int) -> int:
    """Return the token that a bundle looks up."""
    people = Asked()
    about = dict.fromkeys(verify.ABOUT, 11)
    verify.Bundle(about, (SALT, KEY, t), people, {}).judge({verify.NAME: name, verify.NUMBER: number}, date.min)
    return people.token


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        issuer.ZHANG,
        issuer.OUYANG,
        issuer.ABDULLA,
        ("阿卜杜拉・买买提", *issuer.ABDULLA[1:]),
        ("阿卜杜拉.买买提", *issuer.ABDULLA[1:]),
        ("阿卜杜拉．买买提", *issuer.ABDULLA[1:]),
        issuer.LI,
        (" 李　四 ", "99062119770707101x", issuer.LI[2]),
        ("李\u200b四", "９９０６２１-19770707-101Ｘ", issuer.LI[2]),
    ],
)
def test_tokens_are_those_of_an_independent_program(name: str, number: str, expected: int) -> None:
    assert token(name, number, 29) == expected


def test_a_shorter_token_is_the_beginning_of_a_longer_one() -> None:
    who = issuer.ZHANG[:2]
    assert token(*who, 48) >> 19 == token(*who, 29) == issuer.ZHANG[2]


def test_the_table_of_private_use_characters_is_that_of_the_specification() -> None:
    table = re.search(r"stand for\n\n((?:    .+\n)+)", SPEC.read_text(encoding="utf-8"))
    assert table is not None
    assert "".join(table[1].split()) == verify.TWINS
    assert len(verify.TWINS) == 80
    assert verify.canonical("\ue863", "E12345678") == ("䶮", "E12345678")


@pytest.mark.parametrize("name", ["", "  ", "·", "·'-\ufe00\U000e0100", "张\ufffd", "\udc80三"])
def test_a_name_that_cannot_be_one_is_asked_for_again(name: str) -> None:
    with pytest.raises(verify.Refused) as refused:
        verify.canonical(name, issuer.ZHANG[1])
    assert (refused.value.code, verify.STATUS[refused.value.code]) == ("bad-name", 3)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "440524188001010014",
        "810000199408230021",
        "830000199201300022",
        "911124198108030024",
        "E12345678",
        "H12345678",
        "ABC123456789012",
        "123456",
    ],
)
def test_documents_that_exist_are_accepted(number: str) -> None:
    assert verify.canonical("张三", number) == ("张三", number)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("军字第0123456号", "0123456"),
        ("字第 012345", "012345"),
        ("第12345678号", "12345678"),
        ("H1234567801", "H12345678"),
        ("m1234567801", "M12345678"),
        ("9906\u20102119-9001\u22120112 33\u200b", "990621199001011233"),
    ],
)
def test_there_is_one_form_for_each_document(typed: str, number: str) -> None:
    assert verify.canonical("张三", typed) == ("张三", number)


def test_an_old_number_is_brought_to_18_characters() -> None:
    assert verify.canonical("张三", "110105491231002") == ("张三", "11010519491231002X")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "990621199001011234",
        "99062119900101123",
        "9906211990010112333",
        "990621199002301233",
        "990621900230123",
        "1.10105E+17",
        "990621\u0661",
        "9906\udc80567",
        "A" * 21,
        "12345678901234X",
        "1234567890123",
        "军字第12345号",
        "空军字第123456号",
        "9906211990010112\n34",
    ],
)
def test_a_number_that_must_be_mistyped_is_asked_for_again_without_being_repeated(number: str) -> None:
    """A verifier MUST test the check digit of a resident number and ask again when it is wrong (3.2)."""
    with pytest.raises(verify.Refused) as refused:
        verify.canonical("张三", number)
    assert refused.value.code == "bad-number"
    assert not re.search("[0-9]", str(refused.value) + verify.MESSAGES["bad-number"])


def test_every_single_wrong_digit_of_a_number_is_noticed() -> None:
    right = issuer.ZHANG[1]
    for place in range(18):
        for digit in "0123456789X":
            wrong = right[:place] + digit + right[place + 1 :]
            if wrong != right and not (digit == "X" and place < 17):
                with pytest.raises(verify.Refused):
                    verify.canonical("张三", wrong)


@pytest.mark.parametrize(
    "code", ["91350100M000100Y43", "91320100748204660Q", "914403001922038216", "91350100m000100y43"]
)
def test_credit_codes_that_exist_are_accepted(code: str) -> None:
    assert verify.canonical("", "", f" {code} ") == ("", code.upper())


@pytest.mark.parametrize("code", [" ", "91350100M000100Y44", "91350100M000100Y4", "9135010OM000100Y43", "示例"])
def test_credit_codes_that_must_be_mistyped_are_asked_for_again(code: str) -> None:
    with pytest.raises(verify.Refused) as refused:
        verify.canonical("", "", code)
    assert refused.value.code == "bad-number"


# -- the generator, which shares no code with the verifier, says the same ---------------------------------------

ODD = "·•‧・⋅∙.。｡`´'ʹʻʼ‘’‛′-‐‑‒–—―−－．＇\u3000\u00ad\u200b\ufe0f\U000e0100○◯⭕￮〇\ue815\ue863ßŉÅé\u0301ǆ\u0345ﬁ軍㐀"
LETTERS = st.text(st.sampled_from(ODD + "张三欧阳娜ABCabcé") | st.characters(), max_size=12)
NUMBERS = st.text(st.sampled_from("0123456789XxHhMm军字第号 -‐−０Ｘ\u200b\u3000"), max_size=22)
GROUPS = [st.text(string.digits, min_size=n, max_size=n) for n in (6, 7, 8, 10, 15, 17, 18)]


@pytest.mark.parametrize("character", sorted(set(ODD)))
def test_every_odd_character_is_read_as_the_generator_reads_it(character: str) -> None:
    for name in (f"张{character}三", f"a{character}e", character):
        if names.canonical(name):
            assert verify.canonical(name, "E12345678")[0] == names.canonical(name)


class TestTheGeneratorAgrees:
    """Generator and verifiers share the specification and no code (3.1, 3.2)."""

    @UNHURRIED
    @given(LETTERS)
    @example("e\u200b\u0301")
    @example("ŉ")
    def test_names(self, name: str) -> None:
        """A name is looked up in the form in which the office hashes it; damaged ones are asked for again."""
        canonical = names.canonical(name)
        if not canonical or re.search("[\ufffd\ud800-\udfff]", canonical):
            assert wrong(name, "E12345678") == "bad-name"
        else:
            assert verify.canonical(name, "E12345678")[0] == canonical

    @UNHURRIED
    @given(NUMBERS | st.one_of(GROUPS) | st.builds("{}{}".format, st.sampled_from("HM"), GROUPS[3]))
    def test_numbers(self, number: str) -> None:
        """A number is looked up in the form in which the office hashes it, or asked for again."""
        code = wrong("张三", number)
        if not code:
            assert verify.canonical("张三", number)[1] == identifiers.canonical_number(number)
        for kind in identifiers.DocumentType:
            try:
                parsed = identifiers.parse_document(kind, number)
            except identifiers.IdentifierError:
                continue
            assert (code, verify.canonical("张三", number)[1]) == ("", parsed)

    @UNHURRIED
    @given(st.text(identifiers._CODE_ALPHABET, min_size=17, max_size=17), st.sampled_from(identifiers._CODE_ALPHABET))
    def test_codes(self, first: str, last: str) -> None:
        """A credit code is accepted by both or by neither."""
        code = first + last
        try:
            assert verify.canonical("", "", code) == ("", identifiers.parse_credit_code(code))
        except verify.Refused:
            with pytest.raises(identifiers.IdentifierError):
                identifiers.parse_credit_code(code)
        right = first + identifiers.credit_code_check_digit(first)
        assert verify.canonical("", "", right) == ("", right)


def wrong(name: str, number: str) -> str:
    """Return the code with which a person is asked for again, if at all."""
    try:
        verify.canonical(name, number)
    except verify.Refused as refused:
        return str(refused.code)
    return ""
