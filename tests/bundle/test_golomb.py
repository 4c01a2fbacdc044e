"""Golomb–Rice coding, read back by a decoder of the tests' own, written from the specification."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.bundle import collapse, golomb

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
    assert golomb.decode(coded.data, coded.parameter, coded.count) == sorted(tokens)


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


@pytest.mark.parametrize("seed", range(20))
def test_without_a_count_all_tokens_of_a_class_are_read(seed: int) -> None:
    tokens = Random(seed).sample(range(2**29), 64 + seed)  # noqa: S311 - a fixed seed is the point
    coded = golomb.encode(tokens)
    assert golomb.decode(coded.data, coded.parameter) == sorted(tokens)


def test_nothing_is_nothing() -> None:
    assert golomb.decode(b"", 12) == golomb.decode(b"", 12, 0) == []


@pytest.mark.parametrize(("data", "parameter", "count"), [(b"\xff", 0, 1), (b"\x7f", 9, 1), (b"\x7f\xff", 3, None)])
def test_a_token_cut_short_is_a_fault(data: bytes, parameter: int, count: int | None) -> None:
    with pytest.raises(ValueError, match=r"cut short|not found"):
        golomb.decode(data, parameter, count)


def test_a_long_run_of_ones_crosses_what_is_written_at_a_time() -> None:
    """Bytes are written as they fill up: nearly a quarter of a million bits here, 20,000 of them in one quotient."""
    tokens = [*range(200_000), 2**18 + 2**14, *range(2**18 + 2**14 + 2, 2**19, 3)]
    coded = golomb.encode(tokens)
    assert coded.parameter == 0
    assert decode(coded.data, coded.parameter, coded.count) == tokens


@given(st.lists(st.integers(0, TOP) | st.integers(0, 9), max_size=30), st.integers(0, 10))
def test_no_neighbour_of_the_best_parameter_is_better(gaps: list[int], times: int) -> None:
    """Whichever way the search starts: many small gaps beside a huge one send it down, many zeros stop it at 0."""
    many = gaps + [0, 1] * times
    lengths = [sum(gap >> parameter for gap in many) + len(many) * (1 + parameter) for parameter in range(49)]
    assert golomb.best_parameter(many) == lengths.index(min(lengths))


@pytest.mark.parametrize(("gaps", "parameter"), [([5, 14, 4], 3), ([0] * 20 + [600], 4), ([4, 4, 4], 1)])
def test_the_search_goes_up_and_down(gaps: list[int], parameter: int) -> None:
    """⌊log₂ of the mean⌋ is 2, 4 and 2; the last is a tie, where the smaller one counts."""
    lengths = [sum(gap >> p for gap in gaps) + len(gaps) * (1 + p) for p in range(49)]
    assert golomb.best_parameter(gaps) == lengths.index(min(lengths)) == parameter


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_within_one_per_cent_of_what_any_coding_needs(count: int) -> None:
    """With the t of a programme just that large: issue 3, item 7. tests/benchmarks has a million."""
    t = collapse.token_bits(count)
    tokens = Random(count).sample(range(2**t), count)  # noqa: S311 - a fixed seed is the point
    limit = (math.lgamma(2**t + 1) - math.lgamma(count + 1) - math.lgamma(2**t - count + 1)) / math.log(2)
    assert 8 * len(golomb.encode(tokens).data) < limit * 1.01


@pytest.mark.parametrize(("count", "t"), [(64, 24), (1000, 29), (20_000, 29), (5000, 41)])
def test_a_random_set_takes_little_more_than_it_must(count: int, t: int) -> None:
    """The limit is log₂ of the number of such sets; Rice coding of random gaps stays within four per cent of it."""
    tokens = Random(count).sample(range(2**t), count)  # noqa: S311 - a fixed seed is the point
    limit = (math.lgamma(2**t + 1) - math.lgamma(count + 1) - math.lgamma(2**t - count + 1)) / math.log(2)
    used = 8 * len(golomb.encode(tokens).data)
    assert limit - 8 * math.log2(count) < used < limit * 1.04 + 16
