"""Publishing to a folder: in an order that never shows half a release, and never touching what is not ours."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from generator.errors import InputFaultsError, RefusedError
from generator.publish import folder as publishing
from generator.publish.folder import JOURNAL, Outcome, publish_to
from generator.trust import history
from generator.trust.history import Past

INDEX, ROOT, TIMESTAMP = "bundles/index.json", "tuf/metadata/1.root.json", "tuf/metadata/timestamp.json"
HISTORY = "tuf/history.json"
SETTINGS = """
name = "示例网站"
office = "示例县信用办"
domain = "xinyi.example"

[targets.disk]
kind = "folder"
path = "{path}"
allow_demo = {demo}
"""


class PowerCutError(BaseException):
    """Nothing in the program can catch it."""


def timestamp(version: int, by: str = "this PC") -> str:
    return json.dumps({"signed": {"version": version, "expires": "2026-12-29T16:00:00Z", "by": by}})


def chain(*timestamps: str, first: int = 1) -> bytes:
    """Return the history of releases with these timestamps."""
    digests = (hashlib.sha256(stamp.encode()).hexdigest() for stamp in timestamps)
    return history.encode([Past(version, one, "2026-11-19T16:00:00Z") for version, one in enumerate(digests, first)])


def site(version: int = 1, *, demo: bool = False, keys: str = "ours", **pages: str) -> dict[str, bytes]:
    """Return the files of a small site; ``pages`` are further ones, by name."""
    files = {
        "index.html": f"<p>第{version}版</p>",
        "lists/2026-01/index.html": "<p>张*三</p>",
        "assets/site.css": "p { color: black }",
        "bundles/jia.zip": f"bundle {version}",
        INDEX: json.dumps({"demo": demo, "version": version}),
        ROOT: json.dumps({"keys": keys}),
        TIMESTAMP: timestamp(version),
        HISTORY: chain(*map(timestamp, range(1, version + 1))).decode(),
        f"tuf/metadata/{version}.snapshot.json": "{}",
        **{f"{name}.html": text for name, text in pages.items()},
    }
    return {path: text.encode() for path, text in files.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def read(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, but for the journal."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    found.pop(JOURNAL, None)
    return found


def folders(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir()}


class Office:
    """An office folder with one target, ``disk``, and a site to be built anew at will."""

    def __init__(self, root: Path, path: str = "published", *, allow_demo: bool = False) -> None:
        self.root, self.there = root, root / path
        write(root, {"content/site.toml": SETTINGS.format(path=path, demo=str(allow_demo).lower()).encode()})

    def build(self, files: Mapping[str, bytes]) -> None:
        shutil.rmtree(self.root / "build/site", ignore_errors=True)
        write(self.root / "build/site", files)

    def publish(self, *, dry_run: bool = False) -> Outcome:
        return publish_to(self.root, "disk", dry_run=dry_run)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.build(site())
    return made


class TestOutcome:
    """Afterwards the folder holds the site, the whole site, and of ours nothing but the site."""

    def test_the_first_time(self, office: Office) -> None:
        outcome = office.publish()
        assert outcome == Outcome(tuple(sorted(site())), (), (), dry_run=False)
        assert read(office.there) == site()

    def test_added_changed_and_removed(self, office: Office) -> None:
        office.build(site(1, old="旧", same="同"))
        office.publish()
        office.build(site(2, new="新", same="同"))
        outcome = office.publish()
        assert outcome.added == ("new.html", "tuf/metadata/2.snapshot.json")
        assert outcome.changed == (INDEX, "bundles/jia.zip", "index.html", HISTORY, TIMESTAMP)
        assert outcome.removed == ("old.html", "tuf/metadata/1.snapshot.json")
        assert read(office.there) == site(2, new="新", same="同")
        assert outcome.as_text() == (
            "已新增2个、更新5个、删除2个文件。\n  删除 old.html\n  删除 tuf/metadata/1.snapshot.json"
        )

    def test_the_second_time_nothing_is_touched(self, office: Office) -> None:
        office.publish()
        before = {p: p.stat().st_mtime_ns for p in office.there.rglob("*")}
        assert office.publish() == Outcome((), (), (), dry_run=False)
        assert {p: p.stat().st_mtime_ns for p in office.there.rglob("*")} == before

    def test_a_dry_run_touches_nothing(self, office: Office) -> None:
        wet = office.publish(dry_run=True)
        assert wet.added == tuple(sorted(site()))
        assert not office.there.exists()
        office.publish()
        office.build(site(2))
        before = read(office.there)
        outcome = office.publish(dry_run=True)
        assert outcome.dry_run
        assert outcome.as_text().startswith("将要新增1个")
        assert read(office.there) == before

    def test_no_empty_folder_is_left_behind(self, office: Office) -> None:
        office.build({**site(), "lists/2025-01/a/b.html": b"", "lists/2025-01/c.html": b""})
        office.publish()
        (office.there / "uploads").mkdir()
        office.build(site(2))
        office.publish()
        assert folders(office.there) == {
            "assets",
            "bundles",
            "lists",
            "lists/2026-01",
            "tuf",
            "tuf/metadata",
            "uploads",
        }

    def test_an_expired_page_is_gone(self, office: Office) -> None:
        office.build(site(1, honoured="张*三"))
        office.publish()
        office.build(site(2))
        office.publish()
        assert not any("张*三".encode() in data for path, data in read(office.there).items() if "2026-01" not in path)


class TestOrder:
    """What points at things comes after them; removing comes last."""

    def test_steps(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        office.build(site(1, old="旧"))
        office.publish()
        office.build(site(2, new="新"))
        steps: list[str] = []
        record(monkeypatch, office.there, steps)
        office.publish()
        assert steps[0] == steps[-1] == f"put {JOURNAL}"
        assert steps[1:-1] == [
            "put bundles/jia.zip",
            "put tuf/metadata/2.snapshot.json",
            "put index.html",
            "put new.html",
            f"put {INDEX}",
            f"put {HISTORY}",
            f"put {TIMESTAMP}",
            "remove old.html",
            "remove tuf/metadata/1.snapshot.json",
        ]


def record(patch: pytest.MonkeyPatch, folder: Path, steps: list[str]) -> None:
    replace, unlink = Path.replace, Path.unlink

    def put(path: Path, target: Path) -> Path:
        steps.append(f"put {target.relative_to(folder).as_posix()}")
        return replace(path, target)

    def remove(path: Path, missing_ok: bool = False) -> None:
        steps.append(f"remove {path.relative_to(folder).as_posix()}")
        unlink(path, missing_ok)

    patch.setattr(Path, "replace", put)
    patch.setattr(Path, "unlink", remove)


class TestCutShort:
    """Wherever a run is cut short, the next one finishes it, and in between nothing points at what is not there."""

    def test_at_every_step(self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        old, new = site(1, old="旧"), site(2, new="新")
        office.build(old)
        office.publish()
        office.build(new)
        before = shutil.copytree(office.there, tmp_path / "before")
        for step in range(100):
            shutil.rmtree(office.there)
            shutil.copytree(before, office.there)
            with monkeypatch.context() as patch:
                cut_after(step, patch)
                try:
                    office.publish()
                except PowerCutError:
                    pass
                else:
                    break
            half = read(office.there)
            assert half[TIMESTAMP] in (old[TIMESTAMP], new[TIMESTAMP])
            kept = old if half[TIMESTAMP] == old[TIMESTAMP] else new
            assert {p: half[p] for p in kept if p.endswith("snapshot.json")} == {
                p: data for p, data in kept.items() if p.endswith("snapshot.json")
            }
            office.publish()
            assert read(office.there) == new
        assert step > 15
        assert read(office.there) == new

    def test_a_page_half_copied_and_then_withdrawn_leaves_nothing(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.build(site(1))
        office.publish()
        for step in range(40):
            office.build(site(2 + step, honoured="张*三"))
            with monkeypatch.context() as patch:
                cut_after(step, patch)
                with suppress(PowerCutError):
                    office.publish()
            office.build(site(3 + step))
            office.publish()
            assert read(office.there) == site(3 + step)

    def test_a_first_run_cut_short_is_continued(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            cut_after(12, patch)
            with pytest.raises(PowerCutError):
                office.publish()
        assert read(office.there) not in ({}, site())
        office.build(site(2))
        office.publish()
        assert read(office.there) == site(2)

    def test_a_disk_that_is_full_is_said(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(path: Path, _: bytes) -> int:
            raise OSError(28, "No space left on device", str(path))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", full)
            with pytest.raises(RefusedError, match=r"No space left on device.*再运行一次"):
                office.publish()
        office.publish()
        assert read(office.there) == site()


def cut_after(steps: int, patch: pytest.MonkeyPatch) -> None:
    """Let some steps on the disk happen, then cut the power; a file being written then is half written."""
    left = iter(range(steps))

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(path: Path, *arguments: Any, **named: Any) -> Any:
            if next(left, None) is None:
                if real is write_bytes:
                    real(path, arguments[0][: len(arguments[0]) // 2])
                raise PowerCutError
            return real(path, *arguments, **named)

        return step

    write_bytes = Path.write_bytes
    for name in ("write_bytes", "replace", "unlink", "rmdir"):
        patch.setattr(Path, name, counted(getattr(Path, name)))


class TestRefusals:
    """What must not be published, and where it must not be published to."""

    def test_an_unknown_target(self, office: Office) -> None:
        with pytest.raises(RefusedError, match="没有发布目标“disc”。已有：disk"):
            publish_to(office.root, "disc", dry_run=False)

    def test_no_target_at_all(self, office: Office) -> None:
        text = SETTINGS.split("[targets")[0]
        (office.root / "content/site.toml").write_text(text, encoding="utf-8")
        with pytest.raises(RefusedError, match="（还没有）"):
            office.publish()

    def test_settings_with_faults(self, office: Office) -> None:
        (office.root / "content/site.toml").write_text("name = 1", encoding="utf-8")
        with pytest.raises(InputFaultsError, match=r"content/site\.toml"):
            office.publish()

    def test_before_the_first_build(self, office: Office) -> None:
        shutil.rmtree(office.root / "build/site")
        with pytest.raises(RefusedError, match="xinyi build"):
            office.publish()

    def test_a_demo_is_refused_unless_allowed(self, office: Office) -> None:
        office.build(site(demo=True))
        with pytest.raises(RefusedError, match="演示"):
            office.publish()
        assert not office.there.exists()
        allowed = Office(office.root, allow_demo=True)
        allowed.publish()
        assert read(allowed.there) == site(demo=True)

    def test_an_older_release(self, office: Office) -> None:
        office.build(site(10))
        office.publish()
        office.build(site(9))
        with pytest.raises(RefusedError, match="更新的版本"):
            office.publish()
        assert read(office.there) == site(10)

    def test_a_fork_of_the_same_version(self, office: Office) -> None:
        office.publish()
        office.build(
            {**site(), TIMESTAMP: timestamp(1, "another PC").encode(), HISTORY: chain(timestamp(1, "another PC"))}
        )
        with pytest.raises(
            RefusedError, match=r"发布目标“disk”：那里的第1版不是从这里的 keys 文件夹发布的：另一台电脑"
        ):
            office.publish()
        assert read(office.there) == site()

    @pytest.mark.parametrize("version", [3, 4, 9])
    def test_keys_restored_from_a_backup_that_went_on_by_themselves(self, office: Office, version: int) -> None:
        """The backup was made at version 2, version 3 went out, and then the old keys made 3, 4 … once more."""
        office.build(site(3))
        office.publish()
        branch = [timestamp(number, "this PC" if number <= 2 else "restored") for number in range(1, version + 1)]
        office.build({**site(version), TIMESTAMP: branch[-1].encode(), HISTORY: chain(*branch)})
        with pytest.raises(RefusedError, match=r"旧备份.*把那里的 tuf 文件夹抄成 keys/repository"):
            office.publish()
        assert read(office.there) == site(3)

    def test_any_release_of_ours_may_be_replaced(self, office: Office) -> None:
        for old in (1, 2, 7):
            shutil.rmtree(office.there, ignore_errors=True)
            office.build(site(old))
            office.publish()
            office.build(site(8))
            office.publish()
            assert read(office.there) == site(8)

    def test_a_history_that_was_lost_still_knows_what_it_began_with(self, office: Office) -> None:
        """A repository that came back without its history goes on from what is published, not from what is older."""
        begun_anew = {**site(8), HISTORY: chain(timestamp(7), timestamp(8), first=7)}
        office.build(site(7))
        office.publish()
        office.build(begun_anew)
        office.publish()
        assert read(office.there) == begun_anew
        shutil.rmtree(office.there)
        office.build(site(6))
        office.publish()
        office.build(begun_anew)
        with pytest.raises(RefusedError, match="那里的第6版不是从这里的 keys 文件夹发布的"):
            office.publish()

    @pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"format": 1}'])
    def test_a_damaged_history_of_ours(self, office: Office, data: bytes) -> None:
        office.publish()
        office.build({**site(2), HISTORY: data})
        with pytest.raises(RefusedError, match=r"history\.json 读不懂.*xinyi build"):
            office.publish()
        assert read(office.there) == site()

    def test_other_keys(self, office: Office) -> None:
        office.publish()
        office.build(site(2, keys="others"))
        with pytest.raises(RefusedError, match="另一套密钥"):
            office.publish()
        assert read(office.there) == site()

    def test_a_demo_there_may_be_replaced_even_by_a_lower_version(self, tmp_path: Path) -> None:
        office = Office(tmp_path, allow_demo=True)
        office.build(site(30, demo=True, keys="demo"))
        office.publish()
        office.build(site(1))
        office.publish()
        assert read(office.there) == site(1)

    @pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff"])
    def test_a_damaged_release_there(self, office: Office, data: bytes) -> None:
        office.publish()
        (office.there / TIMESTAMP).write_bytes(data)
        with pytest.raises(RefusedError, match="读不懂"):
            office.publish()

    @pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"format": 2, "files": []}', b'{"format": 1}'])
    def test_a_damaged_journal(self, office: Office, data: bytes) -> None:
        office.publish()
        (office.there / JOURNAL).write_bytes(data)
        with pytest.raises(RefusedError, match="读不懂"):
            office.publish()
        assert read(office.there) == site()


class TestNoted:
    """What goes out is noted in keys/repository/, before it does, so that a build on older keys finds out."""

    @pytest.fixture
    def store(self, office: Office) -> Path:
        write(office.root, {"keys/repository/metadata/1.root.json": site()[ROOT]})
        return office.root / "keys/repository"

    def test_version_digest_and_expiry(self, office: Office, store: Path) -> None:
        office.build(site(5))
        office.publish()
        digest = hashlib.sha256(timestamp(5).encode()).hexdigest()
        expires = datetime(2026, 12, 29, 16, tzinfo=UTC)
        assert history.read_published(store) == {"disk": history.Published(5, digest, expires)}

    def test_before_anything_is_copied(self, office: Office, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            cut_after(2, patch)  # the note is renamed into place, then the journal
            with pytest.raises(PowerCutError):
                office.publish()
        assert history.read_published(store)["disk"].version == 1
        assert TIMESTAMP not in read(office.there)

    @pytest.mark.parametrize("version", [1, 2])
    def test_nothing_by_a_dry_run_or_a_refusal(self, office: Office, store: Path, version: int) -> None:
        office.publish(dry_run=True)
        assert history.read_published(store) == {}
        office.build(site(3))
        office.publish()
        office.build(site(version))
        with pytest.raises(RefusedError, match="更新的版本"):
            office.publish()
        assert history.read_published(store)["disk"].version == 3

    def test_nothing_of_a_site_of_other_keys(self, office: Office, store: Path) -> None:
        office.build(site(keys="others"))
        office.publish()
        assert history.read_published(store) == {}


class TestOthersFiles:
    """A wrong path in site.toml must not cost anybody anything."""

    @pytest.mark.parametrize("others", ["thesis.docx", "photos/2026/a.jpg", "index.html"])
    def test_a_folder_with_other_files_is_refused(self, office: Office, others: str) -> None:
        write(office.there, {others: b"precious"})
        with pytest.raises(RefusedError, match="别的文件"):
            office.publish()
        assert read(office.there) == {others: b"precious"}

    @pytest.mark.parametrize("path", [".", "content", "build", "build/site", "build/site/sub", ".."])
    def test_our_own_folders_are_refused(self, tmp_path: Path, path: str) -> None:
        office = Office(tmp_path / "office", path)
        office.build(site())
        before = read(tmp_path)
        with pytest.raises(RefusedError):
            office.publish()
        assert read(tmp_path) == before

    def test_what_others_put_there_later_stays(self, office: Office) -> None:
        office.publish()
        others = {"robots.txt": b"", "lists/2026-01/note.txt": b"x", ".well-known/acme": b"y"}
        write(office.there, others)
        office.build({path: data for path, data in site(2).items() if not path.startswith("lists/")})
        outcome = office.publish()
        assert outcome.removed == ("lists/2026-01/index.html", "tuf/metadata/1.snapshot.json")
        assert others.items() <= read(office.there).items()

    def test_a_disk_with_hidden_files_is_empty_enough(self, office: Office) -> None:
        write(office.there, {".Trashes/501": b"", ".fseventsd/no_log": b""})
        office.publish()
        assert site().items() <= read(office.there).items()

    def test_a_journal_that_names_files_outside_removes_nothing(self, office: Office, tmp_path: Path) -> None:
        office.publish()
        (tmp_path / "precious.txt").write_bytes(b"")
        journal = {"format": 1, "files": ["../precious.txt", str(tmp_path / "precious.txt"), *site()]}
        (office.there / JOURNAL).write_text(json.dumps(journal), encoding="utf-8")
        assert office.publish().removed == ()
        assert (tmp_path / "precious.txt").exists()

    def test_a_disk_that_is_not_plugged_in(self, tmp_path: Path) -> None:
        office = Office(tmp_path, "media/stick/www")
        office.build(site())
        with pytest.raises(RefusedError, match="接上了吗"):
            office.publish()
        assert not (tmp_path / "media").exists()

    def test_the_journal_lists_what_is_there(self, office: Office) -> None:
        office.publish()
        assert json.loads((office.there / JOURNAL).read_bytes()) == {"format": 1, "files": sorted(site())}
        assert publishing.JOURNAL.startswith(".")
