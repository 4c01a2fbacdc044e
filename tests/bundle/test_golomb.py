"""Golomb–Rice coding, read back by a decoder of the tests' own, written from the specification."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.bundle import golomb

TOP = 2**48 - 1
SETS = st.sets(st.integers(0, TOP) | st.integers(0, 300), max_size=40)


def decode(data: bytes, parameter: int, count: int) -> list[int]:
    """Return the tokens of a class file (spec 4.2); fail on padding that is too long or not zero."""
    bits = "".join(f"{byte:08b}" for byte in data)
    tokens, at, last = [], 0, -1
    for _ in range(count):
        end = bits.index("0", at)
        low = bits[end + 1 : end + 1 + parameter]
        assert len(low) == parameter
        last += ((end - at) << parameter | int(low or "0", 2)) + 1
        tokens.append(last)
        at = end + 1 + parameter
    assert len(bits) - at < 8
    assert set(bits[at:]) <= {"0"}
    return tokens


def bits(tokens: list[int], parameter: int) -> int:
    """Return how many bits a sorted set takes with one parameter, before padding."""
    gaps = [tokens[0], *(b - a - 1 for a, b in pairwise(tokens))] if tokens else []
    return sum((gap >> parameter) + 1 + parameter for gap in gaps)


@given(SETS)
@example({0})
@example({TOP})
@example({0, TOP})
@example({TOP - 1, TOP})
@example(set(range(64)))
def test_round_trip_with_the_best_parameter(tokens: set[int]) -> None:
    """P is 0…48, the value for which the bits are fewest, the smaller on a tie."""
    coded = golomb.encode(tokens)
    assert decode(coded.data, coded.parameter, coded.count) == sorted(tokens)
    assert coded.parameter == min(range(49), key=lambda parameter: (bits(sorted(tokens), parameter), parameter))
    assert len(coded.data) == -(-bits(sorted(tokens), coded.parameter) // 8)


@given(SETS)
def test_order_and_repetition_do_not_matter(tokens: set[int]) -> None:
    assert golomb.encode([*sorted(tokens, reverse=True), *tokens]) == golomb.encode(tokens)


@given(SETS, SETS)
def test_one_set_has_one_encoding_and_each_its_own(one: set[int], other: set[int]) -> None:
    assert (golomb.encode(one) == golomb.encode(other)) == (one == other)


def test_none() -> None:
    assert golomb.encode([]) == golomb.Coded(b"", 0, 0)


def test_one_by_hand() -> None:
    """5 with P = 1 is 110 1, with P = 2 is 10 01: four bits each, so the smaller P."""
    assert golomb.encode([5]) == golomb.Coded(bytes([0b1101_0000]), 1, 1)


def test_a_negative_token_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        golomb.encode([3, -1])


@pytest.mark.parametrize(("count", "t"), [(64, 24), (1000, 29), (20_000, 29), (5000, 41)])
def test_a_random_set_takes_little_more_than_it_must(count: int, t: int) -> None:
    """The limit is log₂ of the number of such sets; Rice coding of random gaps stays within four per cent of it."""
    tokens = Random(count).sample(range(2**t), count)  # noqa: S311 - a fixed seed is the point
    limit = (math.lgamma(2**t + 1) - math.lgamma(count + 1) - math.lgamma(2**t - count + 1)) / math.log(2)
    used = 8 * len(golomb.encode(tokens).data)
    assert limit - 8 * math.log2(count) < used < limit * 1.04 + 16
