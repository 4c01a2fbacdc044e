"""Secrets under a passphrase, as files: signing keys in encrypted PKCS#8, anything else in Fernet.

A passphrase is stretched by scrypt first. Files are written beside and renamed, and read back where a medium may be
bad; nothing asks a file system for more than names and renames, so a FAT stick will do.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import secrets as system_random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from securesystemslib.signer import CryptoSigner

from generator.errors import GeneratorError, KeysError, RefusedError
from generator.trust.saving import beside, sync_folder, write

_SCRYPT_N = 1 << 16
_STRETCHED = re.compile(
    rb"scrypt n=([0-9]{1,7}) r=8 p=1 salt=([0-9a-f]{32})(?P<label>(?: key=([0-9a-f]{64}))?(?: root=([0-9a-f]{64}))?)"
)
_LARGEST_FILE = 1 << 24
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Label:
    """What a key file says before any passphrase: its key id, and the first root it belongs to. Empty: it says nothing.

    Both are public, and part of what the passphrase is stretched with: changed, the key no longer opens. So an officer
    learns early that a stick is the wrong one, and a root key on any machine knows the programme it may sign for.
    """

    key: str
    fingerprint: str


def read_label(path: Path) -> Label:
    """Return the label of a key file; raise ``KeysError`` if it is none of ours."""
    line = _STRETCHED.fullmatch(read_from_medium(path).partition(b"\n")[0])
    if line is None:
        raise KeysError(f"{path} 不是本程序生成的密钥，或文件已损坏")
    return Label((line[4] or b"").decode(), (line[5] or b"").decode())


def encrypt_key(signer: CryptoSigner, passphrase: str, fingerprint: str = "") -> bytes:
    """Return a signing key as encrypted PKCS#8 under a line that says how its password comes from the passphrase.

    PKCS#8 alone stretches with 2,048 rounds of PBKDF2, too little for a passphrase somebody chose; so its password is
    the passphrase stretched by scrypt, in hexadecimal. The line also bears the ``Label``.
    """
    key = serialization.load_pem_private_key(signer.private_bytes, None)
    salt = system_random.token_bytes(16)
    label = f" key={signer.public_key.keyid}" + (f" root={fingerprint}" if fingerprint else "")
    stretched = _stretch(passphrase, salt + label.encode(), _SCRYPT_N)
    encryption = serialization.BestAvailableEncryption(stretched.hex().encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return f"scrypt n={_SCRYPT_N} r=8 p=1 salt={salt.hex()}{label}\n".encode() + pem


def decrypt_key(data: bytes, passphrase: str) -> CryptoSigner:
    """Return the signing key of such a file; raise ``KeysError`` if it does not open."""
    line, _, pem = data.partition(b"\n")
    stretched = _STRETCHED.fullmatch(line)
    if stretched is None:
        raise KeysError("密钥打不开：不是本程序生成的密钥，或文件已损坏")
    try:
        salt = bytes.fromhex(stretched[2].decode()) + stretched["label"]
        password = _stretch(passphrase, salt, int(stretched[1])).hex().encode()
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeysError("密钥打不开：口令不对，或文件已损坏") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysError("不是本程序生成的密钥")
    return CryptoSigner(key)


def seal(plain: Any, passphrase: str) -> bytes:
    """Return a JSON value sealed under a passphrase."""
    salt = system_random.token_bytes(16)
    box = {
        "format": 1,
        "kdf": {"name": "scrypt", "n": _SCRYPT_N, "r": 8, "p": 1, "salt": salt.hex()},
        "fernet": _fernet(passphrase, salt, _SCRYPT_N).encrypt(json.dumps(plain).encode()).decode(),
    }
    return json.dumps(box, indent=1).encode()


def unseal(sealed: bytes, passphrase: str) -> Any:
    """Return the value; raise ``KeysError`` if the passphrase does not open it."""
    try:
        box = json.loads(sealed)
        fernet = _fernet(passphrase, bytes.fromhex(box["kdf"]["salt"]), box["kdf"]["n"])
        return json.loads(fernet.decrypt(box["fernet"].encode()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidToken) as error:
        raise KeysError("打不开：口令不对，或文件已损坏") from error


def write_key(path: Path, signer: CryptoSigner, passphrase: str, fingerprint: str = "") -> None:
    """Write a key where no file is, read it back from the medium and open it; raise ``KeysError`` and leave nothing.

    ``fingerprint`` is that of the first root a root key belongs to (``Label``).
    """
    if path.exists():
        raise RefusedError(
            f"{path} 已经存在，不会覆盖。请换一个U盘；如果它是上次没做完留下的，请先给它改个名字（不要删），再来"
        )
    try:
        write_private(path, encrypt_key(signer, passphrase, fingerprint))
        if read_key(path, passphrase).public_key != signer.public_key:
            raise KeysError(f"{path} 读回来的不是刚才写的，这个盘不可靠。请换一个")
    except (OSError, GeneratorError, KeyboardInterrupt) as error:
        for left in (path, beside(path)):
            with suppress(OSError):
                left.unlink()
        if isinstance(error, OSError):
            raise KeysError(f"{path} 写不进去（{error.strerror}）。请换一个U盘") from error
        raise


def read_key(path: Path, passphrase: str) -> CryptoSigner:
    """Return the key in a file; raise ``KeysError``, naming the file, if there is none or it does not open."""
    try:
        return decrypt_key(read_from_medium(path), passphrase)
    except KeysError as error:
        raise KeysError(f"{path}：{error}") from error


def rewrite_key(path: Path, signer: CryptoSigner, passphrase: str) -> None:
    """Write and open the new file beside before it takes the old one's place: until then the old one is untouched.

    Where ``path`` is a link, what it leads to is replaced, so that no key stays under the old passphrase behind it.
    """
    path = path.resolve()
    trial = path.with_name(path.name + ".changed")
    trial.unlink(missing_ok=True)
    write_key(trial, signer, passphrase, read_label(path).fingerprint)
    trial.replace(path)
    sync_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """Write a file only its owner can read: beside, flushed, then renamed over the old one."""
    write(path, data, _OWNER_ONLY)


def write_and_compare(path: Path, data: bytes) -> None:
    """Write a private file and read it back from the medium; raise ``OSError`` where it does not say the same."""
    write_private(path, data)
    if read_from_medium(path) != data:
        raise OSError(errno.EIO, "读回来的不是刚才写的", str(path))


def read_from_medium(path: Path) -> bytes:
    """Return a small file's bytes, past the cache where the system can: a bad stick fails later, not at the write."""
    try:
        with path.open("rb") as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            data = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise KeysError(f"没有找到 {path}") from error
    return data if len(data) <= _LARGEST_FILE else b""


def _fernet(passphrase: str, salt: bytes, n: int) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_stretch(passphrase, salt, n)))


def _stretch(passphrase: str, salt: bytes, n: int) -> bytes:
    """Return 32 bytes; raise ``ValueError`` for an n that no file of ours has."""
    if n > _SCRYPT_N:
        raise ValueError(f"scrypt with n = {n}")
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode())
