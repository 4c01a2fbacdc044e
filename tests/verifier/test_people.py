"""Names, numbers and tokens as the verifier reads them (docs/spec/bundle.md, 3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.verifier import verify
from tests.verifier import issuer

SALT = bytes.fromhex(issuer.manifest()["collapse"]["salt"])
KEY = bytes.fromhex(issuer.manifest()["token"]["key"])
SPEC = Path(__file__).parents[2] / "docs" / "spec" / "bundle.md"


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
    assert verify.token(*verify.person(name, number), SALT, KEY, 29) == expected


def test_a_shorter_token_is_the_beginning_of_a_longer_one() -> None:
    who = verify.person(*issuer.ZHANG[:2])
    assert verify.token(*who, SALT, KEY, 48) >> 19 == verify.token(*who, SALT, KEY, 29) == issuer.ZHANG[2]


def test_the_table_of_private_use_characters_is_that_of_the_specification() -> None:
    table = re.search(r"stand for\n\n((?:    .+\n)+)", SPEC.read_text(encoding="utf-8"))
    assert table is not None
    assert "".join(table[1].split()) == verify.TWINS
    assert len(verify.TWINS) == 80
    assert verify.canonical_name("\ue863") == "䶮"


@pytest.mark.parametrize("name", ["", "  ", "·", "张\ufffd", "\udc80三"])
def test_a_name_that_cannot_be_one_is_asked_for_again(name: str) -> None:
    with pytest.raises(verify.Refused) as refused:
        verify.person(name, issuer.ZHANG[1])
    assert (refused.value.code, refused.value.status) == ("bad-name", verify.WRONG_USAGE)


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
        "军字第123456号",
    ],
)
def test_documents_that_exist_are_accepted(number: str) -> None:
    assert verify.person("张三", number) == ("张三", number)


def test_an_old_number_is_brought_to_18_characters() -> None:
    assert verify.person("张三", "110105491231002") == ("张三", "11010519491231002X")


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
    ],
)
def test_a_number_that_must_be_mistyped_is_asked_for_again_without_being_repeated(number: str) -> None:
    """A verifier MUST test the check digit of a resident number and ask again when it is wrong (3.2)."""
    with pytest.raises(verify.Refused) as refused:
        verify.person("张三", number)
    assert refused.value.code == "bad-number"
    assert not re.search("[0-9]", str(refused.value))


def test_every_single_wrong_digit_of_a_number_is_noticed() -> None:
    right = issuer.ZHANG[1]
    for place in range(18):
        for digit in "0123456789X":
            wrong = right[:place] + digit + right[place + 1 :]
            if wrong != right and not (digit == "X" and place < 17):
                with pytest.raises(verify.Refused):
                    verify.person("张三", wrong)


@pytest.mark.parametrize(
    "code", ["91350100M000100Y43", "91320100748204660Q", "914403001922038216", "91350100m000100y43"]
)
def test_credit_codes_that_exist_are_accepted(code: str) -> None:
    assert verify.organisation(f" {code} ") == ("", code.upper())


@pytest.mark.parametrize("code", ["", "91350100M000100Y44", "91350100M000100Y4", "9135010OM000100Y43", "示例"])
def test_credit_codes_that_must_be_mistyped_are_asked_for_again(code: str) -> None:
    with pytest.raises(verify.Refused) as refused:
        verify.organisation(code)
    assert refused.value.code == "bad-number"
