"""Root ceremonies on a folder: what is accepted takes effect at one stroke, wherever the power goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from generator.build import ceremony, drill, reports
from generator.build.ceremony import OfficePassphrases
from generator.build.locking import alone
from generator.bundle import archive
from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust import keys, releases, repository, roots, sealing
from generator.trust.keys import DEMO_PASSPHRASE, OfficeKeys, Passphrases
from generator.trust.roots import Proposal
from tests.trust.powercut import PowerCutError, at_every_write, power_cut

AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
LATER = AT + timedelta(days=300)
OFFICE, NEW = "office passphrase", "another office passphrase"
ROOTS = ("first officer's", "second officer's", "third officer's")
MERCHANTS = {MerchantId("jia"): "J" * 16, MerchantId("yi"): "Y" * 16}
CHANGE = OfficePassphrases(OFFICE, NEW)
STOLEN = OfficePassphrases(OFFICE, NEW, merchants_too=True)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_SCRYPT_N", 16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an office with three sticks beside it: office/keys and stick-1, stick-2, stick-3."""
    base = tmp_path_factory.mktemp("made")
    sticks = [base / f"stick-{n}" for n in (1, 2, 3)]
    for stick in sticks:
        stick.mkdir()
    (base / "office/lists").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT_N", 16)
        keys.init(base / "office/keys", sticks, Passphrases(ROOTS, OFFICE), 29, AT)
        keys.add_passphrases(base / "office/keys", keys.open_office(base / "office/keys", OFFICE), MERCHANTS)
    return base


@pytest.fixture
def base(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "base")


@pytest.fixture
def office(base: Path) -> Path:
    return base / "office"


@pytest.fixture(scope="module")
def officers(made: Path) -> tuple[CryptoSigner, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT_N", 16)
        return tuple(sealing.read_key(made / f"stick-{n}/root-{n}.pem", ROOTS[n - 1]) for n in (1, 2, 3))


def files(folder: Path) -> dict[str, bytes]:
    lock = "lists/.lock"
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.relative_to(folder).as_posix() != lock
    }


def signed(proposal: Proposal, signers: Iterable[CryptoSigner]) -> Proposal:
    for signer in signers:
        proposal = roots.sign(proposal, signer)
    return proposal


def named_by_newest_root(root: Path, opened: OfficeKeys) -> bool:
    newest = Metadata[Root].from_bytes(ceremony.chain(root)[-1]).signed
    return newest.roles["timestamp"].keyids == [opened.signer.public_key.keyid]


class TestAccepting:
    def test_a_renewal(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        proposal = signed(roots.renewal(ceremony.chain(office), LATER), officers[:2])
        before = files(office)
        change = ceremony.accept(office, proposal, LATER)
        assert change.version == 2
        after = files(office)
        assert after.pop("keys/repository/metadata/2.root.json") == proposal.following
        assert after == before
        with pytest.raises(RefusedError, match="已经接受过了"):
            ceremony.accept(office, proposal, LATER)

    def test_too_few_signatures_change_nothing(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        before = files(office)
        proposal = signed(roots.renewal(ceremony.chain(office), LATER), officers[:1])
        with pytest.raises(RefusedError, match="签名还不够"):
            ceremony.accept(office, proposal, LATER)
        assert files(office) == before

    def test_while_another_window_builds(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        proposal = signed(roots.renewal(ceremony.chain(office), LATER), officers[:2])
        with alone(office), pytest.raises(RefusedError, match="另一个窗口"):
            ceremony.accept(office, proposal, LATER)

    def test_the_power_goes(self, office: Path, officers: tuple[CryptoSigner, ...], tmp_path: Path) -> None:
        proposal = signed(roots.renewal(ceremony.chain(office), LATER), officers[:2])
        found = [
            len(ceremony.chain(copy))
            for copy in at_every_write(office, tmp_path, lambda copy: ceremony.accept(copy, proposal, LATER))
        ]
        assert found == sorted(found)
        assert set(found) == {1, 2}


def replace_office(root: Path, officers: Iterable[CryptoSigner], passphrases: OfficePassphrases) -> None:
    """Replace the office key in one sitting."""
    fresh = CryptoSigner.generate_ed25519()
    ceremony.prepare_office(root, fresh, passphrases)
    proposal = roots.office_replacement(ceremony.chain(root), fresh.public_key, LATER)
    ceremony.accept(root, signed(proposal, officers), LATER, passphrases)


class TestReplacingTheOfficeKey:
    """New office.pem, same secrets under another passphrase; the old passphrase opens nothing any more."""

    def test_it_is_another_key_for_the_same_secrets(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        before = keys.open_office(office / "keys", OFFICE)
        replace_office(office, officers[1:], CHANGE)
        after = keys.open_office(office / "keys", NEW)
        assert after.programme == before.programme
        assert after.signer.public_key != before.signer.public_key
        assert named_by_newest_root(office, after)
        assert not named_by_newest_root(office, before)
        assert sorted(path.name for path in (office / "keys").iterdir()) == [
            "office.pem",
            "programme.key",
            "repository",
        ]
        with pytest.raises(KeysError, match="口令不对"):
            keys.open_office(office / "keys", OFFICE)

    def test_after_a_theft_every_merchant_gets_another_passphrase(
        self, office: Path, officers: tuple[CryptoSigner, ...]
    ) -> None:
        before = keys.open_office(office / "keys", OFFICE).programme
        replace_office(office, officers[:2], STOLEN)
        after = keys.open_office(office / "keys", NEW).programme
        assert after.passphrases.keys() == MERCHANTS.keys()
        assert not set(after.passphrases.values()) & set(MERCHANTS.values())
        assert (after.u_salt, after.t_key, after.ref_key) == (before.u_salt, before.t_key, before.ref_key)

    def test_also_where_office_pem_is_lost(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        (office / "keys/office.pem").unlink()
        replace_office(office, officers[:2], CHANGE)
        assert named_by_newest_root(office, keys.open_office(office / "keys", NEW))

    def test_the_next_release_is_signed_by_the_new_key(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        store = office / "keys/repository"

        def release(opened: OfficeKeys, at: datetime) -> releases.Release:
            target = releases.sealed(archive.encrypt({"a": b"b"}, "J" * 16), content="")
            made = releases.next_release(
                repository.read_release(store),
                repository.read_roots(store),
                {MerchantId("jia"): target},
                at,
                opened.signer,
                "",
            )
            repository.save_release(store, made)
            return made

        old = keys.open_office(office / "keys", OFFICE)
        release(old, LATER)
        replace_office(office, officers[:2], CHANGE)
        with pytest.raises(KeysError, match="不在根证书里"):
            release(old, LATER + timedelta(days=1))
        assert release(keys.open_office(office / "keys", NEW), LATER + timedelta(days=1)).version == 2

    @pytest.mark.parametrize("passphrases", [CHANGE, STOLEN], ids=["lost", "stolen"])
    def test_the_power_goes(
        self, office: Path, officers: tuple[CryptoSigner, ...], tmp_path: Path, passphrases: OfficePassphrases
    ) -> None:
        """Either the old key is in force with its passphrase, or the new one with its own; never a mixture."""
        before = keys.open_office(office / "keys", OFFICE)
        replaced = []
        for copy in at_every_write(office, tmp_path, lambda copy: replace_office(copy, officers[:2], passphrases)):
            new = len(ceremony.chain(copy)) == 2
            replaced.append(new)
            folder, right = copy / "keys", NEW if new else OFFICE
            wrong = OFFICE if new else NEW
            with pytest.raises(KeysError, match=r"旧口令不能再用|口令不对"):
                keys.add_passphrases(folder, OfficeKeys(before.signer, before.programme, wrong), {})
            opened = keys.add_passphrases(folder, keys.open_office(folder, right), {MerchantId("bing"): "B" * 16})
            assert named_by_newest_root(copy, opened)
            assert opened.programme.u_salt == before.programme.u_salt
            kept = {m: p for m, p in opened.programme.passphrases.items() if m in MERCHANTS}
            assert (kept == MERCHANTS) is not (new and passphrases.merchants_too)
            if not new:  # it is done again, over what was left
                replace_office(copy, officers[1:], passphrases)
                opened = keys.open_office(folder, NEW)
                assert named_by_newest_root(copy, opened)
            assert opened.programme.passphrases[MerchantId("bing")] != ""
            assert keys.office_change(folder) == ""
            assert sorted(path.name for path in folder.iterdir() if path.suffix != ".new") == [
                "office.pem",
                "programme.key",
                "repository",
            ]
        assert replaced == sorted(replaced)
        assert set(replaced) == {False, True}
        assert len(replaced) > 15

    def test_the_power_goes_again_while_it_is_finished(
        self, office: Path, officers: tuple[CryptoSigner, ...], tmp_path: Path
    ) -> None:
        cut = cut_after_the_root(office, officers, tmp_path / "first")
        copies = at_every_write(cut, tmp_path, lambda copy: keys.open_office(copy / "keys", NEW))
        opened = [named_by_newest_root(copy, keys.open_office(copy / "keys", NEW)) for copy in copies]
        assert all(opened)
        assert len(opened) > 2


def cut_after_the_root(office: Path, officers: Iterable[CryptoSigner], to: Path) -> Path:
    """Return an office in which the new root was accepted and the power went before the new key was in its place."""
    copies = at_every_write(office, to, lambda copy: replace_office(copy, tuple(officers)[:2], STOLEN))
    return next(copy for copy in copies if keys.office_change(copy / "keys") == "accepted")


class TestOfficeReplacementCarriedAround:
    """Days pass between proposing and accepting; the office goes on with the old key meanwhile."""

    def test_a_merchant_who_joins_meanwhile_is_kept(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        fresh = CryptoSigner.generate_ed25519()
        ceremony.prepare_office(office, fresh, CHANGE)
        assert keys.office_change(office / "keys") == "waiting"
        proposal = roots.office_replacement(ceremony.chain(office), fresh.public_key, LATER)
        old = keys.open_office(office / "keys", OFFICE)
        keys.add_passphrases(office / "keys", old, {MerchantId("bing"): "B" * 16})
        ceremony.accept(office, signed(proposal, officers[:2]), LATER + timedelta(days=30), CHANGE)
        assert keys.open_office(office / "keys", NEW).programme.passphrases == {
            **MERCHANTS,
            MerchantId("bing"): "B" * 16,
        }

    def test_an_office_passphrase_changed_meanwhile(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        fresh = CryptoSigner.generate_ed25519()
        ceremony.prepare_office(office, fresh, CHANGE)
        proposal = signed(roots.office_replacement(ceremony.chain(office), fresh.public_key, LATER), officers[:2])
        third = "a third passphrase"
        ceremony.change_office_passphrase(office, keys.open_office(office / "keys", OFFICE), third)
        with pytest.raises(KeysError, match="口令不对"):
            ceremony.accept(office, proposal, LATER, CHANGE)
        ceremony.accept(office, proposal, LATER, OfficePassphrases(third, NEW))
        assert named_by_newest_root(office, keys.open_office(office / "keys", NEW))

    @pytest.mark.parametrize(
        ("passphrases", "message"),
        [
            (None, "新旧两个办公室口令"),
            (OfficePassphrases("not this one at all", NEW), "口令不对"),
            (OfficePassphrases(OFFICE, "not this one at all"), r"office\.pem\.next：密钥打不开"),
            (OfficePassphrases(OFFICE, OFFICE), "等于没有换"),
            (OfficePassphrases(OFFICE, DEMO_PASSPHRASE), "也不能用演示口令"),
        ],
    )
    def test_wrong_passphrases_change_nothing(
        self, office: Path, officers: tuple[CryptoSigner, ...], passphrases: OfficePassphrases | None, message: str
    ) -> None:
        fresh = CryptoSigner.generate_ed25519()
        ceremony.prepare_office(office, fresh, CHANGE)
        proposal = signed(roots.office_replacement(ceremony.chain(office), fresh.public_key, LATER), officers[:2])
        before = files(office)
        with pytest.raises((KeysError, RefusedError), match=message):
            ceremony.accept(office, proposal, LATER, passphrases)
        assert files(office) == before

    def test_a_key_prepared_elsewhere_or_given_up(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        fresh = CryptoSigner.generate_ed25519()
        proposal = signed(roots.office_replacement(ceremony.chain(office), fresh.public_key, LATER), officers[:2])
        with pytest.raises(KeysError, match="在另一台电脑上做的"):
            ceremony.accept(office, proposal, LATER, CHANGE)
        ceremony.prepare_office(office, CryptoSigner.generate_ed25519(), CHANGE)
        with pytest.raises(RefusedError, match="不是文件里的那一把"):
            ceremony.accept(office, proposal, LATER, CHANGE)
        assert len(ceremony.chain(office)) == 1

    def test_what_is_accepted_cannot_be_given_up(
        self, office: Path, officers: tuple[CryptoSigner, ...], tmp_path: Path
    ) -> None:
        cut = cut_after_the_root(office, officers, tmp_path / "first")
        with pytest.raises(KeysError, match="旧口令不能再用"):
            keys.open_office(cut / "keys", OFFICE)
        with pytest.raises(RefusedError, match="不能作废"):
            ceremony.prepare_office(cut, CryptoSigner.generate_ed25519(), CHANGE)
        assert "只差最后一步" in reports.keys_text(cut / "keys", ZONE, date(2027, 9, 16))

    def test_a_demo_stays_a_demo(self, tmp_path: Path) -> None:
        demo = Passphrases((DEMO_PASSPHRASE,) * 3, DEMO_PASSPHRASE)
        keys.init(tmp_path / "keys", (tmp_path / "keys",) * 3, demo, 29, AT)
        with pytest.raises(RefusedError, match="还是演示密钥"):
            ceremony.check_passphrases(tmp_path, OfficePassphrases(DEMO_PASSPHRASE, NEW))
        signers = [sealing.read_key(tmp_path / f"keys/root-{n}.pem", DEMO_PASSPHRASE) for n in (1, 2)]
        replace_office(tmp_path, signers, OfficePassphrases(DEMO_PASSPHRASE, DEMO_PASSPHRASE, merchants_too=True))
        assert keys.is_demo(tmp_path / "keys")
        assert named_by_newest_root(tmp_path, keys.open_office(tmp_path / "keys", DEMO_PASSPHRASE))


class TestKeyFiles:
    """A wrong stick is told apart before anyone types a passphrase."""

    def accept_any(self, keyid: str) -> None:
        assert len(keyid) == 64

    def test_the_only_one_on_a_stick(self, base: Path) -> None:
        chain = ceremony.chain(base / "office")
        assert ceremony.key_file(base / "stick-2", chain, self.accept_any) == base / "stick-2/root-2.pem"
        assert ceremony.key_file(base / "stick-2/root-2.pem", chain, self.accept_any).name == "root-2.pem"

    def test_none_and_several(self, base: Path) -> None:
        chain = ceremony.chain(base / "office")
        with pytest.raises(KeysError, match="拿错U盘了吗"):
            ceremony.key_file(base / "office", chain, self.accept_any)
        shutil.copy(base / "stick-1/root-1.pem", base / "stick-2")
        with pytest.raises(RefusedError, match="2把根密钥，请写明"):
            ceremony.key_file(base / "stick-2", chain, self.accept_any)

    def test_of_another_programme(self, base: Path, tmp_path: Path) -> None:
        keys.init(tmp_path / "other", (tmp_path / "other",) * 3, Passphrases(ROOTS, OFFICE), 29, AT)
        with pytest.raises(RefusedError, match="不是这个项目的根密钥"):
            ceremony.key_file(tmp_path / "other/root-1.pem", ceremony.chain(base / "office"), self.accept_any)

    def test_the_office_key_is_none(self, office: Path) -> None:
        with pytest.raises(RefusedError, match="不是这个项目的根密钥"):
            ceremony.key_file(office / "keys/office.pem", ceremony.chain(office), self.accept_any)

    def test_its_place(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        chain, keyid = ceremony.chain(office), officers[1].public_key.keyid
        ceremony.check_holder(chain, keyid, "root-2")
        with pytest.raises(RefusedError, match="这把是 root-2，不是 root-1"):
            ceremony.check_holder(chain, keyid, "root-1")
        with pytest.raises(RefusedError, match="不在根证书里"):
            ceremony.check_holder(chain, keys.open_office(office / "keys", OFFICE).signer.public_key.keyid)


class TestStatus:
    """What runs out is said first and loudly: the release from ten days before, the root from ninety."""

    def text(self, root: Path, day: date) -> str:
        return reports.keys_text(root / "keys", ZONE, day)

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (date(2028, 8, 19), None),
            (date(2028, 8, 20), "根证书还能用90天"),
            (date(2028, 11, 18), "根证书还能用0天"),
            (date(2028, 11, 19), "根证书已经到期"),
        ],
    )
    def test_the_root(self, office: Path, day: date, said: str | None) -> None:
        text = self.text(office, day)
        if said is None:
            assert "【注意】" not in text
        else:
            assert text.startswith(f"【注意】{said}")
            assert "xinyi keys renew" in text.partition("\n")[0]
        assert "根证书：第1版，可用到2028年11月18日" in text

    @pytest.mark.parametrize(
        ("days", "loud"), [(0, False), (28, False), (29, True), (39, True), (40, True), (60, True)]
    )
    def test_the_release(self, office: Path, days: int, loud: bool) -> None:
        store = office / "keys/repository"
        target = releases.sealed(b"anything", content="")
        opened = keys.open_office(office / "keys", OFFICE)
        issued = datetime(2026, 11, 30, 16, tzinfo=UTC)
        repository.save_release(
            store,
            releases.next_release(
                None, repository.read_roots(store), {MerchantId("jia"): target}, issued, opened.signer, ""
            ),
        )
        text = self.text(office, date(2026, 12, 1) + timedelta(days=days))
        assert text.startswith("【注意】名单包") is loud
        assert ("xinyi build" in text) is loud
        assert "可用到2027年1月9日" in text

    def test_json(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        values = reports.keys_values(office / "keys", ZONE, date(2028, 11, 1))
        assert values["keys"] == {
            **{f"root-{n}": officer.public_key.keyid for n, officer in enumerate(officers, 1)},
            "office": keys.open_office(office / "keys", OFFICE).signer.public_key.keyid,
        }
        assert (values["root_version"], values["root_expires"], values["demo"]) == (1, "2028-11-19", False)
        assert (values["release"], values["release_expires"], values["office_change"]) == (None, None, "")
        (warning,) = values["warnings"]
        assert warning.startswith("根证书还能用17天")

    def test_a_prepared_office_key(self, office: Path) -> None:
        ceremony.prepare_office(office, CryptoSigner.generate_ed25519(), CHANGE)
        assert "还没有换上" in self.text(office, date(2027, 1, 1))


def ticking(step: timedelta = timedelta(seconds=1)) -> Callable[[], datetime]:
    """Return a clock that goes on each time it is asked."""
    now = LATER

    def clock() -> datetime:
        nonlocal now
        now += step
        return now

    return clock


class TestDrill:
    def test_with_real_keys_nothing_is_written(
        self, base: Path, officers: tuple[CryptoSigner, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, said = files(base), list[str]()
        monkeypatch.setenv("TMPDIR", str(base))
        monkeypatch.setattr("tempfile.tempdir", None)
        office = keys.open_office(base / "office/keys", OFFICE)
        drill.with_real_keys(base / "office", office, officers[1:], ticking(), said.append)
        assert files(base) == before
        text = "\n".join(said)
        assert "root-2、root-3、办公室密钥都打得开" in text
        assert "2家商户的口令全部换新" in text
        assert "根证书到第3版" in text
        assert "商户的程序拒绝了" in text
        assert "一个字节也没有动" in text
        assert said[-1].startswith("演练完成，用了")

    def test_with_invented_ones(self) -> None:
        said = list[str]()
        drill.with_invented_keys(ticking(), said.append)
        assert [line[:2] for line in said[1:6]] == ["1.", "2.", "3.", "4.", "5."]

    def test_a_key_that_is_no_longer_in_the_root(self, office: Path, officers: tuple[CryptoSigner, ...]) -> None:
        fresh = CryptoSigner.generate_ed25519()
        proposal = roots.root_replacement(ceremony.chain(office), 1, fresh.public_key, LATER)
        ceremony.accept(office, signed(proposal, officers[1:]), LATER)
        opened = keys.open_office(office / "keys", OFFICE)
        with pytest.raises(KeysError, match="不在根证书里"):
            drill.with_real_keys(office, opened, officers[:2], ticking(), print)

    def test_real_keys_sign_no_metadata(
        self, office: Path, officers: tuple[CryptoSigner, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A root with two real signatures could brick every merchant, were the temporary folder found."""
        opened = keys.open_office(office / "keys", OFFICE)
        real = {signer.public_key.keyid for signer in (*officers, opened.signer)}
        signed_by, sign = list[tuple[str, bytes]](), CryptoSigner.sign

        def noting(self: CryptoSigner, payload: bytes) -> object:
            signed_by.append((self.public_key.keyid, payload))
            return sign(self, payload)

        monkeypatch.setattr(CryptoSigner, "sign", noting)
        drill.with_real_keys(office, opened, officers[:2], ticking(), lambda _: None)
        assert [payload for keyid, payload in signed_by if keyid in real] == [b"xinyi/drill/1: this signs nothing"] * 3
        assert len(signed_by) > 10

    def test_it_can_fail(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A client that accepts what it should refuse, and one that refuses what it should accept, are both noticed."""

        def forget(_: Path, twins: drill._Twins, *__: object) -> OfficeKeys:
            return twins.office

        with monkeypatch.context() as patch:
            patch.setattr(drill, "_lose_the_office_key", forget)
            with pytest.raises(KeysError, match="认了用被偷的办公室密钥签的名单"):
                drill.with_invented_keys(ticking(), print)
        with pytest.raises(KeysError, match=r"不认新签的名单（.*expired"):
            drill.with_invented_keys(ticking(timedelta(days=50)), print)

    def test_a_cut_is_a_cut(self, tmp_path: Path) -> None:
        """So that the tests above do cut."""
        with power_cut(1), pytest.raises(PowerCutError):
            sealing.write_private(tmp_path / "a", b"")
        assert files(tmp_path) == {}
