"""How many numbers stay possible for whoever knows a name and holds everything but lists/: computed, and measured.

    python -m tests.benchmarks.decoys [--full-cost 2000]

The measured figures use the construction of generator/bundle/collapse.py with the cost of Argon2id turned down, so
that enough numbers can be tried; ``--full-cost N`` tries N numbers at the cost of the format, to show that u is as even
there. Seeds are fixed: the same run prints the same figures. docs/threat-model.md, 2.1, holds the table.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice
from random import Random
from unittest.mock import patch

from generator.bundle import collapse
from generator.core.identifiers import Number, id_check_digit
from generator.core.model import Person

SALT = sha256(b"test U_SALT").digest()[:16]
SHARES = 1 << collapse.U_BITS
"""Of so many numbers one has a given u."""
FIRST_DAY = date(1946, 1, 1)
FIRST_AREA = 990100
SAMPLE = 40_000


@contextlib.contextmanager
def cheaply() -> Iterator[None]:
    """Turn the cost of Argon2id down to the least that it admits: some 30 µs instead of 25 ms."""
    with patch.object(collapse, "MEMORY_KIB", 8), patch.object(collapse, "PASSES", 1):
        yield


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of a resident number besides the name: how many areas, birth dates and serials remain."""

    known: str
    areas: int
    days: int
    serials: int
    one_sex: bool = False

    @property
    def candidates(self) -> int:
        """How many numbers fit; the check digit follows from the rest."""
        return self.areas * self.days * self.serials

    @property
    def decoys(self) -> float:
        """How many others have the true number's u, on average."""
        return (self.candidates - 1) / SHARES

    @property
    def alone(self) -> float:
        """How likely it is that no other has it."""
        return (1 - 1 / SHARES) ** (self.candidates - 1)

    def fewest(self, one_in: int = 1_000_000) -> int:
        """Return below which number of decoys fewer than one person in so many falls (binomial distribution)."""
        others, chance, total = self.candidates - 1, 1 / SHARES, 0.0
        for left in range(others + 1):
            total += math.exp(
                math.lgamma(others + 1)
                - math.lgamma(left + 1)
                - math.lgamma(others - left + 1)
                + left * math.log(chance)
                + (others - left) * math.log1p(-chance)
            )
            if total > 1 / one_in:
                return left
        return others

    def number(self, index: int) -> Number:
        """Return the candidate of that index, from 0."""
        rest, serial = divmod(index, self.serials)
        area, day = divmod(rest, self.days)
        born = FIRST_DAY + timedelta(days=day)
        digits = f"{FIRST_AREA + area:06}{born:%Y%m%d}{serial * 2 + 1 if self.one_sex else serial:03}"
        return Number(digits + id_check_digit(digits))


PRIORS = (
    Prior("nothing, not even the county: one of 120 in the province", 120, 29220, 1000),
    Prior("nothing but five possible area codes", 5, 29220, 1000),
    Prior("nothing but the county (80 years of birth dates)", 1, 29220, 1000),
    Prior("the county, and that only 40 serials a day were ever given out", 1, 29220, 40),
    Prior("county, sex", 1, 29220, 500, one_sex=True),
    Prior("county, sex, age within five years either way", 1, 3652, 500, one_sex=True),
    Prior("county, sex, year of birth", 1, 365, 500, one_sex=True),
    Prior("county, sex, year of birth, 20 serials a day", 1, 365, 20, one_sex=True),
    Prior("county, sex, month of birth", 1, 30, 500, one_sex=True),
    Prior("county, sex, birth date", 1, 1, 500, one_sex=True),
    Prior("sex and birth date, not the county", 120, 1, 500, one_sex=True),
)

Seen = Callable[[Number], object]
"""What all that was released shows of a candidate."""


def seen_of(*names: str) -> Seen:
    """Return what is shown of a number that stands in lists/ under each of these names: a u for each."""
    return lambda number: tuple(collapse.derive_u(Person(name, number), SALT) for name in names)


def share_alike(numbers: Sequence[Number], seen: Seen) -> float:
    """Return which share of all pairs of numbers cannot be told apart."""
    groups = Counter(map(seen, numbers))
    return sum(size * (size - 1) for size in groups.values()) / (len(numbers) * (len(numbers) - 1))


def sample(prior: Prior, size: int, seed: str) -> list[Number]:
    """Return that many different candidates, or all where there are no more."""
    if prior.candidates <= size:
        return [prior.number(index) for index in range(prior.candidates)]
    return [prior.number(index) for index in Random(seed).sample(range(prior.candidates), size)]  # noqa: S311


def measured(prior: Prior, size: int = SAMPLE) -> float:
    """Return how many decoys a candidate has on average, by the pairs that share u in a sample.

    Small spaces are looked at whole, under as many names as make up the sample.
    """
    names = max(1, size // prior.candidates)
    shares = [
        share_alike(sample(prior, size, prior.known), seen_of(f"示例{letter}")) for letter in islice(_letters(), names)
    ]
    return sum(shares) / len(shares) * (prior.candidates - 1)


def _letters() -> Iterator[str]:
    return map(chr, range(0x4E00, 0x9FA5))


def table() -> Iterator[str]:
    """Yield the rows of the table in docs/threat-model.md."""
    yield "| also known | areas | days | serials | candidates | decoys | measured | fewest | alone |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for prior in PRIORS:
        with cheaply():
            found = measured(prior)
        sizes = f"{prior.areas} | {prior.days} | {prior.serials} | {prior.candidates}"
        counts = f"{rounded(prior.decoys)} | {rounded(found)} | {prior.fewest()} | {percent(prior.alone)}"
        yield f"| {prior.known} | {sizes} | {counts} |"


def rounded(count: float) -> str:
    """Return a count as people read it: a decimal where it is small."""
    return f"{count:.1f}" if count < 100 else f"{count:.0f}"


def percent(share: float) -> str:
    """Return a share in per cent, "0" where it is below a tenth of one."""
    return f"{100 * share:.1f} %" if share >= 0.0005 else "0"


def exceptions() -> Iterator[str]:
    """Yield what happens where the bound counts more than one u: two spellings of a name, twins."""
    county = next(prior for prior in PRIORS if prior.known.startswith("nothing but the county"))
    numbers = sample(county, SAMPLE, "exceptions")
    twin = {number: _next_serial(number) for number in numbers}
    with cheaply():
        spelt = share_alike(numbers, seen_of("示例甲", "示例乙"))
        twins = share_alike(
            numbers, lambda number: (seen_of("示例甲")(number), seen_of("示例乙")(twin[Number(str(number))]))
        )
    for what, share in (("one number under two names", spelt), ("twins, serials one after the other", twins)):
        computed = (county.candidates - 1) / SHARES**2
        yield f"{what}: {rounded(computed)} computed, {rounded(share * (county.candidates - 1))} measured"


def _next_serial(number: Number) -> Number:
    digits = f"{number[:14]}{(int(number[14:17]) + 2) % 1000:03}"
    return Number(digits + id_check_digit(digits))


def full_cost(count: int) -> str:
    """Return how even u is at the cost of the format: the pairs that meet among some numbers of one name."""
    alike = share_alike(sample(PRIORS[2], count, "full cost"), seen_of("示例甲"))
    pairs = count * (count - 1) // 2
    spread = math.sqrt(pairs / SHARES)
    return (
        f"full cost, {count} numbers: {alike * pairs:.0f} pairs share u, {pairs / SHARES:.0f} ± {spread:.0f} expected"
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full-cost", type=int, default=0, metavar="N", help="also try N numbers, some 25 ms each")
    options = parser.parse_args()
    for line in table():
        print(line, flush=True)
    for line in exceptions():
        print(line, flush=True)
    if options.full_cost:
        print(full_cost(options.full_cost))


if __name__ == "__main__":
    main()
