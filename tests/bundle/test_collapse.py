"""The collapse against values of an independent program, and that everything after it is a function of (name, u)."""

from __future__ import annotations

import hashlib
import hmac
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.bundle import collapse
from generator.bundle.collapse import Secrets, U
from generator.core.identifiers import CreditCode, Number, canonical_number
from generator.core.model import BatchId, Organisation, Person, Subject

U_SALT = hashlib.sha256(b"test U_SALT").digest()[:16]
T_KEY = hashlib.sha256(b"test T_KEY").digest()
REF_KEY = hashlib.sha256(b"test REF_KEY").digest()
SECRETS = Secrets(U_SALT, T_KEY, REF_KEY, 29)
BATCH = BatchId("2026-01")

FACTS = [
    ("张三", "990621199001011233", 3375, 443321209, "KR6QKPKAR6", "PSZP5MJFPG"),
    ("欧阳娜娜", "990621200002298884", 3362, 476629958, "SNN9T1SHPE", "113FG5KD6Z"),
    ("阿卜杜拉·买买提", "990621198505050071", 268, 427089318, "QGXEV3THWN", "03CHYPZH0V"),
    ("阿卜杜拉・买买提", "990621198505050071", 268, 427089318, "QGXEV3THWN", "03CHYPZH0V"),
    ("李四", "99062119770707101X", 2088, 56555655, "1DY1FP1P8E", "RBZXF5K8EW"),
    (" 李　四 ", "99062119770707101x", 2088, 56555655, "1DY1FP1P8E", "RBZXF5K8EW"),
]
"""name, number, u, T, reference with counter 0, with counter 1."""


def person(name: str, number: str) -> Person:
    return Person(name, Number(canonical_number(number)))


@pytest.mark.parametrize(("name", "number", "u", "token", "first", "second"), FACTS)
def test_values_of_an_independent_program(name: str, number: str, u: int, token: int, first: str, second: str) -> None:
    one = person(name, number)
    assert collapse.derive_u(one, U_SALT) == u
    assert collapse.token(one, U(u), SECRETS) == token
    assert collapse.person_reference(BATCH, one, U(u), 0, REF_KEY) == first
    assert collapse.person_reference(BATCH, one, U(u), 1, REF_KEY) == second


def test_one_person_written_twice_is_one() -> None:
    assert len({collapse.cache_key(person(name, number), SECRETS) for name, number, *_ in FACTS}) == 4


@given(st.integers(0, 4095), st.integers(1, 48))
def test_token_and_reference_are_functions_of_name_and_u(u: int, bits: int) -> None:
    """Two people of one name and one u have one token and one reference, whatever their numbers: spec 7."""
    secrets = Secrets(U_SALT, T_KEY, REF_KEY, bits)
    one, other = person("张三", "990621199001011233"), person("张　三", "99062119770707101X")
    assert collapse.token(one, U(u), secrets) == collapse.token(other, U(u), secrets) < 2**bits
    mine, theirs = (collapse.person_reference(BATCH, who, U(u), 0, REF_KEY) for who in (one, other))
    assert mine == theirs


@given(st.integers(1, 47))
def test_a_shorter_token_is_the_beginning_of_a_longer_one(bits: int) -> None:
    one = person("张三", "990621199001011233")
    short, long = (collapse.token(one, U(7), Secrets(U_SALT, T_KEY, REF_KEY, t)) for t in (bits, bits + 1))
    assert long >> 1 == short


@pytest.mark.parametrize(
    ("capacity", "bits"),
    [(1, 12), (2, 13), (3, 14), (4, 14), (5, 15), (131_072, 29), (131_073, 30), (2**36, 48), (10**12, 48)],
)
def test_token_bits(capacity: int, bits: int) -> None:
    assert collapse.token_bits(capacity) == bits


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_programme_without_room_has_no_token_bits(capacity: int) -> None:
    with pytest.raises(ValueError, match="room"):
        collapse.token_bits(capacity)


class TestSecrets:
    """Lengths are those of the format, and no secret is ever printed."""

    @pytest.mark.parametrize(
        ("salt", "t_key", "ref_key", "bits"),
        [(15, 32, 32, 29), (17, 32, 32, 29), (16, 31, 32, 29), (16, 32, 33, 29), (16, 32, 32, 0), (16, 32, 32, 49)],
    )
    def test_other_lengths_are_refused(self, salt: int, t_key: int, ref_key: int, bits: int) -> None:
        with pytest.raises(ValueError, match=r"bytes long|bits"):
            Secrets(bytes(salt), bytes(t_key), bytes(ref_key), bits)

    def test_nothing_secret_is_shown(self) -> None:
        shown = repr(SECRETS)
        for secret in (U_SALT, T_KEY, REF_KEY):
            assert repr(secret)[2:-1] not in shown
            assert secret.hex() not in shown


class TestProgrammeDigest:
    """HMAC-SHA256(REF_KEY, "xinyi/programme/1" 0x00 u_salt t_key): which programme's secrets made a release."""

    def test_value(self) -> None:
        expected = hmac.digest(REF_KEY, b"xinyi/programme/1\0" + U_SALT + T_KEY, "sha256").hex()
        assert collapse.programme_digest(SECRETS) == expected

    def test_every_secret_counts_and_the_length_of_tokens_does_not(self) -> None:
        others = [
            Secrets(bytes(16), T_KEY, REF_KEY, 29),
            Secrets(U_SALT, bytes(32), REF_KEY, 29),
            Secrets(U_SALT, T_KEY, bytes(32), 29),
        ]
        assert len({collapse.programme_digest(secrets) for secrets in (SECRETS, *others)}) == 4
        assert collapse.programme_digest(Secrets(U_SALT, T_KEY, REF_KEY, 30)) == collapse.programme_digest(SECRETS)


class TestCache:
    """What has been derived once is not derived again, and nothing wrong is ever read back."""

    PEOPLE = tuple(person(name, number) for name, number, *_ in FACTS[:3])

    def test_round_trip(self) -> None:
        missing = collapse.uncached(self.PEOPLE, SECRETS, {})
        derived = dict(collapse.derive_each(missing, U_SALT))
        data = b"".join(collapse.encode_cache_line(key, u) for key, u in derived.items())
        known = collapse.parse_cache(data)
        assert known == derived
        assert sorted(known.values()) == [268, 3362, 3375]
        assert collapse.uncached(self.PEOPLE, SECRETS, known) == {}

    def test_derived_in_the_order_asked(self) -> None:
        missing = collapse.uncached(self.PEOPLE, SECRETS, {})
        assert [key for key, _ in collapse.derive_each(missing, U_SALT)] == list(missing)

    def test_the_same_person_twice_is_derived_once(self) -> None:
        assert len(collapse.uncached(self.PEOPLE * 3, SECRETS, {})) == 3

    @pytest.mark.parametrize("other", [Secrets(bytes(16), T_KEY, REF_KEY, 29), Secrets(U_SALT, T_KEY, bytes(32), 29)])
    def test_another_programme_finds_nothing(self, other: Secrets) -> None:
        known = {collapse.cache_key(one, SECRETS): U(1) for one in self.PEOPLE}
        assert len(collapse.uncached(self.PEOPLE, other, known)) == 3

    def test_the_key_is_that_of_the_decision_and_needs_a_key_of_the_office(self) -> None:
        """A salt stands in every manifest: a cache keyed by it alone could be tried against at full speed."""
        name, number, *_ = FACTS[0]
        message = b"xinyi/u-cache/2\0" + U_SALT + name.encode() + b"\0" + number.encode()
        expected = hmac.digest(REF_KEY, message, "sha256").hex()[:32]
        assert collapse.cache_key(self.PEOPLE[0], SECRETS) == expected

    def test_stale_and_foreign_lines_are_ignored(self) -> None:
        stale = hashlib.sha256(b"xinyi/u-cache/1\0" + U_SALT + self.PEOPLE[0].key.encode()).hexdigest()[:32]
        data = f"{stale} 123\n# a note\n{stale} 12\n{stale.upper()} 123\n{stale} 0x1 \n".encode()
        assert len(collapse.uncached(self.PEOPLE, SECRETS, collapse.parse_cache(data))) == 3
        assert collapse.parse_cache(data) == {stale: 0x123}

    @given(st.binary(max_size=60))
    def test_any_bytes_are_read_without_a_fault(self, data: bytes) -> None:
        good = collapse.encode_cache_line("0123456789abcdef" * 2, U(4095))
        assert collapse.parse_cache(data + b"\n" + good)["0123456789abcdef" * 2] == 4095

    def test_a_torn_line_is_no_line_wherever_it_is_torn(self) -> None:
        whole = collapse.encode_cache_line("f" * 32, U(0xABC))
        for end in range(len(whole) - 1):
            assert collapse.parse_cache(whole[:end]) == {}
            assert collapse.parse_cache(whole[:end] + b"\n" + whole) == {"f" * 32: 0xABC}
        assert collapse.parse_cache(whole[:-1]) == {"f" * 32: 0xABC}

    def test_no_number_and_no_name_stands_in_it(self) -> None:
        key = collapse.cache_key(self.PEOPLE[0], SECRETS)
        assert re.fullmatch(r"[0-9a-f]{32} d2f\n", collapse.encode_cache_line(key, U(3375)).decode())


class TestReferences:
    """Spec 3.5: ten letters, unique within a list, whatever the order of the spreadsheets."""

    NAMESAKES = (person("张三", "990621199001011233"), person("张三", "99062119770707101X"))

    def test_one_person_has_counter_nought(self) -> None:
        name, number, u, _, first, _ = FACTS[0]
        assert collapse.references(BATCH, [(person(name, number), U(u))], REF_KEY) == [first]

    def test_namesakes_with_one_u_get_one_counter_each(self) -> None:
        both: list[tuple[Subject, U | None]] = [(one, U(3375)) for one in self.NAMESAKES]
        assert sorted(collapse.references(BATCH, both, REF_KEY)) == ["KR6QKPKAR6", "PSZP5MJFPG"]

    def test_someone_nominated_twice_gets_two(self) -> None:
        one = person("张三", "990621199001011233")
        assert collapse.references(BATCH, [(one, U(3375))] * 2, REF_KEY) == ["KR6QKPKAR6", "PSZP5MJFPG"]

    @given(st.randoms(use_true_random=False))
    def test_whoever_comes_later_takes_nothing_over(self, random: Random) -> None:
        subjects: list[tuple[Subject, U | None]] = [
            *((one, U(3375)) for one in self.NAMESAKES),
            (person("李四", "990621198505050071"), U(268)),
            (Organisation("甲公司", CreditCode("91350100M000100Y43")), None),
            (Organisation("乙公司", CreditCode("91320100748204660Q")), None),
        ]
        random.shuffle(subjects)
        found = collapse.references(BATCH, subjects, REF_KEY)
        assert len(set(found)) == 5
        for count in range(1, 5):
            assert collapse.references(BATCH, subjects[:count], REF_KEY) == found[:count]

    def test_lists_have_references_of_their_own(self) -> None:
        one = [(person("张三", "990621199001011233"), U(3375))]
        assert collapse.references(BatchId("2026-02"), one, REF_KEY) != collapse.references(BATCH, one, REF_KEY)

    def test_an_organisation_by_its_code_alone(self) -> None:
        code = CreditCode("91350100M000100Y43")
        digest = hmac.digest(REF_KEY, b"xinyi/ref-org/1\x002026-01\x0091350100M000100Y43\x00\x00", "sha256")
        bits = f"{int.from_bytes(digest, 'big'):0256b}"[:50]
        letters = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[int(bits[i : i + 5], 2)] for i in range(0, 50, 5))
        for name in ("甲公司", "甲有限公司"):
            assert collapse.references(BATCH, [(Organisation(name, code), None)], REF_KEY) == [letters]

    def test_a_person_without_u_is_refused(self) -> None:
        with pytest.raises(ValueError, match="needs u"):
            collapse.references(BATCH, [(self.NAMESAKES[0], None)], REF_KEY)

    def test_all_256_counters_and_not_one_more(self) -> None:
        one: tuple[Subject, U | None] = (self.NAMESAKES[0], U(3375))
        assert len(set(collapse.references(BATCH, [one] * 256, REF_KEY))) == 256
        with pytest.raises(ValueError, match="share a reference"):
            collapse.references(BATCH, [one] * 257, REF_KEY)
