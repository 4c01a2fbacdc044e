"""The SM2 signature beside each bundle: right by the standard, right for OpenSSL, the same for the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from gmalg import SM2, SM3
from hypothesis import given
from hypothesis import strategies as st

from generator.cli import main
from generator.errors import KeysError, RefusedError
from generator.trust import keys as trust
from generator.trust import sealing, sm2
from generator.trust.keys import OfficeKeys
from generator.trust.sm2 import Sm2Key
from tests.conftest import Demo

SPECIFICATION = Path(__file__).parents[2] / "docs/spec/sm2.md"
AT = datetime(2026, 11, 20, tzinfo=UTC)
OFFICE = "office passphrase"
BUNDLES = {"jia.zip": b"bundle of jia", "yi.zip": bytes(range(256)) * 300}

# GB/T 32918.5-2017, A.2: a key, and the signature over "message digest" with a given k
SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
POINT = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA


@pytest.fixture
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_SCRYPT_N", 16)


def founded(folder: Path) -> Path:
    trust.found(folder, trust.draw(29, AT), OFFICE)
    return folder


def opened(folder: Path, passphrase: str = OFFICE) -> OfficeKeys:
    return trust.open_office(folder, passphrase)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Sm2Key:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_SCRYPT_N", 16)
        folder = founded(tmp_path_factory.mktemp("keys"))
        return sm2.init(folder, opened(folder))


@pytest.fixture
def folder(tmp_path: Path, quick_scrypt: None) -> Path:
    """Return the keys of an office that has no SM2 key yet."""
    return founded(tmp_path / "keys")


@pytest.fixture(scope="module")
def openssl() -> str:
    """Return OpenSSL's command line where it knows SM2: version 3 and later."""
    program = shutil.which("openssl")
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout if program else ""
    if program is None or not re.match(r"OpenSSL [3-9]\.", version):
        assert not os.environ.get("CI"), "CI has no OpenSSL 3"
        pytest.skip("needs OpenSSL 3 on the command line")
    return program


class TestStandard:
    """GB/T 32918: the key, the signature and the digest of the standard's own example."""

    def test_the_example_key(self) -> None:
        assert sm2._key(SECRET).point == POINT

    def test_the_example_signature(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sm2, "nonces", lambda *_: iter([K]))
        assert sm2.sign(Sm2Key(SECRET, POINT), b"message digest") == encode_dss_signature(R, S)

    def test_sm3(self) -> None:
        """GB/T 32905, A.1."""
        assert sm2.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    @given(st.binary(max_size=300))
    def test_sm3_as_the_library_has_it(self, data: bytes) -> None:
        whole = SM3()
        whole.update(data)
        assert sm2.sm3(data) == whole.value()

    def test_the_library_verifies_it_by_itself(self, key: Sm2Key) -> None:
        signature = sm2.sign(key, b"bundle of jia")
        r, s = (number.to_bytes(32) for number in decode(signature))
        checker = SM2(uid=b"1234567812345678", pk=b"\x04" + key.point)
        assert checker.verify(b"bundle of jia", r, s)
        assert not checker.verify(b"bundle of yi", r, s)


class TestNonces:
    """Deterministic signatures: k as in RFC 6979, of which every bit matters."""

    @pytest.mark.parametrize(
        ("message", "k"),
        [
            (b"sample", 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60),
            (b"test", 0xD16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0),
        ],
    )
    def test_the_examples_of_the_rfc(self, message: bytes, k: int) -> None:
        """A.2.5: P-256 with SHA-256."""
        secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        digest = hashlib.sha256(message).digest()
        assert next(sm2.nonces(secret, digest, order, hashes.SHA256())) == k

    def test_none_above_the_order_and_none_twice(self) -> None:
        order = 1 << 250
        drawn = list(islice(sm2.nonces(5, b"\xff" * 32, order, hashes.SM3()), 20))
        assert len(set(drawn)) == 20
        assert all(0 < k < order for k in drawn)

    def test_the_digest_enters_modulo_the_order(self) -> None:
        order = (1 << 256) - 1000
        same = [next(sm2.nonces(5, n.to_bytes(32), order, hashes.SM3())) for n in (7, order + 7, 8)]
        assert same[0] == same[1] != same[2]

    def test_equal_bytes_have_equal_signatures_and_no_others(self, key: Sm2Key) -> None:
        other = sm2._key(SECRET)
        signatures = [sm2.sign(k, data) for k in (key, other) for data in (b"one", b"another")]
        assert signatures == [sm2.sign(k, data) for k in (key, other) for data in (b"one", b"another")]
        assert len({decode(signature)[0] for signature in signatures}) == 4


class TestKey:
    """sm2.key: once, for the owner alone, sealed under what the office's passphrase seals."""

    def test_is_made_and_opened(self, folder: Path) -> None:
        before = {path.name for path in folder.iterdir()}
        made = sm2.init(folder, opened(folder))
        assert sm2.open_key(folder, opened(folder).programme) == made
        assert stat.S_IMODE((folder / "sm2.key").stat().st_mode) == 0o600
        assert {path.name for path in folder.iterdir()} == before | {"sm2.key"}

    def test_the_secret_is_in_no_file_and_no_text(self, folder: Path) -> None:
        made = sm2.init(folder, opened(folder))
        stored = (folder / "sm2.key").read_bytes() + (folder / "programme.key").read_bytes()
        seal = opened(folder).programme.sm2_seal
        assert len(seal) == 32
        for secret in (made.secret.to_bytes(32), seal):
            assert secret not in stored
            assert secret.hex().encode() not in stored.lower()
            assert secret.hex() not in f"{opened(folder)!r}"
            assert repr(secret)[2:-1] not in f"{opened(folder)!r}"
        assert str(made.secret) not in repr(made)

    def test_only_once(self, folder: Path) -> None:
        sm2.init(folder, opened(folder))
        before = [(folder / name).read_bytes() for name in ("sm2.key", "programme.key")]
        with pytest.raises(RefusedError, match="已经存在"):
            sm2.init(folder, opened(folder))
        assert [(folder / name).read_bytes() for name in ("sm2.key", "programme.key")] == before

    def test_every_time_another(self, key: Sm2Key, folder: Path) -> None:
        assert sm2.init(folder, opened(folder)).secret != key.secret

    def test_none_was_made(self, folder: Path) -> None:
        assert sm2.open_key(folder, opened(folder).programme) is None

    def test_it_follows_the_passphrase(self, folder: Path) -> None:
        made = sm2.init(folder, opened(folder))
        trust.change_office_passphrase(folder, opened(folder), "another passphrase")
        assert sm2.open_key(folder, opened(folder, "another passphrase").programme) == made

    def test_the_other_secrets_stay(self, folder: Path) -> None:
        before = opened(folder).programme
        sm2.init(folder, opened(folder))
        assert replace(opened(folder).programme, sm2_seal=b"") == before

    def test_one_made_after_a_theft_does_not_open_with_what_was_stolen(self, folder: Path) -> None:
        """U_SALT, T_KEY and REF_KEY stay after a theft, so nothing new may be sealed under them."""
        sm2.init(folder, opened(folder))
        stolen = opened(folder).programme
        (folder / "sm2.key").unlink()
        made = sm2.init(folder, opened(folder))
        assert (opened(folder).programme.ref_key, opened(folder).programme.t_key) == (stolen.ref_key, stolen.t_key)
        assert sm2.open_key(folder, opened(folder).programme) == made
        for known in (stolen, replace(stolen, sm2_seal=b""), replace(stolen, sm2_seal=stolen.ref_key)):
            with pytest.raises(KeysError, match="不配套"):
                sm2.open_key(folder, known)

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b"{}", b'{"format": 2}', b'{"format": 2, "sealed": 5}', b'{"format": 2, "sealed": ""}']
    )
    def test_damaged(self, data: bytes, folder: Path) -> None:
        sm2.init(folder, opened(folder))
        (folder / "sm2.key").write_bytes(data)
        with pytest.raises(KeysError, match="备份"):
            sm2.open_key(folder, opened(folder).programme)

    @pytest.mark.parametrize("number", [b"1", b"3"])
    def test_of_another_format(self, folder: Path, number: bytes) -> None:
        sm2.init(folder, opened(folder))
        path = folder / "sm2.key"
        path.write_bytes(path.read_bytes().replace(b'"format": 2', b'"format": ' + number))
        with pytest.raises(KeysError):
            sm2.open_key(folder, opened(folder).programme)

    @pytest.mark.parametrize("secret", [0, sm2._N - 1, sm2._N])
    def test_a_number_that_cannot_be_a_key(self, secret: int) -> None:
        with pytest.raises(ValueError, match="secret"):
            sm2._key(secret)


class TestOpenSsl:
    """docs/spec/sm2.md: whoever has OpenSSL 3 verifies with the command that stands there."""

    @pytest.fixture
    def served(self, key: Sm2Key, tmp_path: Path) -> Path:
        for name, data in {**BUNDLES, **sm2.beside(key, BUNDLES)}.items():
            (tmp_path / name).write_bytes(data)
        return tmp_path

    def test_each_bundle(self, openssl: str, served: Path) -> None:
        assert sorted(path.name for path in served.iterdir()) == [
            "jia.zip",
            "jia.zip.sm2",
            "sm2-public.pem",
            "yi.zip",
            "yi.zip.sm2",
        ]
        assert verified(openssl, served, "jia")
        assert verified(openssl, served, "yi")

    def test_a_changed_bundle(self, openssl: str, served: Path) -> None:
        (served / "jia.zip").write_bytes(b"bundle of jiA")
        assert not verified(openssl, served, "jia")

    @pytest.mark.parametrize("at", [6, 20, 50, -1])
    def test_a_changed_signature(self, openssl: str, served: Path, at: int) -> None:
        path = served / "jia.zip.sm2"
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)
        assert not verified(openssl, served, "jia")

    def test_the_signature_of_another_bundle(self, openssl: str, served: Path) -> None:
        shutil.copy(served / "yi.zip.sm2", served / "jia.zip.sm2")
        assert not verified(openssl, served, "jia")

    def test_another_office(self, openssl: str, served: Path) -> None:
        (served / "sm2-public.pem").write_bytes(sm2._key(SECRET).public_pem)
        assert not verified(openssl, served, "jia")

    def test_what_openssl_signs_itself(self, openssl: str, tmp_path: Path) -> None:
        """So the command can say yes to others than us: it is no rubber stamp, and no private dialect."""
        run = [openssl, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem"]
        subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)
        run = [openssl, "pkey", "-in", "key.pem", "-pubout", "-out", "sm2-public.pem"]
        subprocess.run(run, cwd=tmp_path, check=True)
        (tmp_path / "jia.zip").write_bytes(BUNDLES["jia.zip"])
        run = [openssl, "dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-sign", "key.pem"]
        subprocess.run([*run, "-out", "jia.zip.sm2", "jia.zip"], cwd=tmp_path, check=True)
        assert verified(openssl, tmp_path, "jia")

    def test_the_fingerprint_is_of_the_file(self, key: Sm2Key, served: Path) -> None:
        assert hashlib.sha256((served / "sm2-public.pem").read_bytes()).hexdigest() == key.fingerprint


class TestCommand:
    """xinyi keys sm2 …, with demo keys."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        assert CliRunner().invoke(main, ["--root", str(tmp_path), "keys", "init", "--demo"]).exit_code == 0
        return tmp_path

    def run(self, root: Path, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--root", str(root), "keys", "sm2", *words])
        return done.exit_code, done.output

    def test_init_then_show(self, root: Path) -> None:
        status, made = self.run(root, "init")
        assert status == 0
        status, shown = self.run(root, "show")
        assert status == 0
        fingerprint = re.findall(r"^  ([0-9a-f]{64})$", made, re.MULTILINE)
        assert fingerprint == re.findall(r"^  ([0-9a-f]{64})$", shown, re.MULTILINE)
        pem = shown[shown.index("-----BEGIN") : shown.index("公钥文件")]
        assert [hashlib.sha256(pem.encode()).hexdigest()] == fingerprint

    def test_a_second_init_and_a_show_without_one(self, root: Path) -> None:
        status, said = self.run(root, "show")
        assert status == 1
        assert "keys sm2 init" in said
        assert self.run(root, "init")[0] == 0
        status, said = self.run(root, "init")
        assert status == 1
        assert "已经存在" in said


@pytest.mark.xdist_group("demo")
class TestBuild:
    """``xinyi build`` signs each bundle where there is a key, and the same day gives the same bytes."""

    def test_nothing_without_a_key(self, demo: Demo) -> None:
        assert not list((demo.root / "build/site").rglob("*sm2*"))

    def test_each_bundle_and_the_same_again(self, openssl: str, demo_copy: Path) -> None:
        site = demo_copy / "build/site"
        index = json.loads((site / "bundles/index.json").read_bytes())
        self.run(demo_copy, "keys", "sm2", "init")
        self.run(demo_copy, "build", "--as-of", index["bundles"][0]["issued"])
        for bundle in index["bundles"]:
            assert verified(openssl, site / "bundles", bundle["merchant"])
        first = {path.name: path.read_bytes() for path in (site / "bundles").iterdir()}
        assert len(first) == 2 * len(index["bundles"]) + 2
        shutil.rmtree(demo_copy / "build")
        self.run(demo_copy, "build", "--as-of", index["bundles"][0]["issued"])
        assert {path.name: path.read_bytes() for path in (site / "bundles").iterdir()} == first

    def test_a_key_that_does_not_open_stops_the_build(self, demo_copy: Path) -> None:
        (demo_copy / "keys/sm2.key").write_bytes(b"{}")
        before = (demo_copy / "build/site/bundles/index.json").stat().st_mtime_ns
        done = CliRunner().invoke(main, ["--root", str(demo_copy), "build"])
        assert done.exit_code == 1
        assert "sm2.key" in done.output
        assert (demo_copy / "build/site/bundles/index.json").stat().st_mtime_ns == before

    def run(self, root: Path, *words: str) -> None:
        done = CliRunner().invoke(main, ["--root", str(root), *words])
        assert done.exit_code == 0, done.output


def verified(openssl: str, folder: Path, merchant: str) -> bool:
    """Run the command of docs/spec/sm2.md where the bundles are; return whether it says yes."""
    found = re.search(r"```sh\n(openssl dgst .*?)\n```", SPECIFICATION.read_text("utf-8"), re.DOTALL)
    assert found
    words = found[1].replace("\\\n", " ").replace("MERCHANT", merchant).split()
    done = subprocess.run([openssl, *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 0) == ("Verified OK" in done.stdout)
    return done.returncode == 0


def decode(signature: bytes) -> tuple[int, int]:
    """Return r and s, each of fewer than 128 bytes, from DER."""
    assert signature[0] == 0x30
    assert signature[1] == len(signature) - 2
    length = signature[3]
    r, rest = signature[4 : 4 + length], signature[4 + length :]
    assert (signature[2], rest[0], rest[1]) == (2, 2, len(rest) - 2)
    return int.from_bytes(r), int.from_bytes(rest[2:])
