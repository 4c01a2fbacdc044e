"""What a build makes of what has been released and published before: it goes on from it, or refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater

from generator.build import expiry, pipeline
from generator.build.pipeline import Report
from generator.build.reports import build_text, build_values
from generator.cli import main
from generator.core.model import MerchantId
from generator.errors import RefusedError
from generator.publish.folder import publish_to
from generator.site.render import render
from generator.trust import history, releases, repository, sealing
from generator.trust.keys import DEMO_PASSPHRASE, open_office
from generator.trust.releases import Release
from tests.build.small import FIRST_DAY, MERCHANTS, PEOPLE, make_keys, write_small_office
from tests.site.builders import AS_OF, TEMPLATES, edition

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_SCRYPT_N", 16)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Return a small office with keys and one release."""
    root = write_small_office(tmp_path / "office")
    make_keys(root)
    build(root, 0)
    return root


def build(root: Path, day: int) -> Report:
    keys = open_office(root / "keys", DEMO_PASSPHRASE)
    return pipeline.build(root, FIRST_DAY + timedelta(days=day), keys, lambda *_: None)


def release_of(root: Path) -> Release:
    release = repository.read_release(root / "keys/repository")
    assert release is not None
    return release


def publish(root: Path) -> None:
    publish_to(root, "disk", dry_run=False)


def backup(root: Path, to: Path) -> Path:
    return shutil.copytree(root / "keys", to / "backup")


def restore(root: Path, saved: Path) -> None:
    shutil.rmtree(root / "keys")
    shutil.copytree(saved, root / "keys")


class TestForks:
    """Keys that are behind what went out must not go on: every merchant would refuse one of the branches."""

    def test_a_restored_backup_is_found_at_the_place_published_to(self, office: Path, tmp_path: Path) -> None:
        saved = backup(office, tmp_path)
        build(office, 1)
        publish(office)
        restore(office, saved)
        for day in (1, 2):
            with pytest.raises(
                RefusedError, match=r"发布目标“disk”：那里已经发布了更新的版本.*那里第2版，这里第1版.*抄成"
            ):
                build(office, day)
        assert release_of(office).version == 1

    def test_the_way_out_that_the_message_tells(self, office: Path, tmp_path: Path) -> None:
        """The tuf folder copied from there becomes keys/repository/, history and all."""
        saved = backup(office, tmp_path)
        build(office, 1)
        publish(office)
        restore(office, saved)
        shutil.rmtree(office / "keys/repository")
        shutil.copytree(office / "published/tuf", office / "keys/repository")
        build(office, 2)
        publish(office)
        assert [past.version for past in release_of(office).chain] == [1, 2, 3]

    def test_a_backup_older_than_what_was_noted(self, office: Path, tmp_path: Path) -> None:
        """The disk is not plugged in, but the note of what went out survived the restoring of the rest."""
        saved = backup(office, tmp_path)
        build(office, 1)
        publish(office)
        shutil.copy(office / "keys/repository/published.json", saved / "repository")
        restore(office, saved)
        shutil.rmtree(office / "published")
        with pytest.raises(RefusedError, match="那里第2版，这里第1版"):
            build(office, 2)

    def test_keys_without_a_release_where_one_went_out(self, office: Path) -> None:
        publish(office)
        for name in ("metadata/timestamp.json", "metadata/1.snapshot.json", "history.json", "published.json"):
            (office / "keys/repository" / name).unlink()
        with pytest.raises(RefusedError, match="那里第1版，这里第0版"):
            build(office, 1)

    def test_another_pc_that_published_from_the_same_keys(self, office: Path, tmp_path: Path) -> None:
        other = shutil.copytree(office, tmp_path / "other")
        build(office, 1)
        publish(office)
        build(other, 2)
        shutil.copytree(office / "published", other / "published")
        with pytest.raises(RefusedError, match="那里的第2版不是从这里的 keys 文件夹发布的：另一台电脑"):
            publish(other)
        with pytest.raises(RefusedError, match="那里的第2版不是从这里的 keys 文件夹发布的：另一台电脑"):
            build(other, 3)

    def test_what_was_built_and_not_published_is_no_fork(self, office: Path) -> None:
        publish(office)
        for day in (1, 2, 3):
            build(office, day)
        publish(office)
        assert release_of(office).version == 4
        assert history.read_published(office / "keys/repository")["disk"].version == 4

    def test_other_keys_and_places_that_cannot_be_read_do_not_stop_a_build(self, office: Path) -> None:
        publish(office)
        timestamp = office / "published/tuf/metadata/timestamp.json"
        for data in (b"", b"[]", b'{"signed": 7}', b"\xff"):
            timestamp.write_bytes(data)
            build(office, 1)
        timestamp.unlink()
        build(office, 2)
        timestamp.mkdir()
        build(office, 3)
        (office / "published/tuf/metadata/1.root.json").write_bytes(b"{}")
        timestamp.rmdir()
        timestamp.write_bytes(b'{"signed": {"version": 99, "expires": "2027-01-01T00:00:00Z"}}')
        assert build(office, 4).bundles[0].version == 5


class TestOfficeKeyReplaced:
    """A new office key goes on from what the old one signed, and believes nothing that it signed about contents."""

    def replace_key(self, office: Path) -> None:
        """Do what a ceremony does: a second root, signed by two officers, that names a fresh office key."""
        fresh = CryptoSigner.generate_ed25519()
        metadata = Metadata[Root].from_file(str(office / "keys/repository/metadata/1.root.json"))
        metadata.signed.version = 2
        for role in ("targets", "snapshot", "timestamp"):
            (old,) = metadata.signed.roles[role].keyids
            metadata.signed.revoke_key(old, role)
            metadata.signed.add_key(fresh.public_key, role)
        metadata.signatures.clear()
        for number in (1, 2):
            pem = (office / f"keys/root-{number}.pem").read_bytes()
            metadata.sign(sealing.decrypt_key(pem, DEMO_PASSPHRASE), append=True)
        (office / "keys/repository/metadata/2.root.json").write_bytes(metadata.to_bytes())
        (office / "keys/office.pem").write_bytes(sealing.encrypt_key(fresh, DEMO_PASSPHRASE))

    def test_the_next_build(self, office: Path) -> None:
        publish(office)
        before = release_of(office)
        self.replace_key(office)
        assert release_of(office) == before
        report = build(office, 0)  # the same day: a new root alone makes a new release
        after = release_of(office)
        assert (after.version, after.chain[:1]) == (2, before.chain)
        assert set(report.remade) == set(after.targets) == set(before.targets)
        assert {m: t.content for m, t in after.targets.items()} == {m: t.content for m, t in before.targets.items()}
        assert build(office, 1).remade == ()
        publish(office)


@pytest.fixture
def address(office: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    (office / "build/site").mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(office / "build"))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/site/tuf"
        server.shutdown()
        thread.join()


class TestServed:
    """build/site/tuf/ is an ordinary TUF repository, with and without bins, and so is every bundle."""

    @pytest.fixture
    def client(self, address: str, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Return a function that refreshes a client on a day and fetches a target."""
        (tmp_path / "state").mkdir()

        def fetch(merchant: str, day: int) -> bytes:
            at = datetime.combine(FIRST_DAY + timedelta(days=day), datetime.min.time(), UTC)
            clock = type("Clock", (), {"now": staticmethod(lambda _zone: at)})
            zones = type("Zones", (), {"utc": UTC})
            module = type("Module", (), {"datetime": clock, "timezone": zones})
            monkeypatch.setattr("tuf.ngclient._internal.trusted_metadata_set.datetime", module)
            client = Updater(
                metadata_dir=str(tmp_path / "state"),
                metadata_base_url=f"{address}/metadata/",
                target_dir=str(tmp_path / "state"),
                target_base_url=f"{address}/targets/",
                bootstrap=(office / "keys/repository/metadata/1.root.json").read_bytes(),
            )
            described = client.get_targetinfo(f"{merchant}.zip")
            assert described is not None
            return Path(client.download_target(described)).read_bytes()

        return fetch

    def test_one_client_follows_into_bins_and_beyond(
        self, office: Path, client: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert client("yi", 0) == release_of(office).targets[MerchantId("yi")].data
        third = MERCHANTS.replace('"jia"', '"bing"').split("[[merchant]]")[1]
        (office / "content/merchants.toml").write_text(f"{MERCHANTS}[[merchant]]{third}", "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(releases, "LARGEST_UNBINNED", 2)
            build(office, 1)
        for day in (1, 2):
            release = release_of(office)
            assert (release.binned, release.version) == (True, day + 1)
            assert len(list((office / "build/site/tuf/metadata").glob(f"{day + 1}.bins-*.json"))) == 256
            for merchant, target in release.targets.items():
                assert client(merchant, day) == target.data
                self.check_bundle(office, merchant, day)
            (office / "content/merchants.toml").write_text(MERCHANTS, "utf-8")
            build(office, day + 1)  # fewer again, but bins are for ever

    def check_bundle(self, office: Path, merchant: str, day: int) -> None:
        """Ask the published verifier about somebody, with the bundle that was published."""
        site = office / "build/site"
        with zipfile.ZipFile(site / f"bundles/{merchant}.zip") as bundle:
            assert sum("bins-" in name for name in bundle.namelist()) == 1
        name, number, _ = PEOPLE[2]
        passphrase = open_office(office / "keys", DEMO_PASSPHRASE).programme.passphrases[MerchantId(merchant)]
        as_of = (FIRST_DAY + timedelta(days=day)).isoformat()
        state = str(office.parent / "counter")
        who = ("--name", name, "--id", number)
        done = subprocess.run(
            [sys.executable, "verify/verify.py", f"bundles/{merchant}.zip", *who, "--as-of", as_of, "--state", state],
            cwd=site,
            env={**os.environ, "XINYI_PASSPHRASE": passphrase, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def test_the_history_is_served_beside_it(self, office: Path) -> None:
        build(office, 1)
        served = history.parse((office / "build/site/tuf/history.json").read_bytes())
        assert served == release_of(office).chain
        assert [past.version for past in served] == [1, 2]
        assert not (office / "build/site/tuf/published.json").exists()


class TestExpiry:
    """Loud from ten days before: in the build's report, in xinyi status, on the page with the bundles."""

    def test_nothing_to_say(self, office: Path) -> None:
        report = build(office, 1)
        assert build_values(report)["warnings"] == []
        assert "【注意】" not in build_text(report)

    @pytest.mark.parametrize(
        ("left", "said"),
        [
            (11, ""),
            (10, "只能再用10天，到2026年12月29日为止"),
            (1, "只能再用1天"),
            (0, "今天（2026年12月29日）是最后一天"),
            (-1, "已经到期，商户现在不能核验"),
        ],
    )
    def test_status(self, office: Path, left: int, said: str) -> None:
        """The release of 20 November is refused from 30 December on."""
        publish(office)
        day = date(2026, 12, 29) - timedelta(days=left)
        result = CliRunner().invoke(main, ["--root", str(office), "status", "--as-of", day.isoformat(), "--json"])
        found = json.loads(result.stdout)
        assert found["release"] == {"version": 1, "expires": "2026-12-30"}
        assert found["published"] == {"disk": {"version": 1, "expires": "2026-12-30"}}
        assert len(found["warnings"]) == (2 if said else 0)
        assert all(said in warning and "xinyi build" in warning for warning in found["warnings"])
        text = CliRunner().invoke(main, ["--root", str(office), "status", "--as-of", day.isoformat()]).stdout
        assert text.count("【注意】") == len(found["warnings"])
        assert "已生成第1版，可用到2026年12月29日" in text

    def test_status_tells_what_was_built_and_not_published(self, office: Path) -> None:
        publish(office)
        build(office, 1)
        text = CliRunner().invoke(main, ["--root", str(office), "status", "--as-of", "2026-11-21"]).stdout
        assert "已发布到“disk”：第1版，可用到2026年12月29日，还不是最新的一版。" in text

    def test_status_without_keys(self, tmp_path: Path) -> None:
        root = write_small_office(tmp_path / "office")
        result = CliRunner().invoke(main, ["--root", str(root), "status", "--as-of", "2026-11-21", "--json"])
        found = json.loads(result.stdout)
        assert (found["release"], found["root_expires"], found["published"], found["warnings"]) == (None, None, {}, [])

    @pytest.mark.parametrize(
        ("left", "said"),
        [
            (40, ""),
            (39, "根证书只能再用39天，到2028年10月30日为止"),
            (0, "根证书今天（2028年10月30日）是最后一天"),
            (-1, "根证书已经到期"),
        ],
    )
    def test_the_root(self, left: int, said: str) -> None:
        """From the day on which the root shortens what a bundle may be used for."""
        last = date(2028, 10, 30)
        assert expiry.root_warning(last + timedelta(days=1), last - timedelta(days=left)).startswith(said)
        assert bool(said) == bool(expiry.root_warning(last + timedelta(days=1), last - timedelta(days=left)))

    def test_a_build_under_a_root_that_ends_soon(self, office: Path) -> None:
        end = repository.root_expiry(office / "keys/repository").astimezone(ZONE).date()
        scores = office / "lists/snapshots/score/snapshot.toml"
        scores.write_text(scores.read_text("utf-8").replace("2027-10-14", "2029-10-14"), "utf-8")
        report = build(office, (end - FIRST_DAY).days - 6)
        assert (report.expires, report.root_expires) == (end, end)
        warnings = build_values(report)["warnings"]
        assert ["只能再用5天" in warning for warning in warnings] == [True, True]
        assert build_text(report).count("【注意】") == 2

    @pytest.mark.parametrize("left", [11, 10, 0])
    def test_the_page_with_the_bundles(self, left: int) -> None:
        shown = edition()
        records = [replace(record, expires=AS_OF + timedelta(days=left + 1)) for record in shown.bundles]
        page = render(replace(shown, bundles=tuple(records)), TEMPLATES)["merchants/index.html"].decode()
        assert page.count("快到期了") == (len(records) if left <= 10 else 0)
        assert records

    def test_new_passphrases_are_said(self, office: Path) -> None:
        assert "新生成了口令" not in build_text(build(office, 1))
        (office / "content/merchants.toml").write_text(MERCHANTS.replace('"jia"', '"bing"'), "utf-8")
        report = build(office, 2)
        assert report.new_passphrases == ("bing",)
        assert "新生成了口令：bing。" in build_text(report)
        assert build_values(report)["new_passphrases"] == ["bing"]
