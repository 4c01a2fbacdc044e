"""What a root key signed last, noted beside it on its stick: ``root-2.signed`` beside ``root-2.pem``.

Only the office knows which root is the newest. An officer who signs elsewhere knows what came with the file, and a
thief of another root key can bring the roots of before that key was replaced; so each key remembers the highest version
that it signed, and which root that was. Nothing in the note is secret; whoever holds the stick can change it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from generator.errors import KeysError, RefusedError
from generator.trust.sealing import write_and_compare

_SUFFIX = ".signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """A root that a key signs: the key's id, the root's version and digest (``roots.following``)."""

    key: str
    version: int
    digest: str


def is_another(file: Path, signed: Signed) -> bool:
    """Return whether the key in ``file`` has signed another root of this version before.

    Raises ``RefusedError`` if it has signed a later version, ``KeysError`` if the note cannot be read. The note of
    another key, left by an earlier one of the same name, says nothing.
    """
    noted = _read(file)
    if noted is None or noted.key != signed.key or noted.version < signed.version:
        return False
    if noted.version > signed.version:
        raise RefusedError(
            f"U盘上记着：这把密钥已经签到第{noted.version}版根证书，这一份却是第{signed.version}版，早就过时了，"
            "可能有人拿旧文件来骗签名，也可能办公室的 keys 是从旧备份恢复的。不要签，请报告负责人"
        )
    return noted.digest != signed.digest


def note(file: Path, signed: Signed) -> None:
    """Note what the key in ``file`` is about to sign, and read it back; raise ``KeysError`` where that fails."""
    values = {"key": signed.key, "version": signed.version, "sha256": signed.digest}
    try:
        write_and_compare(path_of(file), (json.dumps(values, indent=1) + "\n").encode())
    except OSError as error:
        raise KeysError(
            f"{path_of(file)} 写不进去（{error.strerror}），记不下签到第几版，所以没有签。"
            "U盘有写保护开关的请打开，满了的请腾出一点地方"
        ) from error


def path_of(file: Path) -> Path:
    """Return where the note of a key file stands."""
    return file.with_suffix(_SUFFIX)


def _read(file: Path) -> Signed | None:
    try:
        values = json.loads(path_of(file).read_bytes())
        return Signed(str(values["key"]), int(values["version"]), str(values["sha256"]))
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise KeysError(
            f"{path_of(file)} 坏了，不知道这把密钥签到第几版。请给办公室打电话核对，没有疑问再给这个文件改个名字，重来"
        ) from error
