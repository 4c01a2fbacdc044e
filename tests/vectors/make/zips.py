"""Zips written byte by byte, so that any of their bytes can be wrong (docs/spec/bundle.md, 2 and 4)."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

STORED, DEFLATED, ENCRYPTED = 0, 8, 99
DATE = 0x21
"""1 January 1980."""
FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One member as it stands in a zip: what its headers say, and its bytes."""

    name: bytes
    body: bytes
    crc: int
    size: int
    method: int = STORED
    flags: int = 0
    extra: bytes = b""
    tail: bytes = b""

    def fields(self) -> bytes:
        """Return what the local header and the directory both say, from "version needed" to "extra length"."""
        sizes = (len(self.body), self.size, len(self.name), len(self.extra))
        return struct.pack("<5H3L2H", 20, self.flags, self.method, 0, DATE, self.crc, *sizes)

    def local(self) -> bytes:
        """Return the local header, the body and what follows it."""
        return b"PK\3\4" + self.fields() + self.name + self.extra + self.body + self.tail

    def central(self, offset: int) -> bytes:
        """Return the entry of the directory."""
        rest = struct.pack("<3H2L", 0, 0, 0, FILE, offset)
        return b"PK\1\2" + struct.pack("<H", 3 << 8 | 20) + self.fields() + rest + self.name + self.extra


def zipped(members: Iterable[Member], comment: bytes = b"") -> bytes:
    """Return a zip: the members one after the other, the directory, the end record."""
    data, directory, count = b"", b"", 0
    for member in members:
        directory += member.central(len(data))
        data += member.local()
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(data), len(comment))
    return data + directory + end + comment


def stored(name: str, data: bytes) -> Member:
    """Return a member that is neither compressed nor encrypted."""
    return Member(name.encode(), data, zlib.crc32(data), len(data))


def salt_of(name: str) -> bytes:
    """Return the salt of a member: fixed, where the office's are random."""
    return hashlib.sha256(b"test AES salt " + name.encode()).digest()


def keys(passphrase: str, salt: bytes, length: int = 32) -> tuple[bytes, bytes, bytes]:
    """Return the key of the cipher, the key of the code, and the check of the passphrase (4)."""
    derived = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, 1000, 2 * length + 2)
    return derived[:length], derived[length : 2 * length], derived[2 * length :]


def ciphered(key: bytes, data: bytes) -> bytes:
    """Return data under AES in counter mode, the counter little-endian and beginning at 1."""
    counters = b"".join(n.to_bytes(16, "little") for n in range(1, len(data) // 16 + 2))
    stream = Cipher(AES(key), ECB()).encryptor().update(counters)  # noqa: S305 - one block for each counter
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def sealed(
    name: str,
    data: bytes,
    passphrase: str,
    *,
    strength: int = 3,
    version: int = 2,
    method: int = STORED,
    packed: bytes | None = None,
) -> Member:
    """Return a member under WinZip AES; ``packed`` is what is encrypted, if not ``data`` by the method."""
    salt = salt_of(name)[: 4 + 4 * strength]
    key, mac_key, check = keys(passphrase, salt, 8 + 8 * strength)
    plain = packed if packed is not None else (deflated(data) if method == DEFLATED else data)
    body = ciphered(key, plain)
    extra = struct.pack("<3H2sBH", 0x9901, 7, version, b"AE", strength, method)
    whole = salt + check + body + hmac.digest(mac_key, body, "sha1")[:10]
    return Member(name.encode(), whole, 0 if version == 2 else zlib.crc32(data), len(data), ENCRYPTED, 1, extra)


def deflated(data: bytes) -> bytes:
    """Return a raw deflate stream that is the same on every machine: fixed codes, runs of one byte shortened."""
    bits = ["110"]
    for byte, run in groupby(data):
        length = sum(1 for _ in run)
        literal = f"{0x30 + byte:08b}" if byte < 144 else f"{0x190 + byte - 144:09b}"
        bits += [literal, "1100010100000" * ((length - 1) // 258), literal * ((length - 1) % 258)]
    return octets("".join([*bits, "0000000"]), backwards=True)


def octets(bits: str, *, backwards: bool = False) -> bytes:
    """Return bits as bytes, filled up with zeros; backwards where the first bit is the lowest."""
    eights = (bits[i : i + 8].ljust(8, "0") for i in range(0, len(bits), 8))
    return bytes(int(eight[::-1] if backwards else eight, 2) for eight in eights)


def zipcrypto(name: str, data: bytes, passphrase: str) -> Member:
    """Return a member under the traditional encryption of zips, which anybody breaks."""
    table = [zlib.crc32(bytes([n ^ 0xFF])) ^ 0xFFFFFFFF ^ 0x00FFFFFF for n in range(256)]
    state = [0x12345678, 0x23456789, 0x34567890]

    def mix(byte: int) -> None:
        state[0] = state[0] >> 8 ^ table[(state[0] ^ byte) & 255]
        state[1] = ((state[1] + (state[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        state[2] = state[2] >> 8 ^ table[(state[2] ^ state[1] >> 24) & 255]

    for byte in passphrase.encode():
        mix(byte)
    crc = zlib.crc32(data)
    out = bytearray()
    for byte in salt_of(name)[:11] + bytes([crc >> 24]) + data:
        mask = state[2] & 0xFFFF | 2
        out.append(byte ^ (mask * (mask ^ 1) >> 8 & 255))
        mix(byte)
    return Member(name.encode(), bytes(out), crc, len(data), STORED, 1)


def rice(gaps: Sequence[int], parameter: int) -> str:
    """Return gaps as bits (4.2)."""
    low = f"0{parameter}b"
    return "".join("1" * (g >> parameter) + "0" + (f"{g % (1 << parameter):{low}}" if parameter else "") for g in gaps)


def gaps_of(tokens: Iterable[int]) -> list[int]:
    """Return the gaps of a set (4.2)."""
    ordered = sorted(tokens)
    return [token - before - 1 for before, token in zip([-1, *ordered], ordered, strict=False)]


def best(gaps: Sequence[int]) -> int:
    """Return the parameter with the fewest bits, the smaller on a tie (4.2)."""
    return min(range(49), key=lambda p: (sum((g >> p) + 1 + p for g in gaps), p))
