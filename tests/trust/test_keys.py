"""The ceremony: everything encrypted, all or nothing, and a demo that cannot pass for more."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, Root

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust import keys, last_signed, roots, saving, sealing
from generator.trust.keys import DEMO_PASSPHRASE, Passphrases
from generator.trust.last_signed import Signed
from tests.trust.powercut import at_every_write

AT = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
OFFICE = "office passphrase"
ROOTS = ("first officer's", "second officer's", "third officer's")
REAL = Passphrases(ROOTS, OFFICE)
DEMO = Passphrases((DEMO_PASSPHRASE,) * 3, DEMO_PASSPHRASE)
ALL = {"root-1.pem", "root-2.pem", "root-3.pem", "office.pem", "programme.key", "repository/metadata/1.root.json"}


class PowerCutError(OSError):
    """What a test lets happen."""


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch little: these passphrases are no secrets. One test looks at what is really used."""
    monkeypatch.setattr(sealing, "_SCRYPT_N", 16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT_N", 16)
        keys.init(folder, (folder,) * 3, REAL, 29, AT)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a copy of real keys, to be damaged at will."""
    return shutil.copytree(made, tmp_path / "keys")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def raw(path: Path, passphrase: str) -> bytes:
    """Return the 32 secret bytes of a key file."""
    signer = sealing.decrypt_key(path.read_bytes(), passphrase)
    key = serialization.load_pem_private_key(signer.private_bytes, None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key.private_bytes_raw()


class TestCeremony:
    """Three root keys, one office key, the programme's secrets, the first root."""

    def test_what_is_made(self, made: Path) -> None:
        assert set(files(made)) == ALL

    def test_only_the_owner_can_read(self, made: Path) -> None:
        for name in ALL - {"repository/metadata/1.root.json"}:
            assert stat.S_IMODE((made / name).stat().st_mode) == 0o600

    def test_also_where_a_readable_file_was_left_under_the_name_beside(self, tmp_path: Path) -> None:
        (tmp_path / "office.pem.new").touch(mode=0o666)
        sealing.write_private(tmp_path / "office.pem", b"secret")
        assert stat.S_IMODE((tmp_path / "office.pem").stat().st_mode) == 0o600
        assert files(tmp_path) == {"office.pem": b"secret"}

    def test_no_secret_stands_in_any_file(self, folder: Path) -> None:
        opened = keys.add_passphrases(folder, keys.open_office(folder, OFFICE), {MerchantId("jia"): "0123456789ABCDEF"})
        programme = opened.programme
        secrets = [raw(folder / f"root-{n}.pem", passphrase) for n, passphrase in enumerate(ROOTS, 1)]
        secrets += [raw(folder / "office.pem", OFFICE), programme.u_salt, programme.t_key, programme.ref_key]
        secrets += [b"0123456789ABCDEF", OFFICE.encode(), *(passphrase.encode() for passphrase in ROOTS)]
        assert len(set(secrets)) == 12
        for name, data in files(folder).items():
            assert b"BEGIN PRIVATE KEY" not in data
            unpacked = base64.b64decode(b"".join(data.splitlines()[1:-1])) if name.endswith(".pem") else b""
            for secret in secrets:
                for form in (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")):
                    assert form not in data + unpacked

    def test_each_root_key_opens_with_its_officers_passphrase_only(self, made: Path) -> None:
        for number, right in enumerate(ROOTS, 1):
            for passphrase in (*ROOTS, OFFICE):
                if passphrase == right:
                    assert len(raw(made / f"root-{number}.pem", passphrase)) == 32
                else:
                    with pytest.raises(KeysError, match="口令不对"):
                        raw(made / f"root-{number}.pem", passphrase)

    def test_three_sticks(self, tmp_path: Path) -> None:
        sticks = [tmp_path / f"stick-{n}" for n in (1, 2, 3)]
        for stick in sticks:
            stick.mkdir()
        keys.init(tmp_path / "keys", sticks, REAL, 29, AT)
        assert [sorted(files(stick)) for stick in sticks] == [["root-1.pem"], ["root-2.pem"], ["root-3.pem"]]
        assert set(files(tmp_path / "keys")) == {"office.pem", "programme.key", "repository/metadata/1.root.json"}
        assert keys.open_office(tmp_path / "keys", OFFICE).programme.token_bits == 29

    def test_the_stretching_that_is_really_used(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        keys.init(tmp_path, (tmp_path,) * 3, REAL, 29, AT)
        kdf = json.loads((tmp_path / "programme.key").read_bytes())["kdf"]
        assert (kdf["name"], kdf["n"], kdf["r"], kdf["p"]) == ("scrypt", 65536, 8, 1)
        assert keys.open_office(tmp_path, OFFICE).programme.token_bits == 29

    def test_two_ceremonies_have_nothing_in_common(self, made: Path, tmp_path: Path) -> None:
        keys.init(tmp_path, (tmp_path,) * 3, REAL, 29, AT)
        one, other = keys.open_office(made, OFFICE), keys.open_office(tmp_path, OFFICE)
        assert one.programme.u_salt != other.programme.u_salt
        assert one.programme.t_key != other.programme.t_key
        assert one.programme.ref_key != other.programme.ref_key
        assert one.signer.public_key != other.signer.public_key


class TestFirstRoot:
    """Root: three keys, threshold two, two years; targets, snapshot, timestamp: the office key."""

    def test_roles(self, made: Path) -> None:
        root = Metadata[Root].from_file(str(made / "repository/metadata/1.root.json")).signed
        office = keys.open_office(made, OFFICE).signer.public_key.keyid
        assert root.version == 1
        assert root.consistent_snapshot
        assert root.expires == datetime(2028, 11, 19, 1, 2, 3, tzinfo=UTC)
        assert (len(root.roles["root"].keyids), root.roles["root"].threshold) == (3, 2)
        assert office not in root.roles["root"].keyids
        for role in ("timestamp", "snapshot", "targets"):
            assert (root.roles[role].keyids, root.roles[role].threshold) == ([office], 1)
        assert len(root.keys) == 4

    @pytest.mark.parametrize(("kept", "good"), [(3, True), (2, True), (1, False), (0, False)])
    def test_any_two_of_three_signatures_are_needed(self, made: Path, kept: int, good: bool) -> None:
        root = Metadata[Root].from_file(str(made / "repository/metadata/1.root.json"))
        assert len(root.signatures) == 3
        signatures = list(root.signatures.items())
        for start in range(3):
            root.signatures = dict((signatures[start:] + signatures[:start])[:kept])
            if good:
                root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
            else:
                with pytest.raises(UnsignedMetadataError):
                    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)


class TestAllOrNothing:
    """Nothing is overwritten and nothing is left half done."""

    @pytest.mark.parametrize("name", sorted(ALL))
    def test_refuses_where_something_exists(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"precious")
        with pytest.raises(RefusedError, match="已经存在"):
            keys.init(tmp_path, (tmp_path,) * 3, REAL, 29, AT)
        assert files(tmp_path) == {name: b"precious"}

    def test_also_where_a_key_lies_on_a_stick(self, tmp_path: Path) -> None:
        sticks = [tmp_path / f"stick-{n}" for n in (1, 2, 3)]
        sticks[2].mkdir()
        (sticks[2] / "root-3.pem").write_bytes(b"precious")
        with pytest.raises(RefusedError, match=r"root-3\.pem"):
            keys.init(tmp_path / "keys", sticks, REAL, 29, AT)
        assert files(tmp_path) == {"stick-3/root-3.pem": b"precious"}

    @pytest.mark.parametrize("call", [(os, "open"), (os, "fsync"), (Path, "replace")], ids=lambda call: call[1])
    @pytest.mark.parametrize("fails_at", range(6))
    def test_a_disk_that_fails_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[object, str], fails_at: int
    ) -> None:
        real = getattr(*call)
        calls = []

        def fail(*arguments: object, **named: object) -> object:
            calls.append(arguments)
            if len(calls) > fails_at:
                raise PowerCutError(28, "No space left on device", "somewhere")
            return real(*arguments, **named)

        sticks = [tmp_path / f"stick-{n}" for n in (1, 2, 3)]
        for stick in sticks:
            stick.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(*call, fail)
            with pytest.raises(KeysError, match=r"somewhere 写不进去.*已写好的都已删掉"):
                keys.init(tmp_path / "keys", sticks, REAL, 29, AT)
        assert files(tmp_path) == {}
        keys.init(tmp_path / "keys", sticks, REAL, 29, AT)
        assert len(files(tmp_path)) == len(ALL)

    @pytest.mark.parametrize("writes", range(1, 7))
    def test_ctrl_c_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
        real, done = sealing.write_and_compare, list[Path]()

        def interrupted(path: Path, data: bytes) -> None:
            real(path, data)
            done.append(path)
            if len(done) == writes:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(keys, "write_and_compare", interrupted)
            with pytest.raises(KeyboardInterrupt):
                keys.init(tmp_path, (tmp_path,) * 3, REAL, 29, AT)
        assert files(tmp_path) == {}
        keys.init(tmp_path, (tmp_path,) * 3, REAL, 29, AT)

    def test_what_counts_is_written_last_and_taken_back_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that a second Ctrl-C, or a power cut, never leaves a root without its office."""
        real, removed = Path.unlink, list[str]()

        def interrupted(path: Path, data: bytes) -> None:
            sealing.write_and_compare(path, data)
            if path.name == "1.root.json":
                raise KeyboardInterrupt

        def noted(path: Path, *, missing_ok: bool = False) -> None:
            if path.exists() and path.suffix != ".new":
                removed.append(path.name)
            real(path, missing_ok=missing_ok)

        monkeypatch.setattr(keys, "write_and_compare", interrupted)
        monkeypatch.setattr(Path, "unlink", noted)
        with pytest.raises(KeyboardInterrupt):
            keys.found(tmp_path, keys.draw(29, AT), OFFICE)
        assert removed == ["1.root.json", "programme.key", "office.pem"]

    @pytest.mark.parametrize("sticks", [1, 2, 4])
    def test_three_folders_or_none(self, tmp_path: Path, sticks: int) -> None:
        with pytest.raises(ValueError, match="3 root keys"):
            keys.init(tmp_path, (tmp_path,) * sticks, REAL, 29, AT)
        assert files(tmp_path) == {}

    def test_sealing_cut_short_keeps_the_old_secrets(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        opened = keys.open_office(folder, OFFICE)
        before = files(folder)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PowerCutError()))
            with pytest.raises(PowerCutError):
                keys.add_passphrases(folder, opened, {MerchantId("jia"): "0123456789ABCDEF"})
        after = files(folder)
        after.pop("programme.key.new")
        assert after == before


class TestPassphrases:
    """Real keys want real passphrases; demo keys are known by their own."""

    @pytest.mark.parametrize(
        ("whose", "short"),
        [
            *((whose, short) for whose in range(4) for short in ("", "elevenchars", " " * 20)),
            *((whose, few) for whose in range(4) for few in ("a" * 12, "123" * 8, "abcde" * 4, " abcd abcd dcba ")),
            *((officer, DEMO_PASSPHRASE) for officer in range(3)),
        ],
    )
    def test_short_and_demo_passphrases_are_refused(self, tmp_path: Path, short: str, whose: int) -> None:
        given = [*ROOTS, OFFICE]
        given[whose] = short
        with pytest.raises(KeysError, match="口令至少要12个字符"):
            keys.init(tmp_path, (tmp_path,) * 3, Passphrases(tuple(given[:3]), given[3]), 29, AT)
        assert files(tmp_path) == {}

    @pytest.mark.parametrize("wrong", ["", "office passphrasf", OFFICE + " ", DEMO_PASSPHRASE, ROOTS[0]])
    def test_a_wrong_one_opens_nothing(self, made: Path, wrong: str) -> None:
        with pytest.raises(KeysError, match="打不开"):
            keys.open_office(made, wrong)

    def test_the_right_one(self, made: Path) -> None:
        opened = keys.open_office(made, OFFICE)
        programme = opened.programme
        assert (len(programme.u_salt), len(programme.t_key), len(programme.ref_key)) == (16, 32, 32)
        assert (programme.token_bits, programme.passphrases, opened.demo) == (29, {}, False)

    def test_merchants_are_added_and_kept(self, folder: Path) -> None:
        jia, yi = MerchantId("jia"), MerchantId("yi")
        opened = keys.add_passphrases(folder, keys.open_office(folder, OFFICE), {yi: "Y" * 16})
        opened = keys.add_passphrases(folder, opened, {jia: "J" * 16})
        again = keys.open_office(folder, OFFICE)
        assert again.programme == opened.programme
        assert again.programme.passphrases == {jia: "J" * 16, yi: "Y" * 16}

    def test_nothing_secret_is_shown(self, folder: Path) -> None:
        opened = keys.add_passphrases(folder, keys.open_office(folder, OFFICE), {MerchantId("jia"): "0123456789ABCDEF"})
        shown = f"{opened!r} {opened} {opened.programme!r} {opened.signer!r} {REAL!r}"
        office = raw(folder / "office.pem", OFFICE)
        programme = opened.programme
        for secret in (office, programme.u_salt, programme.t_key, programme.ref_key):
            assert repr(secret)[2:-1] not in shown
            assert secret.hex() not in shown
        for text in ("0123456789ABCDEF", OFFICE, *ROOTS):
            assert text not in shown


class TestDemo:
    """A key set that opens with the demo passphrase is a demo: no marker says so, therefore none can be removed."""

    @pytest.fixture
    def demo(self, tmp_path: Path) -> Path:
        keys.init(tmp_path / "demo", (tmp_path / "demo",) * 3, DEMO, 29, AT)
        return tmp_path / "demo"

    def test_demo_keys_are_known(self, demo: Path, made: Path) -> None:
        assert keys.is_demo(demo)
        assert keys.open_office(demo, DEMO_PASSPHRASE).demo
        assert not keys.is_demo(made)
        assert not keys.is_demo(demo / "nothing here")

    def test_real_officers_do_not_make_a_demo_real(self, tmp_path: Path) -> None:
        keys.init(tmp_path, (tmp_path,) * 3, Passphrases(ROOTS, DEMO_PASSPHRASE), 29, AT)
        assert keys.is_demo(tmp_path)

    def test_no_file_holds_a_marker(self, demo: Path, made: Path) -> None:
        assert set(files(demo)) == set(files(made))
        assert not any(b"demo" in data.lower() for data in files(demo).values())
        assert {*json.loads(files(demo)["programme.key"])} == {*json.loads(files(made)["programme.key"])}

    @pytest.mark.parametrize("exchanged", ["office.pem", "programme.key"])
    def test_half_a_demo_opens_with_no_passphrase(self, demo: Path, made: Path, exchanged: str) -> None:
        shutil.copy(made / exchanged, demo / exchanged)
        assert not keys.is_demo(demo)
        for passphrase in (DEMO_PASSPHRASE, OFFICE):
            with pytest.raises(KeysError):
                keys.open_office(demo, passphrase)


class TestDamage:
    """Missing and damaged files end in a message, never in a traceback."""

    @pytest.mark.parametrize("name", ["office.pem", "programme.key"])
    def test_a_missing_file_is_named(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        with pytest.raises(KeysError, match=name):
            keys.open_office(folder, OFFICE)

    @pytest.mark.parametrize("name", ["office.pem", "programme.key"])
    @pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{}", b"[]", b"null", b'{"kdf": 1, "fernet": 2}'])
    def test_other_content(self, folder: Path, name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)
        with pytest.raises(KeysError, match="打不开"):
            keys.open_office(folder, OFFICE)

    def test_any_flipped_byte_of_the_sealed_secrets(self, folder: Path) -> None:
        good = keys.open_office(folder, OFFICE).programme
        sealed = (folder / "programme.key").read_bytes()
        for index in range(0, len(sealed), 3):
            (folder / "programme.key").write_bytes(sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :])
            try:
                assert keys.open_office(folder, OFFICE).programme == good  # a blank, or a number that is only noted
            except KeysError:
                continue

    @pytest.mark.parametrize("end", [0, 60, 150])
    def test_a_key_file_cut_short(self, folder: Path, end: int) -> None:
        (folder / "office.pem").write_bytes((folder / "office.pem").read_bytes()[:end])
        with pytest.raises(KeysError, match="打不开"):
            keys.open_office(folder, OFFICE)

    def test_a_key_that_is_not_encrypted_is_refused(self, folder: Path) -> None:
        key = ed25519.Ed25519PrivateKey.generate()
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        line = (folder / "office.pem").read_bytes().partition(b"\n")[0]
        for damaged, message in ((plain, "打不开"), (line + b"\n" + plain, "打不开")):
            (folder / "office.pem").write_bytes(damaged)
            with pytest.raises(KeysError, match=message):
                keys.open_office(folder, OFFICE)

    def test_a_key_of_another_kind_is_refused(self, folder: Path) -> None:
        line = (folder / "office.pem").read_bytes().partition(b"\n")[0].decode()
        n, salt = (field.partition("=")[2] for field in (line.split()[1], line.split()[4]))
        salted = bytes.fromhex(salt) + line.partition(salt)[2].encode()
        password = Scrypt(salt=salted, length=32, n=int(n), r=8, p=1).derive(OFFICE.encode()).hex()
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        (folder / "office.pem").write_bytes(line.encode() + b"\n" + pem)
        with pytest.raises(KeysError, match="不是本程序生成的密钥"):
            keys.open_office(folder, OFFICE)


def fingerprint(folder: Path) -> str:
    return roots.fingerprint([(folder / "repository/metadata/1.root.json").read_bytes()])


class TestLabels:
    """A key file says in clear which key it holds and whose programme it belongs to; nobody can change what it says."""

    def test_what_they_say(self, made: Path) -> None:
        root = Metadata[Root].from_file(str(made / "repository/metadata/1.root.json")).signed
        for number, keyid in enumerate(root.roles["root"].keyids, 1):
            assert sealing.read_label(made / f"root-{number}.pem") == sealing.Label(keyid, fingerprint(made))
        assert sealing.read_label(made / "office.pem") == sealing.Label(root.roles["targets"].keyids[0], "")

    @pytest.mark.parametrize("changed", [" key=", " root="])
    def test_a_changed_one_does_not_open(self, folder: Path, changed: str) -> None:
        path = folder / "root-1.pem"
        head, _, tail = path.read_text().partition(changed)
        path.write_text(head + changed + ("0" if tail[0] != "0" else "1") + tail[1:])
        sealing.read_label(path)
        with pytest.raises(KeysError, match=r"root-1\.pem：密钥打不开"):
            sealing.read_key(path, ROOTS[0])

    def test_a_label_taken_away_does_not_help(self, folder: Path) -> None:
        path = folder / "root-1.pem"
        line, _, pem = path.read_text().partition("\n")
        path.write_text(line.partition(" root=")[0] + "\n" + pem)
        assert sealing.read_label(path).fingerprint == ""
        with pytest.raises(KeysError, match="打不开"):
            sealing.read_key(path, ROOTS[0])

    def test_a_file_of_before_there_were_labels_opens(self, folder: Path) -> None:
        path, salt = folder / "office.pem", bytes(16)
        signer = sealing.read_key(path, OFFICE)
        password = Scrypt(salt=salt, length=32, n=16, r=8, p=1).derive(OFFICE.encode()).hex().encode()
        pem = serialization.load_pem_private_key(signer.private_bytes, None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        )
        path.write_bytes(f"scrypt n=16 r=8 p=1 salt={salt.hex()}\n".encode() + pem)
        assert sealing.read_key(path, OFFICE).public_key == signer.public_key
        assert sealing.read_label(path) == sealing.Label("", "")

    @pytest.mark.parametrize("data", [b"", b"photo", b"\n" * 9, b"x" * (1 << 20)])
    def test_another_file(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "root-1.pem").write_bytes(data)
        with pytest.raises(KeysError, match="不是本程序生成的密钥"):
            sealing.read_label(tmp_path / "root-1.pem")

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(KeysError, match=r"没有找到 .*root-1\.pem"):
            sealing.read_key(tmp_path / "root-1.pem", OFFICE)


class TestWritingAKey:
    """A key is read back from the stick and opened; a stick that lies keeps nothing."""

    @pytest.fixture
    def signer(self, made: Path) -> CryptoSigner:
        return sealing.read_key(made / "root-1.pem", ROOTS[0])

    def test_nothing_is_overwritten(self, folder: Path, signer: CryptoSigner) -> None:
        before = files(folder)
        with pytest.raises(RefusedError, match=r"root-2\.pem 已经存在，不会覆盖"):
            sealing.write_key(folder / "root-2.pem", signer, ROOTS[0])
        assert files(folder) == before

    def test_a_file_system_without_rights_and_links(
        self, tmp_path: Path, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        with monkeypatch.context() as patch:
            for name in ("chmod", "fchmod", "symlink", "link", "chown"):
                patch.setattr(os, name, refuse)
            sealing.write_key(tmp_path / "root-1.pem", signer, ROOTS[0])
        assert sealing.read_key(tmp_path / "root-1.pem", ROOTS[0]).public_key == signer.public_key

    def test_a_folder_that_cannot_be_flushed(
        self, tmp_path: Path, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.open

        def files_only(path: Path, flags: int, *mode: int) -> int:
            if Path(path).is_dir():
                raise PermissionError(13, "Permission denied")
            return real(path, flags, *mode)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", files_only)
            sealing.write_key(tmp_path / "root-1.pem", signer, ROOTS[0])
        assert set(files(tmp_path)) == {"root-1.pem"}

    def test_ctrl_c_leaves_no_key_on_the_stick(
        self, tmp_path: Path, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(sealing, "read_key", interrupted)
            with pytest.raises(KeyboardInterrupt):
                sealing.write_key(tmp_path / "root-1.pem", signer, ROOTS[0])
        assert files(tmp_path) == {}

    @pytest.mark.parametrize("lie", ["lost", "other", "cut"])
    def test_a_stick_that_lies(
        self, tmp_path: Path, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch, lie: str
    ) -> None:
        real = Path.replace

        def lying(path: Path, to: Path) -> Path:
            written = real(path, to)
            if lie == "lost":
                to.unlink()
            elif lie == "other":
                to.write_bytes(sealing.encrypt_key(CryptoSigner.generate_ed25519(), ROOTS[0]))
            else:
                to.write_bytes(to.read_bytes()[:200])
            return written

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", lying)
            with pytest.raises(KeysError, match=r"root-1\.pem"):
                sealing.write_key(tmp_path / "root-1.pem", signer, ROOTS[0])
        assert files(tmp_path) == {}

    def test_a_full_stick(self, tmp_path: Path, signer: CryptoSigner, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(KeysError, match=r"root-1\.pem 写不进去（No space left on device）"):
                sealing.write_key(tmp_path / "root-1.pem", signer, ROOTS[0])
        assert files(tmp_path) == {}

    def test_the_founding_after_three_sticks(self, tmp_path: Path) -> None:
        drawn = keys.draw(29, AT)
        for number, (signer, passphrase) in enumerate(zip(drawn.roots, ROOTS, strict=True), 1):
            sealing.write_key(tmp_path / f"stick-{number}/root-{number}.pem", signer, passphrase, drawn.fingerprint)
        keys.found(tmp_path / "keys", drawn, OFFICE)
        assert fingerprint(tmp_path / "keys") == drawn.fingerprint
        assert keys.open_office(tmp_path / "keys", OFFICE).programme == drawn.programme
        with pytest.raises(RefusedError, match="已经存在"):
            keys.found(tmp_path / "keys", keys.draw(29, AT), OFFICE)

    @pytest.mark.parametrize("weak", ["short", DEMO_PASSPHRASE])
    def test_the_founding_wants_a_passphrase_too(self, tmp_path: Path, weak: str) -> None:
        with pytest.raises(KeysError, match="口令至少要12个字符"):
            keys.found(tmp_path / "keys", keys.draw(29, AT), weak)
        assert files(tmp_path) == {}


NEW = "another office passphrase"
JIA, YI = MerchantId("jia"), MerchantId("yi")


class TestMerchantsPassphrases:
    @pytest.fixture
    def two(self, folder: Path) -> keys.OfficeKeys:
        return keys.add_passphrases(folder, keys.open_office(folder, OFFICE), {JIA: "J" * 16, YI: "Y" * 16})

    def test_replaced(self, folder: Path, two: keys.OfficeKeys) -> None:
        opened = keys.replace_passphrases(folder, two, {JIA: "N" * 16})
        assert opened.programme.passphrases == {JIA: "N" * 16, YI: "Y" * 16}
        assert keys.open_office(folder, OFFICE).programme == opened.programme

    def test_dropped(self, folder: Path, two: keys.OfficeKeys) -> None:
        opened = keys.drop_passphrases(folder, two, [JIA])
        assert opened.programme.passphrases == {YI: "Y" * 16}
        assert keys.open_office(folder, OFFICE).programme == opened.programme

    def test_of_a_merchant_that_has_none(self, folder: Path, two: keys.OfficeKeys) -> None:
        before = files(folder)
        with pytest.raises(KeysError, match="没有商户“bing”的口令"):
            keys.replace_passphrases(folder, two, {MerchantId("bing"): "B" * 16})
        with pytest.raises(KeysError, match="没有商户“bing”的口令"):
            keys.drop_passphrases(folder, two, [JIA, MerchantId("bing")])
        assert files(folder) == before

    def test_what_another_window_wrote_is_kept(self, folder: Path) -> None:
        stale = keys.open_office(folder, OFFICE)
        keys.add_passphrases(folder, stale, {JIA: "J" * 16})
        opened = keys.add_passphrases(folder, stale, {YI: "Y" * 16})
        assert opened.programme.passphrases == {JIA: "J" * 16, YI: "Y" * 16}

    def test_the_power_goes(self, folder: Path, two: keys.OfficeKeys, tmp_path: Path) -> None:
        found = [
            keys.open_office(copy, OFFICE).programme.passphrases[JIA]
            for copy in at_every_write(
                folder, tmp_path, lambda copy: keys.replace_passphrases(copy, two, {JIA: "N" * 16})
            )
        ]
        assert found == sorted(found)
        assert set(found) == {"J" * 16, "N" * 16}


class TestAnotherOfficePassphrase:
    """Two files change, one rename counts."""

    def test_all_opens_with_the_new_one_only(self, folder: Path) -> None:
        before = keys.open_office(folder, OFFICE)
        opened = keys.change_office_passphrase(folder, before, NEW)
        assert (opened.programme, opened.signer.public_key) == (before.programme, before.signer.public_key)
        assert keys.open_office(folder, NEW).programme == before.programme
        with pytest.raises(KeysError, match="口令不对"):
            keys.open_office(folder, OFFICE)
        assert set(files(folder)) == ALL

    @pytest.mark.parametrize("weak", ["short", DEMO_PASSPHRASE, " " * 20])
    def test_a_weak_one_is_refused(self, folder: Path, weak: str) -> None:
        before, office = files(folder), keys.open_office(folder, OFFICE)
        signer = sealing.read_key(folder / "root-1.pem", ROOTS[0])
        with pytest.raises(KeysError, match="口令至少要12个字符"):
            keys.change_office_passphrase(folder, office, weak)
        with pytest.raises(KeysError, match="口令至少要12个字符"):
            keys.change_root_passphrase(folder / "root-1.pem", signer, weak)
        assert files(folder) == before

    def test_a_demo_stays_a_demo(self, tmp_path: Path) -> None:
        keys.init(tmp_path, (tmp_path,) * 3, DEMO, 29, AT)
        with pytest.raises(RefusedError, match="演示密钥"):
            keys.change_office_passphrase(tmp_path, keys.open_office(tmp_path, DEMO_PASSPHRASE), NEW)
        assert keys.is_demo(tmp_path)

    def test_the_power_goes(self, folder: Path, tmp_path: Path) -> None:
        """Wherever it goes, one of the two passphrases opens everything, and opening leaves nothing half done."""
        before = keys.open_office(folder, OFFICE)
        opened_with = []
        for copy in at_every_write(folder, tmp_path, lambda copy: keys.change_office_passphrase(copy, before, NEW)):
            opens = []
            for passphrase in (OFFICE, NEW):
                try:
                    assert keys.open_office(copy, passphrase).programme == before.programme
                except KeysError:
                    continue
                opens.append(passphrase)
            (only,) = opens
            opened_with.append(only)
            keys.add_passphrases(copy, keys.open_office(copy, only), {JIA: "J" * 16})
            other = NEW if only == OFFICE else OFFICE
            with pytest.raises(KeysError):
                keys.open_office(copy, other)
            assert keys.open_office(copy, only).programme.passphrases == {JIA: "J" * 16}
            keys.change_office_passphrase(copy, keys.open_office(copy, only), "a third passphrase")
            assert keys.open_office(copy, "a third passphrase").programme.passphrases == {JIA: "J" * 16}
            assert set(files(copy)) == ALL
        assert opened_with == sorted(opened_with, key=[OFFICE, NEW].index)
        assert {OFFICE, NEW} == set(opened_with)
        assert len(opened_with) > 8


class TestAnotherRootPassphrase:
    def test_it_opens_with_the_new_one_and_still_says_whose_it_is(self, folder: Path) -> None:
        path = folder / "root-2.pem"
        label, signer = sealing.read_label(path), sealing.read_key(path, ROOTS[1])
        keys.change_root_passphrase(path, signer, NEW)
        assert sealing.read_key(path, NEW).public_key == signer.public_key
        assert sealing.read_label(path) == label
        with pytest.raises(KeysError, match="口令不对"):
            sealing.read_key(path, ROOTS[1])
        assert set(files(folder)) == ALL

    def test_behind_a_link(self, folder: Path, tmp_path: Path) -> None:
        """No key stays under the old passphrase where the link leads."""
        real = tmp_path / "stick/root-2.pem"
        real.parent.mkdir()
        link = folder / "root-2.pem"
        link.rename(real)
        link.symlink_to(real)
        keys.change_root_passphrase(link, sealing.read_key(link, ROOTS[1]), NEW)
        assert link.is_symlink()
        sealing.read_key(real, NEW)
        with pytest.raises(KeysError, match="口令不对"):
            sealing.read_key(real, ROOTS[1])

    def test_the_power_goes(self, folder: Path, tmp_path: Path) -> None:
        signer = sealing.read_key(folder / "root-2.pem", ROOTS[1])
        found = []
        for copy in at_every_write(
            folder, tmp_path, lambda copy: keys.change_root_passphrase(copy / "root-2.pem", signer, NEW)
        ):
            for passphrase in (ROOTS[1], NEW):
                try:
                    sealing.read_key(copy / "root-2.pem", passphrase)
                except KeysError:
                    continue
                found.append(passphrase)
            keys.change_root_passphrase(copy / "root-2.pem", signer, "a third passphrase")
            assert set(files(copy)) == ALL
        assert set(found) == {ROOTS[1], NEW}
        assert len(found) > 4


class TestLastSigned:
    """A root key remembers, beside itself, the highest version that it signed and which root that was."""

    SECOND = Signed("k" * 64, 2, "aa" * 32)

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        (tmp_path / "root-1.pem").write_bytes(b"a key")
        return tmp_path / "root-1.pem"

    def test_before_the_first(self, file: Path) -> None:
        assert not last_signed.is_another(file, self.SECOND)

    def test_what_follows(self, file: Path) -> None:
        last_signed.note(file, self.SECOND)
        assert (file.parent / "root-1.signed").exists()
        assert not last_signed.is_another(file, self.SECOND)  # the same again says nothing new
        assert not last_signed.is_another(file, replace(self.SECOND, version=3, digest="bb" * 32))
        assert last_signed.is_another(file, replace(self.SECOND, digest="bb" * 32))
        last_signed.note(file, replace(self.SECOND, version=3, digest="bb" * 32))
        for digest in ("aa" * 32, "bb" * 32):
            with pytest.raises(RefusedError, match="已经签到第3版根证书，这一份却是第2版"):
                last_signed.is_another(file, replace(self.SECOND, digest=digest))

    def test_left_by_another_key(self, file: Path) -> None:
        last_signed.note(file, replace(self.SECOND, key="o" * 64, version=9))
        assert not last_signed.is_another(file, self.SECOND)

    @pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"key": "k", "version": "x", "sha256": ""}'])
    def test_damaged(self, file: Path, data: bytes) -> None:
        (file.parent / "root-1.signed").write_bytes(data)
        with pytest.raises(KeysError, match=r"root-1\.signed 坏了"):
            last_signed.is_another(file, self.SECOND)

    def test_a_stick_that_cannot_be_written(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def read_only(*_: object) -> int:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(os, "open", read_only)
        with pytest.raises(KeysError, match=r"root-1\.signed 写不进去（Read-only file system）.*没有签"):
            last_signed.note(file, self.SECOND)


class TestSaving:
    """One way to write a file whole, for what is secret and what is not."""

    def flushed(self, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
        real, found = os.fsync, list[Path]()

        def noting(descriptor: int) -> None:
            found.append(Path(f"/proc/self/fd/{descriptor}").readlink())
            real(descriptor)

        monkeypatch.setattr(os, "fsync", noting)
        return found

    @pytest.mark.parametrize("write", [saving.save, sealing.write_private], ids=["saved", "private"])
    def test_the_file_and_then_its_folder_are_flushed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]
    ) -> None:
        found = self.flushed(monkeypatch)
        write(tmp_path / "a", b"data")
        assert found == [tmp_path / "a.new", tmp_path]
        assert files(tmp_path) == {"a": b"data"}

    def test_what_is_not_secret_has_the_rights_of_others(self, tmp_path: Path) -> None:
        saving.save(tmp_path / "a", b"data")
        (tmp_path / "b").touch()
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)

    def test_what_says_so_already_is_not_touched(self, tmp_path: Path) -> None:
        saving.save(tmp_path / "a", b"data")
        before = (tmp_path / "a").stat()
        saving.save(tmp_path / "a", b"data")
        assert (tmp_path / "a").stat() == before
