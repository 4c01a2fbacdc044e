"""Print how many bits an entry of a class takes, beside what any coding of a random set must take, and how long it was.

Run: .venv/bin/python -m tests.benchmarks.bench_bits
"""

from __future__ import annotations

import math
import time
from random import Random

from generator.bundle import collapse, golomb

SIZES = (10_000, 100_000, 1_000_000)


def limit(count: int, t: int) -> float:
    """Return log₂ of the number of sets of ``count`` tokens of ``t`` bits, for each token."""
    sets = math.lgamma(2**t + 1) - math.lgamma(count + 1) - math.lgamma(2**t - count + 1)
    return sets / math.log(2) / count


def main() -> None:
    """Print one line for each size."""
    print("entries    t   P   bits/entry   limit    over   encoded in   decoded in")
    for count in SIZES:
        t = collapse.token_bits(count)
        tokens = Random(count).sample(range(2**t), count)  # noqa: S311 - a fixed seed is the point
        start = time.perf_counter()
        coded = golomb.encode(tokens)
        middle = time.perf_counter()
        assert golomb.decode(coded.data, coded.parameter, coded.count) == sorted(tokens)
        end = time.perf_counter()
        used, least = 8 * len(coded.data) / count, limit(count, t)
        print(
            f"{count:>9} {t:>3} {coded.parameter:>3} {used:>10.3f} {least:>9.3f} {100 * (used / least - 1):>6.2f} %"
            f" {middle - start:>9.2f} s {end - middle:>10.2f} s"
        )


if __name__ == "__main__":
    main()
