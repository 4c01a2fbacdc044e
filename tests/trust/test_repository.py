"""Releases: signed so that the TUF client itself accepts them, and kept so that no accident forks them."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust import keys, repository
from generator.trust.repository import Release

CEREMONY = datetime(2026, 11, 18, tzinfo=UTC)
FIRST_DAY = datetime(2026, 11, 19, 16, tzinfo=UTC)
NEXT_DAY = FIRST_DAY + timedelta(days=1)
JIA, YI, BING = MerchantId("jia"), MerchantId("yi"), MerchantId("bing")
TARGETS = {JIA: b"sealed for jia", YI: b"sealed for yi"}
CHANGED = {JIA: b"sealed for jia", YI: b"sealed anew for yi", BING: b"sealed for bing"}
PASSPHRASE = "a test passphrase"


class PowerCutError(BaseException):
    """Not an OSError: nothing in the program can catch it, as nothing catches a power cut."""


@dataclass(frozen=True)
class Ceremony:
    """Keys made once for all tests of this file."""

    first_root: bytes
    office: CryptoSigner
    officers: tuple[CryptoSigner, ...]

    @property
    def roots(self) -> dict[str, bytes]:
        return {"1.root.json": self.first_root}

    def release(self, current: Release | None = None, **changes: Any) -> Release:
        given = {"roots": self.roots, "targets": TARGETS, "issued": FIRST_DAY, "signer": self.office, **changes}
        return repository.next_release(current, **given)

    def second_root(self, signers: int = 2, version: int = 2) -> bytes:
        """Return a root that follows the first, signed by some of its officers."""
        metadata = Metadata[Root].from_bytes(self.first_root)
        metadata.signed.version = version
        metadata.signatures.clear()
        for officer in self.officers[:signers]:
            metadata.sign(officer, append=True)
        return metadata.to_bytes()


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    folder = tmp_path_factory.mktemp("ceremony")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_SCRYPT_N", 16)
        keys.init(folder, (folder,) * 3, keys.Passphrases((PASSPHRASE,) * 3, PASSPHRASE), 29, CEREMONY)
        office = keys.open_office(folder, PASSPHRASE).signer
        files = [(folder / f"root-{n}.pem").read_bytes() for n in (1, 2, 3)]
        officers = tuple(keys.decrypt_key(file, PASSPHRASE) for file in files)
    return Ceremony((folder / "repository/metadata/1.root.json").read_bytes(), office, officers)


@pytest.fixture
def empty(tmp_path: Path, ceremony: Ceremony) -> Path:
    """Return a repository before its first release."""
    (tmp_path / "repository/metadata").mkdir(parents=True)
    (tmp_path / "repository/metadata/1.root.json").write_bytes(ceremony.first_root)
    return tmp_path / "repository"


@pytest.fixture
def second(empty: Path, ceremony: Ceremony) -> Release:
    """Save two releases and return the second."""
    first = ceremony.release()
    repository.save_release(empty, first)
    second = ceremony.release(first, issued=NEXT_DAY)
    repository.save_release(empty, second)
    return second


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def layout(release: Release) -> dict[str, bytes]:
    """Return what a repository holds when a release has been saved and nothing else."""
    return {
        **{f"metadata/{name}": data for name, data in release.metadata.items()},
        **{f"targets/{hashlib.sha256(t).hexdigest()}.{m}.zip": t for m, t in release.targets.items()},
    }


class TestNextRelease:
    """One version for all three roles, growing by one; 40 days; each target says when and for whom it was issued."""

    def test_the_first(self, ceremony: Ceremony) -> None:
        release = ceremony.release()
        assert release.version == 1
        assert (release.issued, release.expires) == (FIRST_DAY, FIRST_DAY + timedelta(days=40))
        assert set(release.metadata) == {"1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}
        for name in ("timestamp.json", "1.snapshot.json", "1.targets.json"):
            signed = json.loads(release.metadata[name])["signed"]
            assert (signed["version"], signed["expires"]) == (1, "2026-12-29T16:00:00Z")
            assert signed["spec_version"].startswith("1.0.")

    def test_what_a_target_says(self, ceremony: Ceremony) -> None:
        signed = json.loads(ceremony.release().metadata["1.targets.json"])["signed"]
        assert signed["targets"]["yi.zip"] == {
            "length": len(TARGETS[YI]),
            "hashes": {"sha256": hashlib.sha256(TARGETS[YI]).hexdigest()},
            "custom": {"issued": "2026-11-19T16:00:00Z", "merchant": "yi"},
        }
        assert list(signed["targets"]) == ["jia.zip", "yi.zip"]

    def test_versions_grow_by_one(self, ceremony: Ceremony) -> None:
        release, versions = ceremony.release(), []
        for day in range(1, 5):
            release = ceremony.release(release, issued=FIRST_DAY + timedelta(days=day))
            versions.append(release.version)
        assert versions == [2, 3, 4, 5]

    def test_unchanged_is_the_same_release(self, ceremony: Ceremony) -> None:
        release = ceremony.release()
        assert ceremony.release(release, targets=dict(reversed(TARGETS.items()))) is release

    @pytest.mark.parametrize(
        "change",
        [{"issued": NEXT_DAY}, {"targets": CHANGED}, {"targets": {}}, {"targets": {JIA: TARGETS[JIA]}}],
        ids=["day", "content", "nobody", "one fewer"],
    )
    def test_any_change_is_the_next(self, ceremony: Ceremony, change: dict[str, Any]) -> None:
        assert ceremony.release(ceremony.release(), **change).version == 2

    def test_a_new_root_is_the_next(self, ceremony: Ceremony) -> None:
        roots = {**ceremony.roots, "2.root.json": ceremony.second_root()}
        release = ceremony.release(ceremony.release(), roots=roots)
        assert release.version == 2
        assert set(release.metadata) >= set(roots)

    def test_equal_inputs_give_equal_bytes(self, ceremony: Ceremony) -> None:
        assert ceremony.release().metadata == ceremony.release().metadata

    def test_one_changed_target_leaves_the_other_files_alone(self, ceremony: Ceremony) -> None:
        old = ceremony.release()
        new = ceremony.release(old, targets={**TARGETS, YI: b"other"})
        assert old.target_file(JIA) == new.target_file(JIA)
        assert old.target_file(YI) != new.target_file(YI)

    def test_a_signer_the_root_does_not_know_is_refused(self, ceremony: Ceremony) -> None:
        with pytest.raises(KeysError, match="不配套"):
            ceremony.release(signer=CryptoSigner.generate_ed25519())
        with pytest.raises(KeysError, match="不配套"):
            ceremony.release(signer=ceremony.officers[0])

    def test_an_expired_root_signs_nothing(self, ceremony: Ceremony) -> None:
        end = CEREMONY + timedelta(days=730)
        with pytest.raises(RefusedError, match="2028-11-17到期"):
            ceremony.release(issued=end)
        assert ceremony.release(issued=end - timedelta(seconds=1)).version == 1


class TestSaveAndRead:
    """What is saved is read back; nothing superseded stays."""

    def test_before_the_first(self, empty: Path) -> None:
        assert repository.read_release(empty) is None

    def test_round_trip(self, empty: Path, ceremony: Ceremony) -> None:
        release = ceremony.release()
        repository.save_release(empty, release)
        assert repository.read_release(empty) == release
        assert files(empty) == layout(release)

    def test_superseded_files_go(self, empty: Path, second: Release) -> None:
        assert repository.read_release(empty) == second
        assert files(empty) == layout(second)

    def test_one_changed_target_changes_that_file_alone(self, empty: Path, second: Release, ceremony: Ceremony) -> None:
        kept = empty / "targets" / second.target_file(JIA)
        before = kept.stat()
        third = ceremony.release(second, targets=CHANGED, issued=NEXT_DAY)
        repository.save_release(empty, third)
        assert files(empty) == layout(third)
        assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_no_merchant_at_all(self, empty: Path, ceremony: Ceremony) -> None:
        release = ceremony.release(targets={})
        repository.save_release(empty, release)
        assert repository.read_release(empty) == release

    def test_a_folder_somebody_put_there_is_no_obstacle(self, empty: Path, ceremony: Ceremony) -> None:
        (empty / "targets/@eaDir").mkdir(parents=True)
        repository.save_release(empty, ceremony.release())
        assert repository.read_release(empty) is not None

    def test_a_root_that_came_meanwhile_is_not_removed(self, empty: Path, ceremony: Ceremony) -> None:
        release = ceremony.release()
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root())
        repository.save_release(empty, release)
        assert list(repository.read_roots(empty)) == ["1.root.json", "2.root.json"]

    def test_fingerprint_and_expiry_of_the_root(self, empty: Path, ceremony: Ceremony) -> None:
        assert repository.root_fingerprint(empty) == hashlib.sha256(ceremony.first_root).hexdigest()
        assert repository.root_expiry(empty) == CEREMONY + timedelta(days=730)


class TestRoots:
    """Every N.root.json from 1 on, each signed by itself and by the one before it."""

    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(KeysError, match=r"没有找到.*1\.root\.json"):
            repository.read_roots(tmp_path)

    def test_a_chain(self, empty: Path, ceremony: Ceremony) -> None:
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root())
        assert list(repository.read_roots(empty)) == ["1.root.json", "2.root.json"]

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda c: {"2.root.json": c.second_root(signers=1)},
            lambda c: {"2.root.json": c.second_root(version=3)},
            lambda c: {"2.root.json": c.first_root},
            lambda c: {"3.root.json": c.second_root(version=3)},
            lambda _: {"2.root.json": b"{}"},
            lambda _: {"2.root.json": b"\xff"},
            lambda c: {"1.root.json": c.second_root()},
        ],
        ids=["one signature", "wrong number", "the first again", "a gap", "empty", "no text", "the first is gone"],
    )
    def test_anything_else_is_damage(
        self, empty: Path, ceremony: Ceremony, wrong: Callable[[Ceremony], dict[str, bytes]]
    ) -> None:
        for name, data in wrong(ceremony).items():
            (empty / "metadata" / name).write_bytes(data)
        with pytest.raises(KeysError, match="备份"):
            repository.read_roots(empty)

    def test_a_root_of_other_keys_is_damage(self, empty: Path) -> None:
        strangers = [CryptoSigner.generate_ed25519() for _ in range(3)]
        root = Root(version=2, expires=CEREMONY + timedelta(days=730))
        for stranger in strangers:
            root.add_key(stranger.public_key, "root")
        root.roles["root"].threshold = 2
        metadata = Metadata(root)
        for stranger in strangers:
            metadata.sign(stranger, append=True)
        (empty / "metadata/2.root.json").write_bytes(metadata.to_bytes())
        with pytest.raises(KeysError, match="备份"):
            repository.read_roots(empty)


class TestDamage:
    """A release is read whole, as it was saved, or not at all: a gap would make versions start again."""

    def test_any_missing_file(self, empty: Path, second: Release) -> None:
        for name in layout(second):
            data = (empty / name).read_bytes()
            (empty / name).unlink()
            with pytest.raises(KeysError):
                repository.read_release(empty)
            (empty / name).write_bytes(data)
        assert repository.read_release(empty) == second

    def test_any_flipped_byte(self, empty: Path, second: Release) -> None:
        for name, data in layout(second).items():
            for index in range(0, len(data), 1 if name.endswith("timestamp.json") else 7):
                (empty / name).write_bytes(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])
                with pytest.raises(KeysError):
                    repository.read_release(empty)
            (empty / name).write_bytes(data)
        assert repository.read_release(empty) == second

    def test_a_file_cut_short(self, empty: Path, second: Release) -> None:
        for name, data in layout(second).items():
            for end in (0, 1, len(data) // 2, len(data) - 1):
                (empty / name).write_bytes(data[:end])
                with pytest.raises(KeysError):
                    repository.read_release(empty)
            (empty / name).write_bytes(data)

    def test_a_root_that_the_release_knew_is_gone(self, empty: Path, ceremony: Ceremony) -> None:
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root())
        release = ceremony.release(roots=repository.read_roots(empty))
        repository.save_release(empty, release)
        assert repository.read_release(empty) == release
        (empty / "metadata/2.root.json").unlink()
        with pytest.raises(KeysError, match="备份"):
            repository.read_release(empty)

    def test_the_release_of_another_office(self, empty: Path, second: Release) -> None:
        signed = Metadata[Any].from_bytes(second.metadata["timestamp.json"])
        signed.sign(CryptoSigner.generate_ed25519())
        (empty / "metadata/timestamp.json").write_bytes(signed.to_bytes())
        with pytest.raises(KeysError, match="备份"):
            repository.read_release(empty)


class TestPowerCut:
    """Wherever saving is cut short, the old or the new release is read, and saving again mends the folder."""

    @pytest.fixture(params=["first", "next"])
    def case(self, request: pytest.FixtureRequest, empty: Path, ceremony: Ceremony) -> tuple[Release | None, Release]:
        if request.param == "first":
            return None, ceremony.release()
        old = ceremony.release()
        repository.save_release(empty, old)
        return old, ceremony.release(old, targets=CHANGED, issued=NEXT_DAY)

    def test_at_every_step(
        self,
        case: tuple[Release | None, Release],
        empty: Path,
        tmp_path: Path,
        ceremony: Ceremony,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        old, new = case
        seen = []
        for step in range(200):
            folder = shutil.copytree(empty, tmp_path / f"step-{step}")
            with monkeypatch.context() as patch:
                cut_after(step, patch)
                try:
                    repository.save_release(folder, new)
                except PowerCutError:
                    pass
                else:
                    break
            found = repository.read_release(folder)
            assert found in (old, new)
            seen.append(found == new)
            third = ceremony.release(found, targets={JIA: b"third"}, issued=NEXT_DAY + timedelta(days=1))
            assert third.version == (found.version if found else 0) + 1
            again = shutil.copytree(folder, tmp_path / f"again-{step}")
            repository.save_release(folder, new)
            assert files(folder) == layout(new)
            repository.save_release(again, third)
            assert files(again) == layout(third)
        assert seen == sorted(seen)  # first the old, from one step on the new
        assert len(seen) >= 15
        assert False in seen
        assert True in seen or old is None  # a first release has nothing to remove when its timestamp stands


def cut_after(steps: int, patch: pytest.MonkeyPatch) -> None:
    """Let some steps on the disk happen, then cut the power before the next one."""
    left = iter(range(steps))

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(path: Path, *arguments: Any, **named: Any) -> Any:
            if next(left, None) is None:
                raise PowerCutError
            return real(path, *arguments, **named)

        return step

    for name in ("open", "replace", "unlink", "mkdir"):
        patch.setattr(Path, name, counted(getattr(Path, name)))


class TestClient:
    """python-tuf's own client accepts what we release, from the folder as it is saved."""

    @pytest.fixture
    def address(self, empty: Path) -> Iterator[str]:
        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                return

        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(empty))) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()

    @pytest.fixture
    def at(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
        """Return a function that sets the clock that the client reads."""

        def set_clock(day: datetime) -> None:
            clock = types.SimpleNamespace(now=lambda _zone: day)
            module = types.SimpleNamespace(datetime=clock, timezone=types.SimpleNamespace(utc=UTC))
            monkeypatch.setattr("tuf.ngclient._internal.trusted_metadata_set.datetime", module)

        return set_clock

    def client(self, address: str, folder: Path, root: bytes) -> Updater:
        for name in ("state", "downloads"):
            (folder / name).mkdir(exist_ok=True)
        return Updater(
            metadata_dir=str(folder / "state"),
            metadata_base_url=f"{address}/metadata/",
            target_dir=str(folder / "downloads"),
            target_base_url=f"{address}/targets/",
            bootstrap=root,
        )

    def test_every_target_of_two_releases(
        self, empty: Path, ceremony: Ceremony, address: str, tmp_path: Path, at: Callable[[datetime], None]
    ) -> None:
        first = ceremony.release()
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root())
        second = ceremony.release(first, targets=CHANGED, issued=NEXT_DAY, roots=repository.read_roots(empty))
        for release in (first, second):
            repository.save_release(empty, release)
            at(release.expires - timedelta(seconds=1))
            client = self.client(address, tmp_path, ceremony.first_root)
            client.refresh()
            for merchant, data in release.targets.items():
                described = client.get_targetinfo(f"{merchant}.zip")
                assert described is not None
                assert described.custom == {"issued": f"{release.issued:%Y-%m-%dT%H:%M:%SZ}", "merchant": merchant}
                assert Path(client.download_target(described)).read_bytes() == data
        assert client.get_targetinfo("nobody.zip") is None

    def test_forty_days_and_no_longer(
        self, empty: Path, ceremony: Ceremony, address: str, tmp_path: Path, at: Callable[[datetime], None]
    ) -> None:
        repository.save_release(empty, ceremony.release())
        at(FIRST_DAY + timedelta(days=40))
        with pytest.raises(Exception, match="expired"):
            self.client(address, tmp_path, ceremony.first_root).refresh()

    def test_a_release_before_is_refused_by_who_saw_a_later_one(
        self, empty: Path, ceremony: Ceremony, address: str, tmp_path: Path, at: Callable[[datetime], None]
    ) -> None:
        first = ceremony.release()
        second = ceremony.release(first, targets=CHANGED)
        at(NEXT_DAY)
        repository.save_release(empty, second)
        self.client(address, tmp_path, ceremony.first_root).refresh()
        repository.save_release(empty, first)
        with pytest.raises(Exception, match="version"):
            self.client(address, tmp_path, ceremony.first_root).refresh()
