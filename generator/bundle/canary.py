"""Canary tokens: which merchant's bundle a leaked list came out of (docs/spec/bundle.md, 4.5; ADR 15).

Every class of every merchant's bundle carries tokens that stand for nobody: of 32 candidates some half, a different
half for each merchant. Who leaks a class leaks its canaries. A merchant whose bundle has nothing to do with a leak fits
it like a row of tossed coins, so how likely it is to fit by chance can be said exactly, whatever was done to the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import comb

from generator.bundle.collapse import Secrets, first_bits
from generator.core.model import MerchantId

CANDIDATES = 32
CERTAIN = 1e-4
"""A merchant is named where innocent merchants, all together, fit as well in fewer than one leak in ten thousand."""
_STRAY = 0.01
"""A class is taken to be in a leak where chance alone would show so many of its candidates in one leak in a hundred."""

Mark = int
"""32 bits, the first candidate's on top: which candidates of a class a merchant's bundle carries, or a leak shows."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """How well a merchant's marks fit a leak.

    ``carried`` of the ``shown`` canaries in the leak are this merchant's; ``agreeing`` of all ``candidates`` are as its
    bundle has them. ``chance`` bounds how likely it is that any innocent merchant fits as well.
    """

    merchant: MerchantId
    carried: int
    shown: int
    agreeing: int
    candidates: int
    chance: float

    @property
    def named(self) -> bool:
        """Whether the leak came out of this merchant's bundle, as surely as ``CERTAIN`` says."""
        return self.chance <= CERTAIN


@lru_cache(maxsize=4096)
def candidates(label: str, secrets: Secrets) -> tuple[int, ...]:
    """Return the candidates of the class that ``label`` spells; merchants have many classes in common."""
    prefix = b"xinyi/canary/1\0" + label.encode() + b"\0"
    indexed = (prefix + index.to_bytes(4, "big") for index in range(CANDIDATES))
    return tuple(first_bits(secrets.ref_key, message, secrets.token_bits) for message in indexed)


def mark(merchant: MerchantId, label: str, secrets: Secrets) -> Mark:
    """Return which candidates of a class one merchant's bundle carries."""
    message = b"xinyi/canary-of/1\0" + merchant.encode() + b"\0" + label.encode()
    return first_bits(secrets.ref_key, message, CANDIDATES)


def canaries(merchant: MerchantId, label: str, secrets: Secrets) -> tuple[int, ...]:
    """Return the tokens that mark one class of one merchant's bundle; whoever adds them skips tokens in use."""
    carried = f"{mark(merchant, label, secrets):0{CANDIDATES}b}"
    return tuple(token for token, bit in zip(candidates(label, secrets), carried, strict=True) if bit == "1")


def shown(tokens: Set[int], labels: Iterable[str], secrets: Secrets) -> dict[str, Mark]:
    """Return, for each class that seems to be in a leak, which of its candidates the leak shows.

    A class seems to be in it where it shows more candidates than as many tokens drawn at random would.
    """
    seen = {}
    for label in sorted(set(labels)):
        bits = "".join("01"[token in tokens] for token in candidates(label, secrets))
        seen[label] = int(bits, 2)
    by_chance = _tails(CANDIDATES, len(tokens), 1 << secrets.token_bits)
    return {label: bits for label, bits in seen.items() if len(seen) * by_chance[bits.bit_count()] <= _STRAY}


def trace(leak: Mapping[str, Mark], merchants: Iterable[MerchantId], secrets: Secrets) -> tuple[Suspect, ...]:
    """Return how well each merchant fits what ``shown`` found, the best first.

    Three tests, of which the best counts, at three times its chance: how many of the canaries shown are the merchant's,
    for a leak of which much is missing, lost or struck out by merchants who compared their bundles; how many of those
    not shown are not the merchant's, for bundles poured together; and how many candidates in all are as the merchant's
    bundle has them, for whatever lies between.
    """
    known = sorted(set(merchants))
    every = CANDIDATES * len(leak)
    seen = _joined(leak.values())
    present = seen.bit_count()
    by_present, by_absent, by_both = _tails(present, 1, 2), _tails(every - present, 1, 2), _tails(every, 1, 2)
    found = []
    for merchant in known:
        own = _joined(mark(merchant, label, secrets) for label in leak)
        carried, alike = (seen & own).bit_count(), every - (seen ^ own).bit_count()
        best = min(by_present[carried], by_absent[alike - carried], by_both[alike])
        found.append(Suspect(merchant, carried, present, alike, every, min(1.0, 3 * len(known) * best)))
    return tuple(sorted(found, key=lambda suspect: (suspect.chance, suspect.merchant)))


def _joined(marks: Iterable[Mark]) -> int:
    whole = 0
    for bits in marks:
        whole = whole << CANDIDATES | bits
    return whole


def _tails(trials: int, hits: int, of: int) -> list[float]:
    """Return for each count from 0 to ``trials`` the chance of so many or more, each trial hitting in hits/of cases."""
    weights = (comb(trials, count) * hits**count * (of - hits) ** (trials - count) for count in range(trials, -1, -1))
    return [total / of**trials for total in accumulate(weights)][::-1]
