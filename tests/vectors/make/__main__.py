"""Write every vector: ``python -m tests.vectors.make [FOLDER]``; what no case needs any more is taken away."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.make import containers, contents, example, memory, metadata, people
from tests.vectors.make.case import Case, legible

HERE = Path(__file__).parent.parent
ROOMS = (example, containers, metadata, memory, contents, people)
INDEX = "index.json"


def cases() -> Iterator[Case]:
    """Yield every case."""
    for room in ROOMS:
        yield from room.cases()


def files() -> dict[str, bytes]:
    """Return every file by its path below the folder of the vectors."""
    shared: dict[bytes, str] = {}
    made: dict[str, bytes] = {}
    names: list[str] = []
    for case in cases():
        if case.name in names:
            raise ValueError(f"two cases are called {case.name}")
        names.append(case.name)
        made |= case.files(shared)
    return {**made, INDEX: legible(names)}


def kept(folder: Path) -> set[str]:
    """Return the files of the vectors that a folder has."""
    found = {path for path in folder.glob("*/*/*") if path.name == "case.json" or path.suffix == ".zip"}
    return {path.relative_to(folder).as_posix() for path in found} | {INDEX}


def write(folder: Path) -> None:
    """Make the folder hold these vectors and no others."""
    made = files()
    for name in kept(folder) - made.keys():
        (folder / name).unlink(missing_ok=True)
    for name, data in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for empty in [path for path in folder.glob("*/*") if path.is_dir() and not any(path.iterdir())]:
        empty.rmdir()


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else HERE)
