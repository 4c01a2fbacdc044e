"""The two zips: the encrypted target and the container (docs/spec/bundle.md, 2 and 4)."""

from __future__ import annotations

import io
import string
import struct
import zipfile

import pytest

from generator.bundle import archive
from generator.errors import KeysError

MEMBERS = {"manifest.json": b'{"format":1}' * 40, "organisations.json": b"", "classes/0.gr": b"\x01"}
PASSPHRASE = "0123456789ABCDEF"


def flipped(data: bytes, index: int) -> bytes:
    return data[:index] + bytes([data[index] ^ 0xFF]) + data[index + 1 :]


class TestPassphrase:
    """16 characters of the Crockford alphabet, 80 bits, generated."""

    def test_alphabet_and_length(self) -> None:
        drawn = [archive.new_passphrase() for _ in range(400)]
        assert {len(passphrase) for passphrase in drawn} == {16}
        assert len(set(drawn)) == 400
        assert set("".join(drawn)) == set(string.digits + string.ascii_uppercase) - set("ILOU")

    def test_grouping(self) -> None:
        assert archive.grouped(PASSPHRASE) == "0123-4567-89AB-CDEF"


class TestTarget:
    """A zip whose members are all encrypted with WinZip AES-256 (AE-2)."""

    def test_every_member_is_ae_2_with_256_bits(self) -> None:
        with zipfile.ZipFile(io.BytesIO(archive.encrypt(MEMBERS, PASSPHRASE))) as target:
            assert target.namelist() == list(MEMBERS)
            for info in target.infolist():
                assert info.flag_bits & 1
                assert info.compress_type == 99
                kind, size, version, vendor, strength, method = struct.unpack("<HHH2sBH", info.extra[:11])
                assert (kind, size, version, vendor, strength, method) == (0x9901, 7, 2, b"AE", 3, 8)
                assert info.CRC == 0  # a checksum of the plain text would tell it

    def test_nothing_of_the_content_is_readable(self) -> None:
        target = archive.encrypt({"manifest.json": b"plain words of the manifest"}, PASSPHRASE)
        assert b"words" not in target
        assert PASSPHRASE.encode() not in target

    def test_round_trip(self) -> None:
        assert archive.decrypt(archive.encrypt(MEMBERS, PASSPHRASE), PASSPHRASE) == MEMBERS

    def test_salted(self) -> None:
        assert archive.encrypt(MEMBERS, PASSPHRASE) != archive.encrypt(MEMBERS, PASSPHRASE)

    @pytest.mark.parametrize("wrong", ["0123456789ABCDEG", "", PASSPHRASE.lower(), PASSPHRASE + "0"])
    def test_a_wrong_passphrase_opens_nothing(self, wrong: str) -> None:
        with pytest.raises(KeysError):
            archive.decrypt(archive.encrypt(MEMBERS, PASSPHRASE), wrong)

    def test_any_flipped_byte_of_the_content_is_a_keys_error(self) -> None:
        """A wrong key that passes the two-byte check unpacks noise, as a flipped byte of the content does."""
        target = archive.encrypt({"manifest.json": MEMBERS["manifest.json"]}, PASSPHRASE)
        for index in range(target.index(b"manifest.json") + len("manifest.json") + 11, target.index(b"PK\x01\x02")):
            with pytest.raises(KeysError):
                archive.decrypt(flipped(target, index), PASSPHRASE)

    def test_any_flipped_byte_elsewhere_is_no_crash(self) -> None:
        """Headers are not sealed by the zip; TUF's digest over the whole file is what protects them."""
        target = archive.encrypt({"manifest.json": b"{}"}, PASSPHRASE)
        for index in range(len(target)):
            try:
                assert len(archive.decrypt(flipped(target, index), PASSPHRASE)) <= 1
            except KeysError:
                continue

    @pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all"])
    def test_no_zip_is_a_keys_error(self, data: bytes) -> None:
        with pytest.raises(KeysError):
            archive.decrypt(data, PASSPHRASE)


class TestContainer:
    """Every member stored, fixed dates: equal members give equal bytes."""

    def test_deterministic(self) -> None:
        assert archive.container(MEMBERS) == archive.container(dict(MEMBERS))

    def test_stored_in_the_order_given_and_not_encrypted(self) -> None:
        with zipfile.ZipFile(io.BytesIO(archive.container(MEMBERS))) as container:
            assert container.namelist() == list(MEMBERS)
            assert container.testzip() is None
            for info in container.infolist():
                assert info.compress_type == zipfile.ZIP_STORED
                assert info.date_time == (1980, 1, 1, 0, 0, 0)
                assert info.create_system == 3
                assert not info.flag_bits
                assert not info.is_dir()
                assert container.read(info) == MEMBERS[info.filename]
