"""Zips as the format has them: the encrypted target and the container around it (docs/spec/bundle.md, 2 and 4)."""

from __future__ import annotations

import io
import secrets
import struct
import zipfile
import zlib
from collections.abc import Mapping

import pyzipper

from generator.bundle.collapse import CROCKFORD
from generator.errors import KeysError

_PASSPHRASE_LENGTH = 16
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_REGULAR_FILE = 0o100644 << 16
_NOT_OURS = (zipfile.BadZipFile, pyzipper.BadZipFile, zlib.error, struct.error, ValueError, LookupError, EOFError)


def new_passphrase() -> str:
    """Return a fresh merchant passphrase: 16 Crockford characters, 80 bits, from the system's generator."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(_PASSPHRASE_LENGTH))


def grouped(passphrase: str) -> str:
    """Return a passphrase as it is written for people: groups of four with hyphens."""
    return "-".join(passphrase[i : i + 4] for i in range(0, len(passphrase), 4))


def encrypt(members: Mapping[str, bytes], passphrase: str) -> bytes:
    """Return the target: every member under WinZip AES-256. Salted, so two calls differ."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(passphrase.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=2)
        for name, data in members.items():
            info = archive.zipinfo_cls(name, date_time=_EPOCH)
            info.compress_type = pyzipper.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = _REGULAR_FILE
            archive.writestr(info, data)
    return out.getvalue()


def decrypt(target: bytes, passphrase: str) -> dict[str, bytes]:
    """Return the members of a target of our own; raise ``KeysError`` if the passphrase does not open it.

    One wrong passphrase in 65,536 gets as far as unpacking noise, hence the list.
    """
    try:
        with pyzipper.AESZipFile(io.BytesIO(target)) as archive:
            archive.setpassword(passphrase.encode())
            return {name: archive.read(name) for name in archive.namelist()}
    except (RuntimeError, *_NOT_OURS) as error:
        raise KeysError("名单文件用这个口令打不开") from error


def container(members: Mapping[str, bytes]) -> bytes:
    """Return the bundle: stored members, fixed dates, equal bytes for equal members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.create_system = _UNIX
            info.external_attr = _REGULAR_FILE
            archive.writestr(info, data)
    return out.getvalue()
