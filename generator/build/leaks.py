"""What somebody leaked, read: which tokens of lists it holds, and whose list it says it is.

What can be read: a target as somebody unpacked it (a folder or a zip with manifest.json and classes), class files by
themselves, and lists of tokens as text, in decimal or hexadecimal numbers. A bundle that is still encrypted proves
nothing, since anybody can download it; it is only said whose it is.

Whoever leaked it may have written anything into it, names of files too: what is said of a leak names the file that the
clerk gave, and nothing out of it but ids of merchants.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from generator.bundle import archive, golomb, payload
from generator.bundle.collapse import Secrets
from generator.core.model import MerchantId, ScenarioId
from generator.errors import KeysError, RefusedError
from generator.sources.agreement import MERCHANT_ID

_LARGEST = 256 * 1024 * 1024
"""Bytes of all files together, unpacked; more is no list of ours."""
_DEEPEST = 3
"""So many zips within one another are opened."""
_ZIP = b"PK\x03\x04"
_TARGET = re.compile(r"(?:.*/)?targets/[0-9a-f]{64}\.([a-z0-9-]+)\.zip")
_BESIDE = re.compile(r"(?:.*/)?(?:README\.txt|metadata/[^/]*)")
"""What a bundle holds besides its target: digests, no tokens."""
_NUMBER = re.compile(rb"(?<![0-9A-Za-z])(?:0[xX])?([0-9A-Fa-f]{1,15})(?![0-9A-Za-z])")
_NOT_TEXT = re.compile(r"[\x01-\x08\x0e-\x1f]")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class Leak:
    """What a leak holds: tokens, the labels of its classes as far as a manifest tells them, and what else was seen.

    ``stated`` are the merchants that manifests name, ``sealed`` those whose bundles are in it unopened; ``foreign``
    counts manifests of another programme, ``loose`` says whether tokens came without a manifest.
    """

    tokens: frozenset[int] = frozenset()
    labels: frozenset[str] = frozenset()
    stated: frozenset[MerchantId] = frozenset()
    sealed: frozenset[MerchantId] = frozenset()
    foreign: int = 0
    loose: bool = False

    def __or__(self, other: Leak) -> Leak:
        """Return both as one."""
        return Leak(
            self.tokens | other.tokens,
            self.labels | other.labels,
            self.stated | other.stated,
            self.sealed | other.sealed,
            self.foreign + other.foreign,
            self.loose or other.loose,
        )


def read(paths: Iterable[Path], secrets: Secrets, passphrases: Mapping[MerchantId, str]) -> Leak:
    """Return what files and folders hold together; raise ``RefusedError``, naming the one that cannot be read."""
    leak = Leak()
    for path in paths:
        try:
            leak |= read_leak(_files(path), secrets, passphrases)
        except RefusedError as error:
            raise RefusedError(f"{path}：{error}") from error
    return leak


def _files(path: Path) -> dict[str, bytes]:
    """Return the files of a folder by their names in it, or the one file."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    if sum(file.stat().st_size for file in files) > _LARGEST:
        raise RefusedError("太大了，不像是名单包里的东西")
    return {(file.relative_to(path).as_posix() if path.is_dir() else file.name): file.read_bytes() for file in files}


def read_leak(
    files: Mapping[str, bytes], secrets: Secrets, passphrases: Mapping[MerchantId, str], depth: int = 0
) -> Leak:
    """Return what some files that belong together hold; ``depth`` counts the zips they came out of."""
    leak = Leak()
    read: set[str] = set()
    for name in sorted(files):
        folder, _, last = name.rpartition("/")
        if last == payload.MANIFEST:
            prefix = f"{folder}/" if folder else ""
            described, classes = _of_manifest(files, prefix, secrets)
            leak |= described
            read |= {name, f"{prefix}{payload.ORGANISATIONS}", *classes}
    for name in sorted(files.keys() - read):
        if (held := _TARGET.fullmatch(name)) and MERCHANT_ID.fullmatch(held[1]):
            leak |= Leak(sealed=frozenset({MerchantId(held[1])}))
        elif files[name].startswith(_ZIP):
            leak |= _of_zip(files[name], secrets, passphrases, depth)
        elif not _BESIDE.fullmatch(name):
            leak |= _loose(name, files[name], secrets)
    return leak


def _of_manifest(files: Mapping[str, bytes], prefix: str, secrets: Secrets) -> tuple[Leak, set[str]]:
    """Return what an unpacked target holds, as far as its classes are there, and the names of their files."""
    tokens: set[int] = set()
    labels, classes = set(), set()
    try:
        manifest = json.loads(files[f"{prefix}{payload.MANIFEST}"])
        for entry in manifest["classes"]:
            name = f"{prefix}{entry['file']}"
            classes.add(name)
            days = {ScenarioId(scenario): date.fromisoformat(day) for scenario, day in entry["scenarios"].items()}
            labels.add(payload.spell(days))
            if name in files:
                tokens.update(golomb.decode(files[name], entry["parameter"], entry["count"]))
        if manifest["token"] != {"key": secrets.t_key.hex(), "t": secrets.token_bits}:
            return Leak(foreign=1), classes
        stated = str(manifest["merchant"]["id"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise RefusedError(f"里面的 {payload.MANIFEST} 或它的名单文件读不出来，可能不完整") from error
    known = frozenset({MerchantId(stated)}) if MERCHANT_ID.fullmatch(stated) else frozenset()
    return Leak(frozenset(tokens), frozenset(labels), known), classes


def _of_zip(data: bytes, secrets: Secrets, passphrases: Mapping[MerchantId, str], depth: int) -> Leak:
    """Return what a zip holds; of one that is encrypted, whose it is."""
    if depth == _DEEPEST:
        raise RefusedError("一层套一层的压缩包太多。请解开以后再试")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as outer:
            members = [member for member in outer.infolist() if not member.is_dir()]
            if any(member.flag_bits & 1 for member in members):
                return _of_sealed(data, passphrases)
            if sum(member.file_size for member in members) > _LARGEST:
                raise RefusedError("压缩包解开后太大了，不像是名单包里的东西")
            files = {member.filename: outer.read(member) for member in members}
    except _UNREADABLE as error:
        raise RefusedError("压缩包打不开，可能不完整") from error
    return read_leak(files, secrets, passphrases, depth + 1)


def _of_sealed(data: bytes, passphrases: Mapping[MerchantId, str]) -> Leak:
    for merchant, passphrase in passphrases.items():
        with suppress(KeysError):
            archive.decrypt(data, passphrase)
            return Leak(sealed=frozenset({merchant}))
    raise RefusedError("压缩包上了锁，现在的口令都打不开：可能是换口令以前的，或者不是名单包")


def _loose(name: str, data: bytes, secrets: Secrets) -> Leak:
    """Return the tokens of a class file without its manifest, or of a text."""
    bound = 1 << secrets.token_bits
    text = None if name.endswith(".gr") else _text(data)
    if text is None:
        tokens = _of_class_file(data, bound)
    else:
        numbers = [found[1].decode() for found in _NUMBER.finditer(text)]
        tokens = {int(number) for number in numbers if number.isdecimal()} | {int(number, 16) for number in numbers}
    kept = frozenset(token for token in tokens if token < bound)
    return Leak(kept, loose=bool(kept))


def _text(data: bytes) -> bytes | None:
    """Return a text's bytes with one byte for each digit, or None where it is no text."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "gb18030")
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            return None if _NOT_TEXT.search(text) else text.encode("ascii", "replace")
    return None


def _of_class_file(data: bytes, bound: int) -> set[int]:
    """Return the tokens under every parameter that fits: one is right, and the others do no harm but noise."""
    tokens: set[int] = set()
    for parameter in range(7, golomb.MAX_PARAMETER + 1):
        with suppress(ValueError):
            found = golomb.decode(data, parameter)
            if found and found[-1] < bound:
                tokens.update(found)
    return tokens
