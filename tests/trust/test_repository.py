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
from generator.trust import history, keys, releases, repository, sealing
from generator.trust.history import Past
from generator.trust.releases import Release, Sealed, sealed

CEREMONY = datetime(2026, 11, 18, tzinfo=UTC)
FIRST_DAY = datetime(2026, 11, 19, 16, tzinfo=UTC)
NEXT_DAY = FIRST_DAY + timedelta(days=1)
JIA, YI, BING = MerchantId("jia"), MerchantId("yi"), MerchantId("bing")
TARGETS = {JIA: sealed(b"sealed for jia", "c0" * 32), YI: sealed(b"sealed for yi", "c1" * 32)}
CHANGED = {
    JIA: TARGETS[JIA],
    YI: sealed(b"sealed anew for yi", "c2" * 32),
    BING: sealed(b"sealed for bing", "c3" * 32),
}
PROGRAMME = "ab" * 32
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
        given = {
            "roots": self.roots,
            "targets": TARGETS,
            "issued": FIRST_DAY,
            "signer": self.office,
            "programme": PROGRAMME,
            **changes,
        }
        return releases.next_release(current, **given)

    def second_root(self, signers: int = 2, version: int = 2, office: CryptoSigner | None = None) -> bytes:
        """Return a root that follows the first, signed by some of its officers; it may name another office key."""
        metadata = Metadata[Root].from_bytes(self.first_root)
        metadata.signed.version = version
        if office:
            for role in ("targets", "snapshot", "timestamp"):
                metadata.signed.revoke_key(self.office.public_key.keyid, role)
                metadata.signed.add_key(office.public_key, role)
        metadata.signatures.clear()
        for officer in self.officers[:signers]:
            metadata.sign(officer, append=True)
        return metadata.to_bytes()


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    folder = tmp_path_factory.mktemp("ceremony")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT_N", 16)
        keys.init(folder, (folder,) * 3, keys.Passphrases((PASSPHRASE,) * 3, PASSPHRASE), 29, CEREMONY)
        office = keys.open_office(folder, PASSPHRASE).signer
        files = [(folder / f"root-{n}.pem").read_bytes() for n in (1, 2, 3)]
        officers = tuple(sealing.decrypt_key(file, PASSPHRASE) for file in files)
    return Ceremony((folder / "repository/metadata/1.root.json").read_bytes(), office, officers)


@pytest.fixture(scope="module")
def binned(ceremony: Ceremony) -> Release:
    """Return a release for more merchants than one targets file may hold."""
    return ceremony.release(targets=many(201))


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
        **{f"targets/{hashlib.sha256(t.data).hexdigest()}.{m}.zip": t.data for m, t in release.targets.items()},
        "history.json": history.encode(release.chain),
    }


def signed(release: Release) -> dict[str, bytes]:
    """Return of that layout what signatures vouch for: all but the history."""
    return {name: data for name, data in layout(release).items() if name != "history.json"}


def many(count: int) -> dict[MerchantId, Sealed]:
    """Return the targets of so many merchants."""
    return {
        MerchantId(f"m{number}"): sealed(f"sealed for {number}".encode(), f"{number:064x}") for number in range(count)
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
            "length": len(TARGETS[YI].data),
            "hashes": {"sha256": hashlib.sha256(TARGETS[YI].data).hexdigest()},
            "custom": {"issued": "2026-11-19T16:00:00Z", "merchant": "yi", "content": "c1" * 32},
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
        new = ceremony.release(old, targets={**TARGETS, YI: sealed(b"other", "c9" * 32)})
        assert old.target_file(JIA) == new.target_file(JIA)
        assert old.target_file(YI) != new.target_file(YI)

    def test_a_merchant_that_joins_pauses_or_leaves_changes_no_other_target(self, ceremony: Ceremony) -> None:
        three = ceremony.release(targets=CHANGED)
        for left_out in CHANGED:
            fewer = {merchant: target for merchant, target in CHANGED.items() if merchant != left_out}
            two = ceremony.release(three, targets=fewer, issued=NEXT_DAY)
            again = ceremony.release(two, targets=CHANGED, issued=NEXT_DAY)
            assert (two.version, again.version) == (2, 3)
            for merchant in fewer:
                assert two.target_file(merchant) == three.target_file(merchant) == again.target_file(merchant)
            for release, expected in ((two, fewer), (again, CHANGED)):
                described = json.loads(release.metadata[f"{release.version}.targets.json"])["signed"]["targets"]
                assert {path: file["custom"]["content"] for path, file in described.items()} == {
                    f"{merchant}.zip": target.content for merchant, target in expected.items()
                }

    def test_it_names_the_one_before(self, ceremony: Ceremony) -> None:
        first = ceremony.release()
        second = ceremony.release(first, issued=NEXT_DAY)
        stamps = [json.loads(release.metadata["timestamp.json"])["signed"] for release in (first, second)]
        assert "x-xinyi-previous" not in stamps[0]
        assert stamps[1]["x-xinyi-previous"] == hashlib.sha256(first.metadata["timestamp.json"]).hexdigest()
        assert [stamp["x-xinyi-programme"] for stamp in stamps] == [PROGRAMME, PROGRAMME]

    def test_its_chain_ends_with_itself(self, ceremony: Ceremony) -> None:
        release = ceremony.release()
        second = ceremony.release(release, issued=NEXT_DAY)
        assert second.chain == (
            Past(1, hashlib.sha256(release.metadata["timestamp.json"]).hexdigest(), "2026-11-19T16:00:00Z"),
            Past(2, hashlib.sha256(second.metadata["timestamp.json"]).hexdigest(), "2026-11-20T16:00:00Z"),
        )

    def test_other_secrets_are_refused(self, ceremony: Ceremony) -> None:
        first = ceremony.release()
        with pytest.raises(KeysError, match=r"programme\.key 与已发布的名单不配套"):
            ceremony.release(first, programme="cd" * 32)

    def test_a_release_from_before_they_were_noted_is_followed(self, ceremony: Ceremony) -> None:
        first = ceremony.release(programme="")
        assert ceremony.release(first).programme == PROGRAMME

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


class TestBins:
    """More than 200 merchants are spread over 256 hash bins, each bundle needs one, and there is no way back."""

    def test_up_to_200_need_none(self, ceremony: Ceremony) -> None:
        release = ceremony.release(targets=many(200))
        assert not release.binned
        assert len(release.metadata) == 4
        assert release.metadata_for(MerchantId("m7")) == release.metadata

    def test_every_bin_is_there_and_signed_for_this_release(self, binned: Release) -> None:
        assert binned.binned
        names = {f"1.bins-{number:02x}.json" for number in range(256)}
        assert names < binned.metadata.keys()
        top = Metadata[Any].from_bytes(binned.metadata["1.targets.json"])
        assert top.signed.targets == {}
        assert (top.signed.delegations.succinct_roles.bit_length, top.signed.expires) == (8, binned.expires)
        found: dict[str, str] = {}
        for name in names:
            part = Metadata[Any].from_bytes(binned.metadata[name])
            top.signed.verify_delegate(name[2:-5], part.signed_bytes, part.signatures)
            assert (part.signed.version, part.signed.expires) == (1, binned.expires)
            found |= {path: file.hashes["sha256"] for path, file in part.signed.targets.items()}
        assert found == {f"{merchant}.zip": target.sha256 for merchant, target in binned.targets.items()}
        snapshot = json.loads(binned.metadata["1.snapshot.json"])["signed"]["meta"]
        assert snapshot.keys() == {"targets.json"} | {name[2:] for name in names}

    def test_a_bundle_carries_one_bin_and_it_describes_the_target(self, binned: Release) -> None:
        for merchant in binned.targets:
            names = binned.metadata_for(merchant)
            assert len(names) == 5
            (own,) = (name for name in names if "bins-" in name)
            assert f"{merchant}.zip" in json.loads(names[own])["signed"]["targets"]
            digest = hashlib.sha256(f"{merchant}.zip".encode()).hexdigest()
            assert own == f"1.bins-{digest[:2]}.json"

    def test_round_trip(self, empty: Path, binned: Release) -> None:
        repository.save_release(empty, binned)
        assert repository.read_release(empty) == binned
        assert files(empty) == layout(binned)

    def test_they_stay_when_merchants_leave(self, empty: Path, ceremony: Ceremony, binned: Release) -> None:
        repository.save_release(empty, binned)
        fewer = ceremony.release(repository.read_release(empty), targets=many(3), issued=NEXT_DAY)
        assert fewer.binned
        assert sum("bins-" in name for name in fewer.metadata) == 256
        repository.save_release(empty, fewer)
        assert files(empty) == layout(fewer)
        nobody = ceremony.release(repository.read_release(empty), targets={}, issued=NEXT_DAY)
        assert nobody.binned

    def test_they_come_when_merchants_join(self, ceremony: Ceremony) -> None:
        before = ceremony.release(targets=many(200))
        after = ceremony.release(before, targets=many(201))
        assert (before.binned, after.binned, after.version) == (False, True, 2)
        assert all(after.targets[merchant] is not None for merchant in before.targets)

    def test_any_damaged_bin_is_found(self, empty: Path, binned: Release) -> None:
        repository.save_release(empty, binned)
        for name in sorted(name for name in binned.metadata if "bins-" in name)[::51]:
            data = binned.metadata[name]
            (empty / "metadata" / name).write_bytes(data[:-9] + b"," + data[-8:])
            with pytest.raises(KeysError, match="备份"):
                repository.read_release(empty)
            (empty / "metadata" / name).unlink()
            with pytest.raises(KeysError, match="备份"):
                repository.read_release(empty)
            (empty / "metadata" / name).write_bytes(data)


class TestOfficeKeyReplaced:
    """A new root names another office key: what the old key signed is still read, and the new key goes on from it."""

    @pytest.fixture(params=[2, 201], ids=["one file", "bins"])
    def released(self, request: pytest.FixtureRequest, empty: Path, ceremony: Ceremony) -> Release:
        release = ceremony.release(targets=many(request.param))
        repository.save_release(empty, release)
        return release

    def test_versions_go_on(self, empty: Path, ceremony: Ceremony, released: Release) -> None:
        office = CryptoSigner.generate_ed25519()
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root(office=office))
        found = repository.read_release(empty)
        assert found == released
        assert repository.read_expiry(empty) == (1, released.expires)
        roots = repository.read_roots(empty)
        after = ceremony.release(found, targets=released.targets, roots=roots, signer=office)
        assert (after.version, len(after.chain)) == (2, 2)
        repository.save_release(empty, after)
        assert repository.read_release(empty) == after
        assert files(empty) == layout(after)
        with pytest.raises(KeysError, match="不配套"):
            ceremony.release(after, roots=roots)

    def test_a_release_of_the_old_key_that_claims_the_new_root_is_refused(
        self, empty: Path, ceremony: Ceremony, released: Release
    ) -> None:
        (empty / "metadata/2.root.json").write_bytes(ceremony.second_root(office=CryptoSigner.generate_ed25519()))
        stamp = Metadata[Any].from_bytes(released.metadata["timestamp.json"])
        roots = repository.read_roots(empty)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in roots.items()}
        stamp.signed.unrecognized_fields["x-xinyi-roots"] = digests
        stamp.sign(ceremony.office)
        (empty / "metadata/timestamp.json").write_bytes(stamp.to_bytes())
        with pytest.raises(KeysError, match="备份"):
            repository.read_release(empty)


class TestHistory:
    """The history says which releases were ours, also those whose files are long gone."""

    def test_it_grows(self, empty: Path, ceremony: Ceremony) -> None:
        release, chain = None, []
        for day in range(5):
            release = ceremony.release(release, issued=FIRST_DAY + timedelta(days=day))
            repository.save_release(empty, release)
            chain.append(hashlib.sha256(release.metadata["timestamp.json"]).hexdigest())
            release = repository.read_release(empty)
        found = history.parse((empty / "history.json").read_bytes())
        assert [(past.version, past.sha256) for past in found] == list(enumerate(chain, 1))

    def test_a_release_cut_short_before_its_timestamp_is_forgotten(self, empty: Path, second: Release) -> None:
        orphan = Past(3, "ef" * 32, "2026-11-21T16:00:00Z")
        (empty / "history.json").write_bytes(history.encode((*second.chain, orphan)))
        assert repository.read_release(empty) == second

    def test_without_the_file_it_begins_anew(self, empty: Path, ceremony: Ceremony, second: Release) -> None:
        (empty / "history.json").unlink()
        found = repository.read_release(empty)
        assert found is not None
        assert found.chain == second.chain[-1:]
        third = ceremony.release(found, issued=NEXT_DAY + timedelta(days=1))
        repository.save_release(empty, third)
        assert repository.read_release(empty) == third
        assert [past.version for past in third.chain] == [2, 3]

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda chain: chain[:1],
            lambda chain: (Past(1, "ef" * 32, chain[0].issued), chain[1]),
            lambda chain: (chain[0], Past(3, chain[1].sha256, chain[1].issued)),
            lambda chain: (chain[0], Past(2, chain[1].sha256, chain[0].issued)),
            lambda chain: (Past(1, "no digest", chain[0].issued), chain[1]),
            lambda chain: chain[:0],
        ],
        ids=["older", "another before", "a gap", "another day", "no digest", "empty"],
    )
    def test_one_that_does_not_lead_to_the_release_is_damage(
        self, empty: Path, second: Release, wrong: Callable[[tuple[Past, ...]], tuple[Past, ...]]
    ) -> None:
        (empty / "history.json").write_bytes(history.encode(wrong(second.chain)))
        with pytest.raises(KeysError, match="备份"):
            repository.read_release(empty)

    @pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"format": 2, "releases": []}', b'{"format": 1}'])
    def test_one_that_is_none_is_damage(self, empty: Path, second: Release, data: bytes) -> None:
        assert repository.read_release(empty) == second
        (empty / "history.json").write_bytes(data)
        with pytest.raises(KeysError, match="备份"):
            repository.read_release(empty)


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
        for name in signed(second):
            data = (empty / name).read_bytes()
            (empty / name).unlink()
            with pytest.raises(KeysError):
                repository.read_release(empty)
            (empty / name).write_bytes(data)
        assert repository.read_release(empty) == second

    def test_any_flipped_byte(self, empty: Path, second: Release) -> None:
        for name, data in signed(second).items():
            for index in range(0, len(data), 1 if name.endswith("timestamp.json") else 7):
                (empty / name).write_bytes(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])
                with pytest.raises(KeysError):
                    repository.read_release(empty)
            (empty / name).write_bytes(data)
        assert repository.read_release(empty) == second

    def test_a_file_cut_short(self, empty: Path, second: Release) -> None:
        for name, data in signed(second).items():
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
            third = ceremony.release(
                found, targets={JIA: sealed(b"third", "c8" * 32)}, issued=NEXT_DAY + timedelta(days=1)
            )
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
                issued = f"{release.issued:%Y-%m-%dT%H:%M:%SZ}"
                assert described.custom == {"issued": issued, "merchant": merchant, "content": data.content}
                assert Path(client.download_target(described)).read_bytes() == data.data
        assert client.get_targetinfo("nobody.zip") is None

    def test_bins_and_a_new_office_key_on_the_way(
        self, empty: Path, ceremony: Ceremony, address: str, tmp_path: Path, at: Callable[[datetime], None]
    ) -> None:
        """One client follows: one targets file, then bins, then a new root with another office key, then fewer."""
        office = CryptoSigner.generate_ed25519()
        steps = [
            (many(3), ceremony.office, None),
            (many(201), ceremony.office, None),
            (many(201), office, ceremony.second_root(office=office)),
            (many(2), office, None),
        ]
        for day, (targets, signer, root) in enumerate(steps):
            if root:
                (empty / "metadata/2.root.json").write_bytes(root)
            current, roots = repository.read_release(empty), repository.read_roots(empty)
            issued = FIRST_DAY + timedelta(days=day)
            release = ceremony.release(current, targets=targets, roots=roots, issued=issued, signer=signer)
            repository.save_release(empty, release)
            at(issued)
            client = self.client(address, tmp_path, ceremony.first_root)
            for merchant in ("m0", "m1", "m200"):
                described = client.get_targetinfo(f"{merchant}.zip")
                if merchant not in targets:
                    assert described is None
                    continue
                assert described is not None
                assert Path(client.download_target(described)).read_bytes() == targets[MerchantId(merchant)].data
        assert (release.version, release.binned) == (4, True)

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
