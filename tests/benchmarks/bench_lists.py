"""How long a very large table takes to be read, checked and given a standing, and how much memory that needs.

    python -m tests.benchmarks.bench_lists [ROWS]

The table is one .xlsx of nominations by one unit, every row another invented person (area code 99), written by
XlsxWriter with a shared string table as Excel has. It is written by a process of its own, so that the peak memory is
that of reading. It is read twice: the second run finds what it said in lists/.cache. The limits are those of the
issue: 100,000 rows in 10 s and 500 MB; both grow with the rows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import xlsxwriter

from generator.core.identifiers import id_check_digit
from generator.core.lifecycle import stand
from generator.errors import Faults
from generator.sources.content import read_content
from generator.sources.forms import BLANKS
from generator.sources.holidays import parse_calendar
from generator.sources.kept import Kept
from generator.sources.lists import parse_lists

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
ROWS = 100_000
SECONDS, MEGABYTES = 10, 500
AS_OF = date(2026, 11, 20)
FOLDER = "lists/batches/2026-01/"
BATCH = """title = "示例"
deadline = 2026-11-06

[[submission]]
file = "名单.xlsx"
unit = "fs-jiaoyuju"
received = 2026-10-28
"""


def write(path: Path, rows: int) -> None:
    """Write a table of so many people, with the columns of the form."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("名单")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["示例县守信激励名单"])
    sheet.write_row(1, 0, [blank.title for blank in BLANKS])
    for index in range(rows):
        values = [
            index + 1,
            "2026-01",
            "A8",
            "个人",
            name(index),
            "居民身份证",
            number(index),
            "",
            f"示例{index % 300}校",
        ]
        values += ["优秀教师", "示例县人民政府", "示例发〔2025〕1号", "", "", "教育局", f"示例 {index % 1000:03}"]
        sheet.write_row(index + 2, 0, values)
        sheet.write_datetime(index + 2, 12, date(2025, 1 + index % 12, 1 + index % 28), day)
    book.close()


def name(index: int) -> str:
    return f"示{chr(0x4E00 + index % 20_000)}{chr(0x4E00 + index // 20_000)}"


def number(index: int) -> str:
    """Return the number of an invented person; each index has another."""
    first17 = f"99{index // 1000:04}19{50 + index % 50}{1 + index % 12:02}{1 + index % 28:02}{index % 1000:03}"
    return first17 + id_check_digit(first17)


def read(path: Path, kept: Path) -> int:
    """Read a table, check it, keep it, and give everyone a standing; return how many there are."""
    faults = Faults()
    content = read_content(ROOT, Faults())
    assert content
    files = {
        f"{FOLDER}batch.toml": BATCH.encode(),
        f"{FOLDER}nominations/{path.name}": path.read_bytes(),
        "lists/decisions.jsonl": b"",
    }
    calendar, shelf = parse_calendar({}, faults), Kept(kept)
    lists = timed("read and checked", lambda: parse_lists(files, content, calendar, faults, shelf))
    assert not faults.found, faults.found[:3]
    return len(timed("given a standing", lambda: stand(lists, content.settings.rules, AS_OF)))


def timed(what: str, do: Callable[[], T]) -> T:
    start = time.perf_counter()
    done = do()
    print(f"{what:>20} {time.perf_counter() - start:7.2f} s")
    return done


def peak_megabytes() -> float:
    """Return the most memory this process has had; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--write", type=Path, help="only write the table")
    options = parser.parse_args(words)
    if options.write:
        write(options.write, options.rows)
        return 0
    share, too_much = max(1, options.rows / ROWS), False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "名单.xlsx"
        command = [sys.executable, "-m", "tests.benchmarks.bench_lists", str(options.rows), "--write", str(path)]
        subprocess.run(command, cwd=ROOT, check=True)
        for run in ("the first run", "a second run, nothing changed"):
            start = time.perf_counter()
            found = read(path, Path(folder) / "cache")
            seconds, megabytes = time.perf_counter() - start, peak_megabytes()
            assert found == options.rows
            print(f"{found} rows, {run}: {seconds:.1f} s, peak memory {megabytes:.0f} MB")
            too_much |= seconds > SECONDS * share or megabytes > MEGABYTES * share
    return int(too_much)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
