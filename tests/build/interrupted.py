"""A build killed at every single step on the disk, one after the other, and what must hold after each.

    python -m tests.build.interrupted

The process warms up, makes a small office with one release, changes its lists and merchants, and then forks once for
every step: the child runs the real build and kills itself just before that step (or, where something is written, with
half of it written). Each time the release must be the old or the new one, whole; the next build must complete; and a
TUF client that saw the published state must accept whatever is published next. Prints what was found as JSON.
"""

from __future__ import annotations

import gc
import io
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import available_timezones

from tuf.ngclient import FetcherInterface, Updater

from generator.build import pipeline
from generator.bundle import archive
from generator.core.model import MerchantId
from generator.trust import keys as trust
from generator.trust import repository, sealing
from generator.trust.keys import OfficeKeys
from generator.trust.releases import Release
from tests.build.small import FIRST_DAY, MERCHANTS, PEOPLE, make_keys, table, write_small_office

WORKERS = 2
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}
NEW = MerchantId("bing")
NEWCOMER = """
[[merchant]]
id = "bing"
name = "示例丙店"
scenarios = ["zu"]
"""


class Steps:
    """Counts the steps of this process on the disk under one folder, and kills it at a given one."""

    def __init__(self, root: Path, last: int) -> None:
        self._root, self._last, self.count = str(root), last, 0
        sys.addaudithook(self._audited)
        self._open, self._fsync = io.open, os.fsync
        vars(io)["open"] = self._opened
        vars(os)["fsync"] = self._synced

    def step(self, half: Callable[[], object] = lambda: None) -> None:
        """Count a step; at the last one do half of it and die."""
        self.count += 1
        if self.count == self._last:
            half()
            os.kill(os.getpid(), signal.SIGKILL)

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if (writes or event in CHANGES) and self._is_here(arguments[0]):
            self.step()

    def _is_here(self, path: object) -> bool:
        """Return whether a path is in the folder; one that is relative to an open folder is, as rmtree has them."""
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return text.startswith(self._root) or bool(text and not Path(text).is_absolute())

    def _opened(self, file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        opened = self._open(file, mode, *arguments, **named)
        return Written(opened, self.step) if set(mode) & set("wax+") else opened

    def _synced(self, descriptor: int) -> None:
        self.step()
        self._fsync(descriptor)


class Written:
    """A file opened for writing of which each write is a step."""

    def __init__(self, file: Any, step: Callable[[Callable[[], object]], None]) -> None:
        self._file, self._step = file, step

    def write(self, data: Any) -> Any:
        def half() -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()

        self._step(half)
        return self._file.write(data)

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Folder(FetcherInterface):
    """Fetches from a folder; its addresses are paths."""

    def _fetch(self, url: str) -> Any:
        from tuf.api.exceptions import DownloadHTTPError

        try:
            yield Path(url).read_bytes()
        except FileNotFoundError as error:
            raise DownloadHTTPError(url, 404) from error


class Shop:
    """A client that follows what is published; its state lasts."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def look(self, site: Path, *merchants: str) -> list[bytes]:
        """Refresh from a published site and return some merchants' targets."""
        (self._state / "targets").mkdir(exist_ok=True)
        client = Updater(
            metadata_dir=str(self._state),
            metadata_base_url=f"{site}/tuf/metadata/",
            target_dir=str(self._state / "targets"),
            target_base_url=f"{site}/tuf/targets/",
            fetcher=Folder(),
            bootstrap=(site / "tuf/metadata/1.root.json").read_bytes(),
        )
        described = [client.get_targetinfo(f"{merchant}.zip") for merchant in merchants]
        assert None not in described
        return [Path(client.download_target(one)).read_bytes() for one in described if one]


def set_clock(day: int) -> None:
    """Set the clock that the client reads to some days after the first."""
    at = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=day)
    module = types.SimpleNamespace(
        datetime=types.SimpleNamespace(now=lambda _zone: at), timezone=types.SimpleNamespace(utc=UTC)
    )
    patch("tuf.ngclient._internal.trusted_metadata_set.datetime", module).start()


def build(root: Path, keys: OfficeKeys, day: int) -> pipeline.Report:
    return pipeline.build(root, FIRST_DAY + timedelta(days=day), keys, lambda *_: None)


def prepare(base: Path) -> OfficeKeys:
    """Make an office with one release and a shop that saw it, then change the lists and add a merchant."""
    root = write_small_office(base / "office")
    keys = make_keys(root)
    build(root, keys, 0)
    (base / "shop").mkdir()
    Shop(base / "shop").look(root / "build/site", "jia")
    (root / "lists/snapshots/score/scores.csv").write_text(table(*PEOPLE[1:], ("示例丁", PEOPLE[0][1], 1150)), "utf-8")
    (root / "content/merchants.toml").write_text(MERCHANTS + NEWCOMER, "utf-8")
    return keys


def killed_at(step: int, root: Path, keys: OfficeKeys) -> int:
    """Run the build in a child that dies at one step; return how many steps it took, 0 where it died."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        status = 1
        try:
            steps = Steps(root, step)
            build(root, keys, 1)
            os.write(writing, str(steps.count).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the build failed instead of being killed"
    return int(told or 0)


def check(root: Path, shop: Shop, keys: OfficeKeys, old: Release) -> str:
    """Check what must hold after a build was killed; return which release was found."""
    store = root / "keys/repository"
    found = repository.read_release(store)
    assert found is not None
    assert found == old or (found.version, set(found.targets)) == (2, {"jia", "yi", "bing"})
    assert found.chain[0] == old.chain[0]
    repository.read_expiry(store)
    set_clock(2)
    if (root / "build/site").exists():  # somebody may publish it as it stands
        shop.look(root / "build/site", "jia")
    report = build(root, keys, 2)
    after = repository.read_release(store)
    assert after is not None
    assert (after.version, after.chain[: found.version]) == (found.version + 1, found.chain)
    assert [record.merchant for record in report.bundles] == ["jia", "yi", "bing"]
    passphrases = trust.open_office(root / "keys", keys.passphrase).programme.passphrases
    assert shop.look(root / "build/site", *after.targets) == [target.data for target in after.targets.values()]
    assert "manifest.json" in archive.decrypt(after.targets[NEW].data, passphrases[NEW])
    left = {path.name for path in (root / "build").iterdir()}
    assert left == {"site", "office"}
    assert not list(store.rglob("*.new"))
    return "old" if found == old else "new"


@cache
def opened(base: Path) -> tuple[OfficeKeys, Release]:
    """Return the keys of the office and its release, read once in each process."""
    old = repository.read_release(base / "office/keys/repository")
    assert old is not None
    return trust.open_office(base / "office/keys", trust.DEMO_PASSPHRASE), old


def work(base: Path, step: int) -> str:
    """Kill a build at a step, in a copy, and return which release was found then."""
    keys, old = opened(base)
    with tempfile.TemporaryDirectory(dir=base.parent) as folder:
        copy = Path(shutil.copytree(base, Path(folder) / "copy"))
        assert killed_at(step, copy / "office", keys) == 0, f"step {step} was not reached"
        try:
            return check(copy / "office", Shop(copy / "shop"), keys, old)
        except Exception as error:
            raise AssertionError(f"killed at step {step}") from error


def report(folder: Path) -> None:
    """Kill a build at every step, in copies of an office in a folder, and print what was found."""
    set_clock(0)
    base = folder / "base"
    base.mkdir()
    keys = prepare(base)
    total = killed_at(0, Path(shutil.copytree(base, folder / "counted")) / "office", keys)
    gc.freeze()  # or every child would copy the pages on which it only counts references
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        seen = pool.map(partial(work, base), range(1, total + 1), chunksize=5)
    print(json.dumps({"steps": total, "seen": seen}))


def main() -> None:
    """Do it, in memory where there is such a folder."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    zones = available_timezones()
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        patch.object(sealing, "_SCRYPT_N", 16),
        patch("generator.sources.agreement.available_timezones", lambda: zones),
    ):
        report(Path(folder))


if __name__ == "__main__":
    main()
