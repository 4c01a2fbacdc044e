"""Golomb–Rice coding of a set of tokens: one encoding for each set (docs/spec/bundle.md, 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

MAX_PARAMETER = 48


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded set: its bytes, the parameter P and the number of tokens."""

    data: bytes
    parameter: int
    count: int


def encode(tokens: Iterable[int]) -> Coded:
    """Code a set of non-negative tokens; duplicates are one token."""
    ordered = sorted(set(tokens))
    if ordered and ordered[0] < 0:
        raise ValueError("tokens are not negative")
    gaps = [b - a - 1 for a, b in pairwise([-1, *ordered])]
    parameter = best_parameter(gaps)
    bits = "".join(_rice(gap, parameter) for gap in gaps)
    padded = bits + "0" * (-len(bits) % 8)
    return Coded(int(padded, 2).to_bytes(len(padded) // 8, "big") if padded else b"", parameter, len(ordered))


def best_parameter(gaps: Sequence[int]) -> int:
    """Return the P with the fewest bits, the smaller on a tie; the number of bits is convex in P."""
    parameter = 0
    while parameter < MAX_PARAMETER and _length(gaps, parameter + 1) < _length(gaps, parameter):
        parameter += 1
    return parameter


def _length(gaps: Sequence[int], parameter: int) -> int:
    return sum(gap >> parameter for gap in gaps) + len(gaps) * (1 + parameter)


def _rice(gap: int, parameter: int) -> str:
    low = f"{gap & ((1 << parameter) - 1):0{parameter}b}" if parameter else ""
    return "1" * (gap >> parameter) + "0" + low
