"""Golomb–Rice coding of a set of tokens: one encoding for each set (docs/spec/bundle.md, 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from operator import rshift

MAX_PARAMETER = 48
_FLUSH = 2048
"""Bits held back before whole bytes are written: few enough that shifting them costs nothing."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded set: its bytes, the parameter P and the number of tokens."""

    data: bytes
    parameter: int
    count: int


def encode(tokens: Iterable[int]) -> Coded:
    """Code a set of non-negative tokens; duplicates are one token. A million take about a second and 60 MB."""
    ordered = sorted(tokens)
    if ordered and ordered[0] < 0:
        raise ValueError("tokens are not negative")
    gaps = [b - a - 1 for a, b in pairwise((-1, *ordered)) if a != b]
    parameter = best_parameter(gaps)
    return Coded(_pack(gaps, parameter), parameter, len(gaps))


def decode(data: bytes, parameter: int, count: int | None = None) -> list[int]:
    """Return ``count`` tokens of a class file, or all up to the padding, which is exact for parameters from 7 on.

    Raises ``ValueError`` where a token is cut short. For the office, to read what it wrote itself: what a verifier must
    refuse besides is in the specification.
    """
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""
    tokens: list[int] = []
    at, last = 0, -1
    while len(bits) - at >= 8 or "1" in bits[at:] if count is None else len(tokens) < count:
        end = bits.index("0", at) + 1
        low = bits[end : end + parameter]
        if len(low) < parameter:
            raise ValueError("a token is cut short")
        last += ((end - 1 - at) << parameter | int(low or "0", 2)) + 1
        tokens.append(last)
        at = end + parameter
    return tokens


def best_parameter(gaps: Sequence[int]) -> int:
    """Return the P with the fewest bits, the smaller on a tie.

    The number of bits is convex in P, so from any start the first P that neither neighbour betters is the one; for
    random tokens it is ⌊log₂ of the mean gap⌋.
    """
    mean = sum(gaps) // len(gaps) if gaps else 0
    parameter = min(max(mean.bit_length() - 1, 0), MAX_PARAMETER)
    used = _length(gaps, parameter)
    while parameter > 0 and (fewer := _length(gaps, parameter - 1)) <= used:
        parameter, used = parameter - 1, fewer
    while parameter < MAX_PARAMETER and (fewer := _length(gaps, parameter + 1)) < used:
        parameter, used = parameter + 1, fewer
    return parameter


def _length(gaps: Sequence[int], parameter: int) -> int:
    quotients: Iterable[int] = map(rshift, gaps, repeat(parameter))
    return sum(quotients) + len(gaps) * (1 + parameter)


def _pack(gaps: Iterable[int], parameter: int) -> bytes:
    """Return the coded gaps, the last byte filled up with zeros."""
    out = bytearray()
    waiting, held = 0, 0
    mask, fixed = (1 << parameter) - 1, parameter + 1
    for gap in gaps:
        quotient = gap >> parameter
        ones = (1 << quotient) - 1
        waiting = (waiting << quotient | ones) << fixed | gap & mask
        held += quotient + fixed
        if held >= _FLUSH:
            rest = held % 8
            out += (waiting >> rest).to_bytes(held // 8, "big")
            waiting, held = waiting & ((1 << rest) - 1), rest
    padding = -held % 8
    out += (waiting << padding).to_bytes((held + padding) // 8, "big")
    return bytes(out)
