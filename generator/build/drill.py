"""The drill: a root key is lost and replaced, the office key is stolen and replaced, and a merchant's client is asked.

The officers first show that their real keys open and are those of the newest root, by signing a sentence that is no
metadata. What follows is played with twins, keys made up for the drill in a temporary folder, by the same functions as
in earnest: a root that real keys had signed could be used against the office, were the folder ever found. Only the
sealed secrets are a copy of the real ones. The client is python-tuf's own and starts from the first root.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater

from generator.build import ceremony
from generator.build.ceremony import OfficePassphrases
from generator.bundle import archive
from generator.core.model import MerchantId
from generator.errors import KeysError
from generator.trust import keys, releases, repository, roots, sealing
from generator.trust.keys import OfficeKeys
from generator.trust.releases import Release

MERCHANT = MerchantId("drill")
_MEMBERS = {"drill.txt": "演练用的名单包，没有任何人".encode()}
_SENTENCE = b"xinyi/drill/1: this signs nothing"
_A_MOMENT = timedelta(seconds=1)

Clock = Callable[[], datetime]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Twins:
    """Keys made up for the drill: the office's, and two root keys by their numbers. The third has been lost."""

    office: OfficeKeys
    officers: Mapping[int, CryptoSigner]


def with_real_keys(root: Path, office: OfficeKeys, signers: Sequence[CryptoSigner], clock: Clock, say: Say) -> None:
    """Rehearse after the holders of the real keys have shown them; raise ``KeysError`` where something fails."""
    started = clock()
    folder = root / "keys"
    before = _contents(folder)
    shown = show(ceremony.chain(root), office, signers)
    say(f"真钥匙：{'、'.join(shown)}都打得开，和根证书对得上；项目密钥（programme.key）也打得开。")
    _rehearse((folder / keys.PROGRAMME_KEY).read_bytes(), office.passphrase, clock, say)
    if _contents(folder) != before:
        raise KeysError("演练期间 keys 文件夹变了：请确认没有别人同时在用。演练的结果不算数，请再来一次")
    say("真正的密钥一个字节也没有动。")
    _say_duration(started, clock, say)


def with_invented_keys(clock: Clock, say: Say) -> None:
    """Rehearse without any real key, for those who want to see how it goes."""
    started = clock()
    _rehearse(None, archive.new_passphrase(), clock, say)
    _say_duration(started, clock, say)


def show(chain: Sequence[bytes], office: OfficeKeys, signers: Sequence[CryptoSigner]) -> list[str]:
    """Return the names of keys that sign as the newest root says they do; raise ``KeysError`` for one that does not."""
    newest = roots.check_chain(chain)
    names = roots.names(newest)
    shown = []
    for signer in (*signers, office.signer):
        keyid = signer.public_key.keyid
        if keyid not in names:
            raise KeysError("这把密钥不在根证书里：拿错了，或者它早已被换掉")
        newest.keys[keyid].verify_signature(signer.sign(_SENTENCE), _SENTENCE)
        shown.append("办公室密钥" if names[keyid] == roots.OFFICE else names[keyid])
    return shown


def _say_duration(started: datetime, clock: Clock, say: Say) -> None:
    say(f"演练完成，用了{(clock() - started).total_seconds():.0f}秒，临时文件夹已经删掉。")


def _rehearse(sealed: bytes | None, passphrase: str, clock: Clock, say: Say) -> None:
    with tempfile.TemporaryDirectory(prefix="xinyi-drill-") as name:
        copy = Path(name)
        twins = _make_twins(copy, sealed, passphrase, clock())
        say("下面用当场编的一套钥匙，在一个临时文件夹里演练：")
        client = _Client(copy, ceremony.chain(copy)[0])
        before = _release(copy, twins.office, clock())
        client.check(before.metadata, before.targets[MERCHANT].data, clock(), twins.office)
        say(f"1. 平常：办公室密钥签了第{before.version}版名单，商户的程序认它。")
        _lose_a_root_key(copy, twins, clock, say)
        office = _lose_the_office_key(copy, twins, clock, say)
        after = _release(copy, office, clock())
        client.check(after.metadata, after.targets[MERCHANT].data, clock(), office)
        say(f"4. 用新的办公室密钥签了第{after.version}版名单：商户的程序从第1版根证书一路认过来，也打得开。")
        forged = _forge(before, after, twins.office, clock() + _A_MOMENT)
        if client.accepts({**forged, **_named(ceremony.chain(copy))}, clock()):
            raise KeysError("演练没有通过：商户的程序认了用被偷的办公室密钥签的名单。请马上报告开发者")
        say("5. 小偷用旧的办公室密钥签了一版更新的名单：商户的程序拒绝了。")


def _make_twins(copy: Path, sealed: bytes | None, passphrase: str, at: datetime) -> _Twins:
    """Make a set of keys; where ``sealed`` is given, the secrets are that copy, which opens with ``passphrase``."""
    folder = copy / "keys"
    fill = archive.new_passphrase()
    keys.init(folder, (folder,) * roots.ROOT_KEYS, keys.Passphrases((fill,) * roots.ROOT_KEYS, passphrase), 29, at)
    if sealed is not None:
        sealing.write_private(folder / keys.PROGRAMME_KEY, sealed)
    officers = {number: sealing.read_key(folder / f"root-{number}.pem", fill) for number in (1, 2)}
    (folder / "root-3.pem").unlink()
    return _Twins(keys.open_office(folder, passphrase), officers)


def _lose_a_root_key(copy: Path, twins: _Twins, clock: Clock, say: Say) -> None:
    fresh = CryptoSigner.generate_ed25519()
    proposal = roots.root_replacement(ceremony.chain(copy), roots.ROOT_KEYS, fresh.public_key, clock())
    change = ceremony.accept(copy, _sign(proposal, [*twins.officers.values(), fresh]), clock())
    say(f"2. root-3 丢了：root-1 和 root-2 签名，换上新的 root-3。根证书到第{change.version}版。")


def _lose_the_office_key(copy: Path, twins: _Twins, clock: Clock, say: Say) -> OfficeKeys:
    old = twins.office.passphrase
    new = keys.DEMO_PASSPHRASE if twins.office.demo else archive.new_passphrase()
    passphrases = OfficePassphrases(old, new, merchants_too=True)
    fresh = CryptoSigner.generate_ed25519()
    ceremony.prepare_office(copy, fresh, passphrases)
    proposal = roots.office_replacement(ceremony.chain(copy), fresh.public_key, clock())
    change = ceremony.accept(copy, _sign(proposal, list(twins.officers.values())), clock(), passphrases)
    office = keys.open_office(copy / "keys", new)
    say(
        f"3. 办公室密钥被偷了：root-1 和 root-2 签名，换上新的；项目密钥换了新口令封存，"
        f"{len(office.programme.passphrases)}家商户的口令全部换新。根证书到第{change.version}版。"
    )
    return office


def _forge(before: Release, after: Release, stolen: OfficeKeys, at: datetime) -> dict[str, bytes]:
    """Return the metadata that a thief of the old office key can sign: newer than ours, under the old root."""
    old = {name: data for name, data in before.metadata.items() if name.endswith(".root.json")}
    return dict(releases.next_release(after, old, after.targets, at, stolen.signer, after.programme).metadata)


def _release(copy: Path, office: OfficeKeys, at: datetime) -> Release:
    """Sign and save a release that holds one bundle for the drill alone."""
    store = copy / "keys" / "repository"
    current = repository.read_release(store)
    target = releases.sealed(archive.encrypt(_MEMBERS, _passphrase_of_drill(office)), content="")
    programme = current.programme if current else ""
    release = releases.next_release(
        current, repository.read_roots(store), {MERCHANT: target}, at, office.signer, programme
    )
    repository.save_release(store, release)
    return release


def _passphrase_of_drill(office: OfficeKeys) -> str:
    return f"drill {office.signer.public_key.keyid}"


def _sign(proposal: roots.Proposal, signers: Sequence[CryptoSigner]) -> roots.Proposal:
    for signer in signers:
        proposal = roots.sign(proposal, signer)
    return proposal


class _Client:
    """A merchant's client that remembers what it has seen."""

    def __init__(self, copy: Path, first_root: bytes) -> None:
        self._state = copy / "client"
        self._state.mkdir()
        self._targets = copy / "downloads"
        self._targets.mkdir()
        self._first_root = first_root

    def accepts(self, metadata: Mapping[str, bytes], at: datetime) -> bool:
        """Return whether a copy of the client would take this metadata; nothing is remembered."""
        trial = self._state.with_name("trial")
        shutil.copytree(self._state, trial, symlinks=True)
        try:
            self._updater(trial, metadata, {}, at).refresh()
        except (RepositoryError, DownloadError):
            return False
        finally:
            shutil.rmtree(trial)
        return True

    def check(self, metadata: Mapping[str, bytes], target: bytes, at: datetime, office: OfficeKeys) -> None:
        """Fetch and open the drill's bundle; raise ``KeysError`` if the client refuses anything on the way."""
        path = releases.target_path(MERCHANT)
        try:
            updater = self._updater(self._state, metadata, {path: target}, at)
            updater.refresh()
            info = updater.get_targetinfo(path)
            if info is None:
                raise KeysError("演练没有通过：发布里没有演练的名单包")
            data = Path(updater.download_target(info)).read_bytes()
        except (RepositoryError, DownloadError) as error:
            raise KeysError(f"演练没有通过：商户的程序不认新签的名单（{error}）。请马上报告开发者") from error
        if archive.decrypt(data, _passphrase_of_drill(office)) != _MEMBERS:
            raise KeysError("演练没有通过：名单包打开以后不是原来的内容")

    def _updater(
        self, state: Path, metadata: Mapping[str, bytes], targets: Mapping[str, bytes], at: datetime
    ) -> Updater:
        served = {f"metadata/{name}": data for name, data in metadata.items()}
        for path, data in targets.items():
            served[f"targets/{releases.sha256(data)}.{path}"] = data
        updater = Updater(
            str(state), "metadata/", str(self._targets), "targets/", _Served(served), bootstrap=self._first_root
        )
        updater._trusted_set.reference_time = at  # python-tuf has no public way to tell it the time
        return updater


class _Served(FetcherInterface):
    """Gives python-tuf files from memory as if it downloaded them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url not in self._files:
            raise DownloadHTTPError("not served", 404)
        return iter([self._files[url]])


def _named(chain: Sequence[bytes]) -> dict[str, bytes]:
    return {f"{number}.root.json": data for number, data in enumerate(chain, 1)}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
