"""Print how long verify.py takes to open a large bundle, and to answer a customer beside the bare Argon2id.

Run: .venv/bin/python -m tests.benchmarks.bench_open [SIZE ...]

Each size is one bundle with one class, coded by the office's own coder, signed by the issuer of the tests. Ratios are
taken within the run, the two sides in turn, since machines differ and are shared.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from generator.bundle import collapse, golomb
from generator.verifier import verify
from tests.benchmarks.bench_bits import limit
from tests.verifier.issuer import NOON, PASSPHRASE, STRANGER, ZHANG, Issuer, encoded, encrypt

SIZES = (10_000, 100_000, 1_000_000)
OPENINGS, ANSWERS = 7, 41


class LargeIssuer(Issuer):
    """An issuer whose only class was coded by the office."""

    def code(self, count: int) -> golomb.Coded:
        """Code a random class with the t that the office takes for so many."""
        t = collapse.token_bits(count)
        self.coded = golomb.encode(Random(count).sample(range(1 << t), count))  # noqa: S311 - a fixed seed is the point
        self.manifest["token"]["t"] = t
        return self.coded

    def members(self) -> dict[str, bytes]:
        """Return what is encrypted (4)."""
        days = {"canyin": "2027-01-14"}
        entry = {
            "file": "classes/0.gr",
            "count": self.coded.count,
            "parameter": self.coded.parameter,
            "scenarios": days,
        }
        organisations = encoded({"organisations": self.organisations})
        manifest = encoded(self.manifest | {"classes": [entry]})
        return {"manifest.json": manifest, "organisations.json": organisations, "classes/0.gr": self.coded.data}

    def target(self) -> bytes:
        """Return the encrypted zip, the class stored."""
        return encrypt(self.members().items(), self.passphrase, method=0)


def bare() -> None:
    """Do what no verifier can spare: one Argon2id at the cost of the format."""
    kdf = Argon2id(salt=sha256(b"bare").digest()[:16], length=32, iterations=2, lanes=1, memory_cost=19456)
    kdf.derive(b"xinyi/u/1")


def seconds(act: Callable[[], object]) -> float:
    """Return how long an act takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure(count: int, folder: Path) -> str:
    """Return a line of the table."""
    issuer = LargeIssuer()
    coded = issuer.code(count)
    data, state = issuer.bundle(), verify.State(folder / str(count), issuer.pin)
    opened = verify.open_bundle(data, state, PASSPHRASE, NOON)
    openings = [seconds(lambda: verify.open_bundle(data, state, PASSPHRASE, NOON)) for _ in range(OPENINGS)]
    decodings = [
        seconds(lambda: verify.decode_class(coded.data, coded.count, coded.parameter, issuer.manifest["token"]["t"]))
        for _ in range(OPENINGS)
    ]
    today = NOON.date()
    asked = [{verify.NAME: who[0], verify.NUMBER: who[1]} for who in (ZHANG, STRANGER)]
    pairs = [(seconds(lambda i=i: opened.judge(asked[i % 2], today)), seconds(bare)) for i in range(ANSWERS)]  # type: ignore[misc]
    answer, alone = (median(side) for side in zip(*pairs, strict=True))
    t = issuer.manifest["token"]["t"]
    bits, least = 8 * len(coded.data) / count, limit(count, t)
    return (
        f"{count:>9} {t:>3} {bits:>10.3f} {least:>9.3f} {100 * (bits / least - 1):>6.2f} % {len(data):>11,}"
        f" {median(openings):>8.3f} s ({min(openings):.3f}-{max(openings):.3f}) {median(decodings):>8.3f} s"
        f" {1000 * answer:>9.2f} ms {1000 * alone:>8.2f} ms {median(a / b for a, b in pairs):>7.3f}"
    )


def main() -> None:
    """Print one line for each size."""
    print(
        "  entries   t bits/entry     limit     over       bytes  opened in (fastest-slowest)    decoded"
        "    answered     Argon2id   ratio"
    )
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, sys.argv[1:] or SIZES):
            print(measure(count, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
