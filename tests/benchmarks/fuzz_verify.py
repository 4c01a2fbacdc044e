"""Throw spoilt input at verify.py, every layer by itself: each ends in an answer or a refusal, never in a crash.

Run: .venv/bin/python -m tests.benchmarks.fuzz_verify [SECONDS] [--seed N]

With atheris (``pip install -e '.[fuzz]'``) the inputs follow what the program does with them; without it they are
random. The layers are mended on the way out, so that a fault reaches the code behind the checks: checksums of the
container, signatures of metadata, digest and encryption of the target, count and parameter of a class. Prints how often
each layer was reached and how often it was refused; ends with 1 and the input when something crashed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from securesystemslib.exceptions import FormatError
from securesystemslib.formats import encode_canonical

from generator.verifier import verify
from tests.verifier.issuer import COMPANY, NOON, PASSPHRASE, ZHANG, Issuer, encrypt, pack, rice, signer

ODD: tuple[Any, ...] = (None, True, False, 0, 1, -1, 13, 49, 1 << 64, 10**400, 0.5, 1e400, "", "\udc80", "\0", [], {})
WORDS = (
    "--name",
    "--id",
    "--org",
    "--csv",
    "--json",
    "--state",
    "--as-of",
    "--root",
    "-h",
    "--",
    "-",
    "b.zip",
    "t.csv",
)


class Choices:
    """Decisions taken from bytes, one after the other; zeros when they have run out."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def below(self, limit: int) -> int:
        """Return a number below a limit of at most 65,536."""
        return int.from_bytes(self.take(1 + (limit > 256)).ljust(2, b"\0"), "little") % max(limit, 1)

    def take(self, count: int) -> bytes:
        """Return so many bytes, or what is left."""
        self.place += count
        return self.data[self.place - count : self.place]

    def one(self, things: Sequence[Any]) -> Any:
        """Return one of some things."""
        return things[self.below(len(things))]

    def text(self) -> str:
        """Return a text: bytes read as UTF-8, as UTF-16 or as a number."""
        raw = self.take(self.below(24))
        ways = (lambda: raw.decode(errors="surrogateescape"), lambda: raw.decode("utf-16", errors="replace"))
        return str(self.one((*ways, lambda: "".join(str(byte % 10) for byte in raw)))())

    def spoil(self, data: bytes) -> bytes:
        """Return bytes with a few faults: some changed, gone, more, or again."""
        for _ in range(1 + self.below(4)):
            place, length = self.below(min(len(data) + 1, 1 << 16)), self.below(9)
            place = max(len(data) - place, 0) if self.below(2) else place
            new = self.one((self.take(length), bytes(length), data[place : place + length] * 2))
            data = data[:place] + new + data[place + self.below(9) :]
        return data

    def spoil_json(self, value: Any) -> Any:
        """Return a JSON value with a few faults somewhere in it."""
        whole = [deepcopy(value)]
        for _ in range(1 + self.below(3)):
            holder: Any = whole
            at: Any = 0
            while isinstance(holder[at], list | dict) and holder[at] and self.below(6):
                holder = holder[at]
                at = self.one([*holder] if isinstance(holder, dict) else range(len(holder)))
            self.spoil_at(holder, at)
        return whole[0]

    def spoil_at(self, holder: Any, at: Any) -> None:
        """Put something else in one place, or take it away, or put it there twice."""
        kind = self.below(5)
        if kind == 0 and isinstance(holder, dict):
            del holder[at]
        elif kind == 1 and isinstance(holder, dict):
            holder[self.text()] = holder[at]
        elif kind == 1:
            holder.append(holder[at])
        elif kind == 2:
            holder[at] = self.text()
        elif kind == 3:
            holder[at] = self.below(1 << 16) - (1 << 15)
        else:
            holder[at] = self.one(ODD)


# -- the layers -------------------------------------------------------------------------------------------------


class Memory(verify.State):
    """A state without a disk: each bundle is the first."""

    def read(self, _merchant: str) -> verify.Entry:
        """Return nothing."""
        return {"roots": [], "timestamp": "", "snapshot": "", "seen": ""}

    def write(self, _merchant: str, known: verify.Entry) -> None:
        """Hold what is written against what JSON can hold."""
        json.dumps(known)


@cache
def issuer() -> Issuer:
    """Return a small issuer with two roots."""
    made = Issuer()
    made.rotate(root_keys=("four", "two", "three"))
    made.classes = [({"canyin": "2027-01-14"}, [ZHANG[2], 5, 1 << 20]), ({"guanying": "2026-11-30"}, [7])]
    return made


@cache
def container() -> dict[str, bytes]:
    """Return the members of a good bundle."""
    return issuer().container()


def resigned(content: Any, *seeds: str) -> bytes:
    """Return metadata with signatures over whatever it says, if that can be signed at all."""
    try:
        form = (encode_canonical(content) or "").encode()
    except (FormatError, UnicodeEncodeError):  # a fraction, a lone surrogate
        form = b""
    signatures = [{"keyid": signer(seed).public_key.keyid, "sig": signer(seed).sign(form).signature} for seed in seeds]
    return json.dumps({"signatures": signatures, "signed": content}).encode()


def retargeted(target: bytes) -> dict[str, bytes]:
    """Return a container for another target, signed."""
    digest = hashlib.sha256(target).hexdigest()
    roots = {name: data for name, data in container().items() if name.endswith("root.json")}
    return {**roots, **issuer().release(target), f"targets/{digest}.canyin.zip": target}


def opened(members: dict[str, bytes], state: verify.State | None = None) -> None:
    """Open a bundle, and ask it, as a merchant would."""
    first = hashlib.sha256(members.get("metadata/1.root.json", b"")).hexdigest()
    data = pack(members.items())
    bundle = verify.open_bundle(data, state or Memory(Path(), first), PASSPHRASE, NOON)
    today = NOON.date()
    for cells in ({verify.CODE: COMPANY[0]}, {verify.NAME: ZHANG[0], verify.NUMBER: ZHANG[1]}):
        answer = bundle.judge(cells, today)
        json.dumps(answer)
        assert verify.STATUS[answer["code"]] in range(4)


def raw(choices: Choices) -> None:
    """Open any bytes, or a bundle with faults that nobody mended."""
    data = choices.take(400) if choices.below(2) else choices.spoil(pack(container().items()))
    verify.open_bundle(data, Memory(Path(), issuer().pin), PASSPHRASE, NOON)


def mended(choices: Choices) -> None:
    """Spoil, drop and rename members; checksums are right."""
    members = dict(container())
    for _ in range(1 + choices.below(3)):
        name = choices.one([*members])
        data, kind = members.pop(name), choices.below(4)
        if kind == 1:
            members[choices.spoil(name.encode()).decode("latin-1").replace("\0", "0")] = data
        elif kind:
            members[name] = choices.spoil(data)
    with contextlib.suppress(ValueError, UnicodeError):
        opened(members)


def metadata(choices: Choices) -> None:
    """Spoil metadata; they are rightly signed."""
    members = dict(container())
    for _ in range(1 + choices.below(2)):
        name = choices.one([name for name in members if name.startswith("metadata/")])
        seeds = ("one", "two", "four") if name.endswith("root.json") else ("office",)
        members[name] = resigned(choices.spoil_json(json.loads(container()[name])["signed"]), *seeds)
    opened(members)


def target(choices: Choices) -> None:
    """Spoil the encrypted zip; it is rightly signed."""
    opened(retargeted(choices.spoil(next(data for name, data in container().items() if name.startswith("targets/")))))


def contents(choices: Choices) -> None:
    """Spoil manifest, organisations or classes; they are rightly encrypted and signed."""
    members = issuer().members()
    for _ in range(1 + choices.below(2)):
        name = choices.one([*members])
        if name.endswith(".json") and choices.below(8):
            members[name] = json.dumps(choices.spoil_json(json.loads(issuer().members()[name]))).encode()
        else:
            members[name] = choices.spoil(members[name])
    opened(retargeted(encrypt(members.items(), method=choices.one((0, 8)))))


def classes(choices: Choices) -> None:
    """Read any class: what is read is written in just these bytes."""
    count, parameter, t = choices.below(40), choices.below(50), 1 + choices.below(48)
    tokens = {int.from_bytes(choices.take(6), "big") % (1 << t) for _ in range(choices.below(12))}
    data, best, best_parameter = rice(tokens)
    if choices.below(2):
        data, count, parameter = choices.spoil(data) if choices.below(2) else choices.take(40), best, best_parameter
    read = verify.decode_class(data, count, parameter, t)
    assert rice(read) == (data, count, parameter)
    assert not read or 0 <= read[0] <= read[-1] < 1 << t


def people(choices: Choices) -> None:
    """Type any name, number, code and passphrase."""
    for act in (
        lambda: verify.canonical(choices.text(), choices.text()),
        lambda: verify.canonical("张三", choices.text()),
        lambda: verify.canonical("", "", choices.text()),
        lambda: verify.read_contents(b"", choices.text(), "canyin", {}),
    ):
        with contextlib.suppress(verify.Refused):
            act()


def table(choices: Choices) -> None:
    """Read any table."""
    head = choices.one(("姓名,证件号码\n", "统一社会信用代码\n", "")).encode(
        choices.one(("utf-8", "gb18030", "utf-8-sig"))
    )
    rows = verify.read_table(head + choices.spoil(f"张三,{ZHANG[1]}\n".encode()) + choices.take(60))
    assert all(isinstance(cell, str) for row in rows.values() for cell in row.values())


@cache
def folder() -> Path:
    """Return a folder on a disk, for what needs one."""
    made = Path(tempfile.mkdtemp(prefix="xinyi-fuzz-"))
    os.chdir(made)  # a --state of random characters is a folder of the current one
    (made / "state" / "canyin").mkdir(parents=True)
    (made / "b.zip").write_bytes(pack(container().items()))
    (made / "t.csv").write_text(f"姓名,证件号码\n张三,{ZHANG[1]}\n", encoding="utf-8")
    return made


@cache
def remembered() -> bytes:
    """Return the state after a good bundle."""
    verify.open_bundle(pack(container().items()), verify.State(folder() / "good", issuer().pin), PASSPHRASE, NOON)
    return (folder() / "good" / "canyin" / "state.json").read_bytes()


def states(choices: Choices) -> None:
    """Spoil the state; the file stays as it was unless the bundle opens."""
    path = folder() / "state" / "canyin" / "state.json"
    spoilt = choices.spoil(remembered())
    if choices.below(2):
        spoilt = json.dumps(choices.spoil_json(json.loads(remembered()))).encode()
    path.write_bytes(spoilt)
    try:
        opened(container(), verify.State(folder() / "state", choices.one((issuer().pin, ""))))
    except verify.Refused:
        assert path.read_bytes() == spoilt
        raise


def command(choices: Choices) -> None:
    """Run any command line, anything typed: it ends with one of four exit statuses."""
    words = [choices.one((*WORDS, choices.text())) for _ in range(choices.below(7))]
    words = [str(folder() / word) if word in ("b.zip", "t.csv") else word for word in words]
    if choices.below(4):
        words = [str(folder() / "b.zip"), "--root", issuer().pin, "--state", str(folder() / "main"), *words]
    at = NOON + timedelta(days=choices.below(60) - 10)
    out = io.TextIOWrapper(io.BytesIO(), encoding=choices.one(("utf-8", "gbk", "ascii")), errors="replace")
    typed = io.StringIO("\n".join(choices.text() for _ in range(choices.below(6))))
    with patch.multiple(sys, stdin=typed, stdout=out, stderr=out), patch.dict(os.environ, XINYI_PASSPHRASE=PASSPHRASE):
        assert verify.main(words, lambda: at) in range(4)


LAYERS: tuple[Callable[[Choices], None], ...] = (
    raw,
    mended,
    metadata,
    target,
    contents,
    classes,
    people,
    table,
    states,
    command,
)
reached: Counter[str] = Counter()
refused: Counter[str] = Counter()


def attempt(data: bytes) -> None:
    """Spoil one layer as the bytes say; the first byte says which."""
    choices = Choices(data)
    layer = choices.one(LAYERS)
    reached[layer.__name__] += 1
    try:
        layer(choices)
    except verify.Refused as refusal:
        refused[layer.__name__] += verify.STATUS[refusal.code] > 1


# -- the run ----------------------------------------------------------------------------------------------------


def inputs(seed: int) -> Iterator[bytes]:
    """Yield random inputs for ever, each layer in turn."""
    random = Random(seed)  # noqa: S311 - a fixed seed is the point
    while True:
        for layer in range(len(LAYERS)):
            yield bytes([layer]) + random.randbytes(random.randrange(200))


def report(engine: str, seconds: float, crashes: int) -> None:
    """Print what was done."""
    total = sum(reached.values())
    print(f"{engine}: {total:,} executions in {seconds:.0f} s, {crashes} crashes")
    for layer in LAYERS:
        name = layer.__name__
        print(f"  {name:<10} {reached[name]:>9,} executions, {refused[name]:>9,} refused")


def at_random(seconds: float, seed: int) -> int:
    """Try random inputs for some seconds; return the exit status."""
    start = time.monotonic()
    for data in inputs(seed):
        if time.monotonic() - start > seconds:
            break
        try:
            attempt(data)
        except BaseException:
            print(f"crashed on {data.hex()}", file=sys.stderr)
            report("random", time.monotonic() - start, 1)
            raise
    report("random", time.monotonic() - start, 0)
    return 0


def guided(seconds: int, seed: int) -> int:
    """Let atheris look for inputs for some seconds, in a process that it may end; return the exit status."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xinyi-corpus-") as made:
        corpus, figures = Path(made, "corpus"), Path(made, "figures.json")
        corpus.mkdir()
        for number, data in zip(range(40 * len(LAYERS)), inputs(seed), strict=False):
            (corpus / str(number)).write_bytes(data)
        limits = [
            f"-max_total_time={seconds}",
            "-max_len=400",
            "-timeout=60",
            "-rss_limit_mb=4096",
            f"-seed={seed + 1}",
        ]
        flags = ["-verbosity=0", f"-artifact_prefix={made}/crash-", *limits, str(corpus)]
        command = [sys.executable, "-m", "tests.benchmarks.fuzz_verify", "--guided", str(figures), *flags]
        status = subprocess.run(command, check=False).returncode
        for counter, counts in zip((reached, refused), json.loads(figures.read_bytes()), strict=True):
            counter.update(counts)
        crashes = [path.read_bytes() for path in Path(made).glob("crash-*")]
        for crash in crashes:
            print(f"crashed on {crash.hex()}", file=sys.stderr)
    report("atheris", time.monotonic() - start, len(crashes))
    return int(status != 0)


def run_guided(figures: Path, words: list[str]) -> None:
    """Be the process that atheris leads and ends; what was counted is written down as it goes."""
    import atheris

    def counted(data: bytes) -> None:
        try:
            attempt(data)
        finally:
            if sum(reached.values()) % 200 == 1:
                figures.write_text(json.dumps([reached, refused]), encoding="ascii")

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *words], counted)
    atheris.Fuzz()


def main() -> int:
    """Run the better engine that is there."""
    if sys.argv[1:2] == ["--guided"]:
        run_guided(Path(sys.argv[2]), sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=("atheris", "random"))
    options = parser.parse_args()
    with contextlib.suppress(ImportError):
        import atheris  # noqa: F401 - is it there?

        options.engine = options.engine or "atheris"
    if options.engine == "atheris":
        return guided(options.seconds, options.seed)
    return at_random(options.seconds, options.seed)


if __name__ == "__main__":
    sys.exit(main())
