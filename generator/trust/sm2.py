"""An SM2 signature beside each bundle, for whoever must check with national algorithms (docs/spec/sm2.md).

Optional: the office makes a key (``sm2.key``) or does not. What verifiers trust is TUF; nothing here takes part in it.
Signatures are deterministic, so that equal bundles have equal signatures: the nonce is drawn as in RFC 6979, with SM3.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets as system_random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from generator.errors import KeysError, RefusedError
from generator.trust.keys import PROGRAMME_KEY, OfficeKeys, Programme, seal_sm2_key
from generator.trust.sealing import write_private

if TYPE_CHECKING:
    from gmalg.sm2 import SM2Core

KEY, PUBLIC_PEM, SUFFIX = "sm2.key", "sm2-public.pem", ".sm2"
SIGNER_ID = b"1234567812345678"
"""Whose signature it is, as GB/T 35276 has it where nothing else was agreed."""

# the curve of GB/T 32918.5
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
"""SubjectPublicKeyInfo of an SM2 key up to its 64 bytes (RFC 5480; the curve is 1.2.156.10197.1.301)."""


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """An opened signing key: the secret number, and the point of 64 bytes that belongs to it."""

    secret: int = field(repr=False)
    point: bytes

    @property
    def public_pem(self) -> bytes:
        """The public key as OpenSSL reads it."""
        text = base64.b64encode(_SPKI + self.point).decode()
        lines = [text[start : start + 64] for start in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the file with the public key, in hexadecimal: what merchants compare."""
        return hashlib.sha256(self.public_pem).hexdigest()


def init(folder: Path, keys: OfficeKeys) -> Sm2Key:
    """Make a key, sealed under a secret drawn for it alone; raise ``RefusedError`` where there is one.

    The secret is kept in programme.key, so it follows the office's passphrase, and a thief of an older programme.key
    cannot open a key that was made after the theft.
    """
    path = folder / KEY
    if path.exists():
        raise RefusedError(
            f"{path} 已经存在。要换新的国密密钥，请先把这个文件移走，并把新的指纹告诉各商户；旧的从此打不开"
        )
    keys = seal_sm2_key(folder, keys, system_random.token_bytes(32))
    secret, _ = _core().generate_keypair()
    box = {"format": 2, "sealed": _fernet(keys.programme).encrypt(secret.to_bytes(32)).decode()}
    write_private(path, (json.dumps(box, indent=1) + "\n").encode())
    return _key(secret)


def open_key(folder: Path, programme: Programme) -> Sm2Key | None:
    """Return the key, or None where the office has made none; raise ``KeysError`` if it does not open."""
    path = folder / KEY
    if not path.exists():
        return None
    try:
        return _key(_unseal(path.read_bytes(), programme))
    except (ValueError, LookupError, TypeError, AttributeError, InvalidToken) as error:
        raise KeysError(
            f"{path} 打不开：与 {PROGRAMME_KEY} 不配套，或文件已损坏。请从备份恢复；没有的话移走它，重新做一把"
        ) from error


def sign(key: Sm2Key, data: bytes) -> bytes:
    """Return the signature over some bytes (GB/T 32918.2 with SM3), the same for the same bytes: DER, r before s."""
    core = _core(nonces(key.secret, sm3(data), _N, hashes.SM3()))
    r, s = core.sign(data, key.secret, SIGNER_ID, (int.from_bytes(key.point[:32]), int.from_bytes(key.point[32:])))
    return encode_dss_signature(r, s)


def beside(key: Sm2Key, bundles: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that are served in one folder with some bundles: a signature of each, and the public key."""
    return {**{name + SUFFIX: sign(key, data) for name, data in bundles.items()}, PUBLIC_PEM: key.public_pem}


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest (GB/T 32905)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def nonces(secret: int, digest: bytes, order: int, algorithm: hashes.HashAlgorithm) -> Iterator[int]:
    """Yield the values for k of RFC 6979, 3.2, for a hash and an order of 256 bits; ``digest`` is of the message."""
    seed = secret.to_bytes(32) + (int.from_bytes(digest) % order).to_bytes(32)
    state, key = b"\x01" * 32, b"\x00" * 32  # b, c: V and K
    for mark in (b"\x00", b"\x01"):  # d to g
        key = _mac(key, state + mark + seed, algorithm)
        state = _mac(key, state, algorithm)
    while True:  # h
        state = _mac(key, state, algorithm)
        if 0 < (candidate := int.from_bytes(state)) < order:
            yield candidate
        key = _mac(key, state + b"\x00", algorithm)
        state = _mac(key, state, algorithm)


def _mac(key: bytes, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    mac = hmac.HMAC(key, algorithm)
    mac.update(data)
    return mac.finalize()


def _key(secret: int) -> Sm2Key:
    """Return the key of a secret number; raise ``ValueError`` for one that cannot be (GB/T 32918.1, 6.1)."""
    if not 0 < secret < _N - 1:
        raise ValueError("not a secret key")
    x, y = _core().generate_pk(secret)
    return Sm2Key(secret, x.to_bytes(32) + y.to_bytes(32))


def _unseal(sealed: bytes, programme: Programme) -> int:
    box = json.loads(sealed)
    if box["format"] != 2:
        raise ValueError("another format")
    return int.from_bytes(_fernet(programme).decrypt(box["sealed"]))


def _fernet(programme: Programme) -> Fernet:
    """Return what seals the key; raise ``ValueError`` where no key was ever made with these secrets."""
    return Fernet(base64.urlsafe_b64encode(programme.sm2_seal))


class _Sm3:
    """SM3 of ``cryptography`` in the form that gmalg asks for; its own, in pure Python, takes a second for 400 KB."""

    def reset(self) -> None:
        self._data = b""

    def update(self, data: bytes) -> None:
        self._data += data

    def value(self) -> bytes:
        return sm3(self._data)


def _core(candidates: Iterator[int] | None = None) -> SM2Core:
    """Return the SM2 algorithms, drawing nonces from some candidates, or at random; gmalg is only loaded here."""
    from gmalg.ellipticcurve import ECDLP
    from gmalg.sm2 import SM2Core

    draw = None if candidates is None else lambda _bits: next(candidates)
    return SM2Core(ECDLP(_P, _A, _B, _G, _N), _Sm3(), draw)
