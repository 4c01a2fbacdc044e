"""Keys on disk: three root keys, one office key, and the programme's sealed secrets.

``root-N.pem`` and ``office.pem`` are Ed25519 keys in encrypted PKCS#8 (``encrypt_key``); ``programme.key`` holds the
secrets of docs/spec/bundle.md, section 3, and the merchants' passphrases, sealed under the office passphrase. A key set
that opens with ``DEMO_PASSPHRASE`` is a demo: no marker says so, therefore none can be removed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets as system_random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError

DEMO_PASSPHRASE = "demo-demo-demo-demo"  # noqa: S105 - known to everybody, on purpose
MISSING = "没有找到 {}。第一次使用请运行 xinyi keys init（试用加 --demo）；以前用过的，请从备份恢复，不要重新生成"
ROOT_KEYS, ROOT_THRESHOLD = 3, 2
ROOT_LIFE = timedelta(days=730)
SHORTEST_PASSPHRASE = 12

OFFICE_PEM, PROGRAMME_KEY = "office.pem", "programme.key"
_SCRYPT_N = 1 << 16
_STRETCHED = re.compile(rb"scrypt n=([0-9]{1,7}) r=8 p=1 salt=([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Programme:
    """What is drawn once for the life of the programme, and each merchant's passphrase."""

    u_salt: bytes = field(repr=False)
    t_key: bytes = field(repr=False)
    ref_key: bytes = field(repr=False)
    token_bits: int
    passphrases: Mapping[MerchantId, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfficeKeys:
    """The opened office key and programme secrets, and the passphrase that seals them."""

    signer: CryptoSigner
    programme: Programme
    passphrase: str = field(repr=False)

    @property
    def demo(self) -> bool:
        """Whether the demo passphrase opened them."""
        return self.passphrase == DEMO_PASSPHRASE


@dataclass(frozen=True, slots=True)
class Passphrases:
    """The passphrases of a ceremony: one for each root officer, one for the office."""

    roots: tuple[str, ...] = field(repr=False)
    office: str = field(repr=False)


def init(folder: Path, root_folders: Sequence[Path], passphrases: Passphrases, token_bits: int, at: datetime) -> None:
    """Make all keys and the first root metadata; refuse where keys already are.

    ``root_folders`` says where each root key goes (three sticks, or thrice ``folder``). Where one file cannot be
    written, those already written are taken back. ``at`` is the time of the ceremony; the root expires two years later.
    """
    if not len(root_folders) == len(passphrases.roots) == ROOT_KEYS:
        raise ValueError(f"a ceremony has {ROOT_KEYS} root keys")
    demo = passphrases.office == DEMO_PASSPHRASE
    for passphrase in (*passphrases.roots, passphrases.office):
        if len(passphrase.strip()) < SHORTEST_PASSPHRASE or (not demo and passphrase == DEMO_PASSPHRASE):
            raise KeysError(f"口令至少要{SHORTEST_PASSPHRASE}个字符，也不能用演示口令。请换一个，或直接回车让程序生成")
    check_absent(folder, root_folders)
    paths = _root_paths(root_folders)
    metadata = folder / "repository" / "metadata"
    roots = [CryptoSigner.generate_ed25519() for _ in range(ROOT_KEYS)]
    office = CryptoSigner.generate_ed25519()
    programme = Programme(
        u_salt=system_random.token_bytes(16),
        t_key=system_random.token_bytes(32),
        ref_key=system_random.token_bytes(32),
        token_bits=token_bits,
        passphrases={},
    )
    sealed_roots = (
        encrypt_key(signer, passphrase) for signer, passphrase in zip(roots, passphrases.roots, strict=True)
    )
    files = dict(zip(paths, sealed_roots, strict=True))
    files[folder / OFFICE_PEM] = encrypt_key(office, passphrases.office)
    files[folder / PROGRAMME_KEY] = _seal(programme, passphrases.office)
    files[metadata / "1.root.json"] = _first_root(roots, office, at)
    _write_all_or_none(files)


def check_absent(folder: Path, root_folders: Sequence[Path]) -> None:
    """Raise ``RefusedError`` where any key already is: there is only one ceremony."""
    metadata = folder / "repository" / "metadata"
    for path in (*_root_paths(root_folders), folder / OFFICE_PEM, folder / PROGRAMME_KEY, metadata):
        if path.exists():
            raise RefusedError(f"{path} 已经存在。密钥只能生成一次；要重新开始，请先把整个旧 keys 文件夹移走保存")


def _root_paths(root_folders: Sequence[Path]) -> list[Path]:
    return [place / f"root-{number}.pem" for number, place in enumerate(root_folders, 1)]


def open_office(folder: Path, passphrase: str) -> OfficeKeys:
    """Return the opened keys; raise ``KeysError`` if they are missing or the passphrase is wrong."""
    try:
        pem, sealed = (folder / OFFICE_PEM).read_bytes(), (folder / PROGRAMME_KEY).read_bytes()
    except FileNotFoundError as error:
        raise KeysError(MISSING.format(error.filename)) from error
    return OfficeKeys(decrypt_key(pem, passphrase), _unseal(sealed, passphrase), passphrase)


def is_demo(folder: Path) -> bool:
    """Return whether these keys open with the demo passphrase."""
    try:
        open_office(folder, DEMO_PASSPHRASE)
    except KeysError:
        return False
    return True


def add_passphrases(folder: Path, keys: OfficeKeys, fresh: Mapping[MerchantId, str]) -> OfficeKeys:
    """Seal further merchants' passphrases and return the keys with them."""
    programme = replace(keys.programme, passphrases={**keys.programme.passphrases, **fresh})
    write_private(folder / PROGRAMME_KEY, _seal(programme, keys.passphrase))
    return replace(keys, programme=programme)


def write_private(path: Path, data: bytes) -> None:
    """Write a file only its owner can read: beside, flushed, then renamed over the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(path)
    beside.unlink(missing_ok=True)  # with whatever rights it was left there
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _write_all_or_none(files: Mapping[Path, bytes]) -> None:
    """Write files none of which exists; where one cannot be written, take back those before it."""
    fresh = {path.parent for path in files if not path.parent.exists()}
    try:
        for path, data in files.items():
            write_private(path, data)
    except OSError as error:
        for path in files:
            for made in (path, _beside(path)):
                with suppress(OSError):
                    made.unlink()
        for folder in fresh:
            with suppress(OSError):
                folder.rmdir()
        left = "、".join(str(path) for path in files if path.exists())
        advice = f"请先删掉已写好的 {left}，" if left else "已写好的都已删掉，"
        raise KeysError(f"{error.filename} 写不进去（{error.strerror}）。{advice}检查U盘后重来") from error


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def encrypt_key(signer: CryptoSigner, passphrase: str) -> bytes:
    """Return a signing key as encrypted PKCS#8 under a line that says how its password comes from the passphrase.

    PKCS#8 alone stretches with 2,048 rounds of PBKDF2, too little for a passphrase somebody chose; so its password is
    the passphrase stretched by scrypt, in hexadecimal.
    """
    key = serialization.load_pem_private_key(signer.private_bytes, None)
    salt = system_random.token_bytes(16)
    encryption = serialization.BestAvailableEncryption(_stretch(passphrase, salt, _SCRYPT_N).hex().encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return f"scrypt n={_SCRYPT_N} r=8 p=1 salt={salt.hex()}\n".encode() + pem


def decrypt_key(data: bytes, passphrase: str) -> CryptoSigner:
    """Return the signing key of such a file; raise ``KeysError`` if it does not open."""
    line, _, pem = data.partition(b"\n")
    stretched = _STRETCHED.fullmatch(line)
    if stretched is None:
        raise KeysError("密钥打不开：不是本程序生成的密钥，或文件已损坏")
    try:
        password = _stretch(passphrase, bytes.fromhex(stretched[2].decode()), int(stretched[1])).hex().encode()
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeysError("密钥打不开：口令不对，或文件已损坏") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysError("不是本程序生成的密钥")
    return CryptoSigner(key)


def _first_root(roots: Sequence[CryptoSigner], office: CryptoSigner, at: datetime) -> bytes:
    root = Root(version=1, expires=(at + ROOT_LIFE).replace(microsecond=0))
    for signer in roots:
        root.add_key(signer.public_key, Root.type)
    root.roles[Root.type].threshold = ROOT_THRESHOLD
    for role in (Timestamp.type, Snapshot.type, Targets.type):
        root.add_key(office.public_key, role)
    metadata = Metadata(root)
    for signer in roots:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def _seal(programme: Programme, passphrase: str) -> bytes:
    plain = {
        "u_salt": programme.u_salt.hex(),
        "t_key": programme.t_key.hex(),
        "ref_key": programme.ref_key.hex(),
        "token_bits": programme.token_bits,
        "passphrases": dict(sorted(programme.passphrases.items())),
    }
    salt = system_random.token_bytes(16)
    box = {
        "format": 1,
        "kdf": {"name": "scrypt", "n": _SCRYPT_N, "r": 8, "p": 1, "salt": salt.hex()},
        "fernet": _fernet(passphrase, salt, _SCRYPT_N).encrypt(json.dumps(plain).encode()).decode(),
    }
    return json.dumps(box, indent=1).encode()


def _unseal(sealed: bytes, passphrase: str) -> Programme:
    try:
        box = json.loads(sealed)
        plain = json.loads(
            _fernet(passphrase, bytes.fromhex(box["kdf"]["salt"]), box["kdf"]["n"]).decrypt(box["fernet"].encode())
        )
        return Programme(
            u_salt=bytes.fromhex(plain["u_salt"]),
            t_key=bytes.fromhex(plain["t_key"]),
            ref_key=bytes.fromhex(plain["ref_key"]),
            token_bits=int(plain["token_bits"]),
            passphrases=plain["passphrases"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidToken) as error:
        raise KeysError(f"{PROGRAMME_KEY} 打不开：口令不对，或文件已损坏。请从备份恢复，不要重新生成") from error


def _fernet(passphrase: str, salt: bytes, n: int) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_stretch(passphrase, salt, n)))


def _stretch(passphrase: str, salt: bytes, n: int) -> bytes:
    """Return 32 bytes; raise ``ValueError`` for an n that no file of ours has."""
    if n > _SCRYPT_N:
        raise ValueError(f"scrypt with n = {n}")
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode())
