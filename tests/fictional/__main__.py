"""Write the fictional lists into the lists/ of this repository, or of the folder given as argument."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from generator.sources import decisions
from tests.fictional import batches, outcomes, snapshots
from tests.fictional.names import Town

SEED = "xinyi fictional lists 1"


def fictional_files() -> dict[str, bytes]:
    """Return every file of the fictional lists, by its path under the root."""
    town = Town(random.Random(SEED))  # noqa: S311 - the same inventions on every machine
    expired = batches.expired(town)
    recognised = batches.recognised(town, expired)
    in_notice = batches.in_notice(town, recognised)
    nominated = batches.nominated(town)
    log = outcomes.decisions(recognised, in_notice)
    return {
        **expired.files(),
        **recognised.files(),
        **in_notice.files(),
        **nominated.files(),
        **outcomes.screening(town, expired, recognised, in_notice),
        **snapshots.snapshots(town, recognised),
        decisions.PATH: log,
        decisions.HEAD_PATH: decisions.encode_head(log),
    }


def write(root: Path) -> None:
    """Write the fictional lists under a root; raises ``FileExistsError`` where there are lists of anyone else."""
    files = fictional_files()
    there = {path.relative_to(root).as_posix() for path in list_files(root)}
    if others := sorted(there - files.keys()):
        raise FileExistsError(f"not ours, remove them first if they are: {', '.join(others)}")
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def list_files(root: Path) -> list[Path]:
    """Return the files of batches, snapshots and decisions under a root."""
    folders = (root / "lists" / "batches", root / "lists" / "snapshots")
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [*found, *(root / "lists").glob("decisions.*")]


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[2])
