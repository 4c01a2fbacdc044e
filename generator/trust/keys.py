"""Keys on disk: three root keys, one office key, and the programme's sealed secrets.

``root-N.pem`` and ``office.pem`` are Ed25519 keys (``sealing.encrypt_key``); ``programme.key`` holds the secrets of
docs/spec/bundle.md, section 3, and the merchants' passphrases, sealed under the office passphrase. A key set that opens
with ``DEMO_PASSPHRASE`` is a demo: no marker says so, therefore none can be removed.

Two files change together when the office key or its passphrase does. The new ones are written under their names and
``.next`` first; what then counts, at one stroke, is the new root (another key) or ``office.pem`` itself (another
passphrase); and ``open_office`` puts the rest in place where that was cut short (docs/adr/0013-root-ceremonies.md).
"""

from __future__ import annotations

import secrets as system_random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from generator.core.model import MerchantId
from generator.errors import KeysError, RefusedError
from generator.trust import history, roots
from generator.trust.roots import ROOT_KEYS
from generator.trust.saving import beside, sync_folder
from generator.trust.sealing import (
    decrypt_key,
    encrypt_key,
    read_from_medium,
    read_label,
    rewrite_key,
    seal,
    unseal,
    write_and_compare,
    write_key,
    write_private,
)

DEMO_PASSPHRASE = "demo-demo-demo-demo"  # noqa: S105 - known to everybody, on purpose
MISSING = "没有找到 {}。第一次使用请运行 xinyi keys init（试用加 --demo）；以前用过的，请从备份恢复，不要重新生成"
SHORTEST_PASSPHRASE, FEWEST_CHARACTERS = 12, 6

OFFICE_PEM, PROGRAMME_KEY = "office.pem", "programme.key"
OFFICE_NEXT, PROGRAMME_NEXT = "office.pem.next", "programme.key.next"
_WEAK = (
    f"口令至少要{SHORTEST_PASSPHRASE}个字符，也不能用演示口令，不能总是那几个字符（不同的至少要有{FEWEST_CHARACTERS}个）。"
    "请换一个，或直接回车让程序生成"
)


@dataclass(frozen=True, slots=True)
class Programme:
    """What is drawn once for the life of the programme, and each merchant's passphrase.

    ``former`` are the merchants that are struck out, whose ids are never given again; ``changes`` counts how often
    passphrases were replaced or dropped, which tells an older programme.key (docs/adr/0014-hash-bins-and-history.md).
    """

    u_salt: bytes = field(repr=False)
    t_key: bytes = field(repr=False)
    ref_key: bytes = field(repr=False)
    token_bits: int
    passphrases: Mapping[MerchantId, str] = field(repr=False)
    sm2_seal: bytes = field(default=b"", repr=False)
    """What seals sm2.key, drawn anew for each such key; empty before the first."""
    former: frozenset[MerchantId] = frozenset()
    changes: int = 0


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


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a ceremony draws, while it is in memory only, and the first root signed by all three root keys."""

    roots: tuple[CryptoSigner, ...]
    office: CryptoSigner
    programme: Programme = field(repr=False)
    first_root: bytes

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the first root in hexadecimal."""
        return roots.fingerprint([self.first_root])


def draw(token_bits: int, at: datetime) -> Drawn:
    """Return fresh keys and secrets from the system's generator; the first root lasts two years from ``at``."""
    programme = Programme(
        u_salt=system_random.token_bytes(16),
        t_key=system_random.token_bytes(32),
        ref_key=system_random.token_bytes(32),
        token_bits=token_bits,
        passphrases={},
    )
    officers = tuple(CryptoSigner.generate_ed25519() for _ in range(ROOT_KEYS))
    office = CryptoSigner.generate_ed25519()
    return Drawn(officers, office, programme, roots.first(officers, office.public_key, at))


def init(folder: Path, root_folders: Sequence[Path], passphrases: Passphrases, token_bits: int, at: datetime) -> None:
    """Make all keys and the first root metadata; refuse where keys already are.

    ``root_folders`` says where each root key goes (three folders, or thrice ``folder``). Where one file cannot be
    written, those already written are taken back. ``at`` is the time of the ceremony; the root expires two years later.
    """
    if not len(root_folders) == len(passphrases.roots) == ROOT_KEYS:
        raise ValueError(f"a ceremony has {ROOT_KEYS} root keys")
    demo = passphrases.office == DEMO_PASSPHRASE
    for passphrase in (*passphrases.roots, passphrases.office):
        check_passphrase(passphrase, demo=demo)
    check_absent(folder, root_folders)
    drawn = draw(token_bits, at)
    files = {
        path: encrypt_key(signer, passphrase, drawn.fingerprint)
        for path, signer, passphrase in zip(_root_paths(root_folders), drawn.roots, passphrases.roots, strict=True)
    }
    _write_all_or_none({**files, **_office_files(folder, drawn, passphrases.office)})


def is_founded(folder: Path, drawn: Drawn) -> bool:
    """Return whether this ceremony's first root stands: its root keys are then the only ones there will ever be."""
    path = folder / "repository" / "metadata" / "1.root.json"
    return path.exists() and path.read_bytes() == drawn.first_root


def found(folder: Path, drawn: Drawn, passphrase: str) -> None:
    """Write what stays in the office, the last act of a ceremony whose root keys are on their sticks already."""
    check_passphrase(passphrase)
    check_absent(folder, ())
    _write_all_or_none(_office_files(folder, drawn, passphrase))
    open_office(folder, passphrase)


def _office_files(folder: Path, drawn: Drawn, passphrase: str) -> dict[Path, bytes]:
    return {
        folder / OFFICE_PEM: encrypt_key(drawn.office, passphrase),
        folder / PROGRAMME_KEY: _seal(drawn.programme, passphrase),
        folder / "repository" / "metadata" / "1.root.json": drawn.first_root,
    }


def check_passphrase(passphrase: str, *, demo: bool = False) -> None:
    """Raise ``KeysError`` for one that is too short or the same few characters, or the demo's where keys are real."""
    if demo and passphrase == DEMO_PASSPHRASE:
        return
    plain = passphrase.strip()
    if len(plain) < SHORTEST_PASSPHRASE or len(set(plain)) < FEWEST_CHARACTERS or passphrase == DEMO_PASSPHRASE:
        raise KeysError(_WEAK)


def check_absent(folder: Path, root_folders: Sequence[Path]) -> None:
    """Raise ``RefusedError`` where any key already is: there is only one ceremony."""
    metadata = folder / "repository" / "metadata"
    for path in (*_root_paths(root_folders), folder / OFFICE_PEM, folder / PROGRAMME_KEY, metadata):
        if path.exists():
            raise RefusedError(f"{path} 已经存在。密钥只能生成一次；要重新开始，请先把整个旧 keys 文件夹移走保存")


def _root_paths(root_folders: Sequence[Path]) -> list[Path]:
    return [place / f"root-{number}.pem" for number, place in enumerate(root_folders, 1)]


def open_office(folder: Path, passphrase: str) -> OfficeKeys:
    """Return the opened keys, after finishing a change that was cut short; raise ``KeysError`` if they do not open."""
    if _office_was_replaced(folder):
        _finish_replacement(folder, passphrase)
    try:
        signer = decrypt_key((folder / OFFICE_PEM).read_bytes(), passphrase)
    except FileNotFoundError as error:
        raise KeysError(MISSING.format(error.filename)) from error
    return OfficeKeys(signer, open_programme(folder, passphrase), passphrase)


def open_programme(folder: Path, passphrase: str) -> Programme:
    """Return the programme's secrets alone, also where the office key is lost; raise ``KeysError`` as above."""
    try:
        return _unseal((folder / PROGRAMME_KEY).read_bytes(), passphrase)
    except FileNotFoundError as error:
        raise KeysError(MISSING.format(error.filename)) from error
    except KeysError:
        try:  # office.pem has the new passphrase already, and the power went before this one followed
            programme = _unseal((folder / PROGRAMME_NEXT).read_bytes(), passphrase)
            decrypt_key((folder / OFFICE_PEM).read_bytes(), passphrase)
        except (FileNotFoundError, KeysError):
            programme = None
        if programme is None:
            raise
    _move(folder / PROGRAMME_NEXT, folder / PROGRAMME_KEY)
    return programme


def _office_was_replaced(folder: Path) -> bool:
    """Return whether the newest root names the key of office.pem.next: what is left is to put it in place."""
    if not (folder / OFFICE_NEXT).exists():
        return False
    metadata = folder / "repository" / "metadata"
    try:
        versions = [int(path.name.partition(".")[0]) for path in metadata.glob("*.root.json")]
        root = Metadata[Root].from_file(str(metadata / f"{max(versions)}.root.json")).signed
    except (ValueError, OSError, DeserializationError) as error:
        raise KeysError(f"{metadata} 里的根证书读不出来。请从备份恢复整个 keys 文件夹") from error
    return roots.names(root).get(read_label(folder / OFFICE_NEXT).key) == roots.OFFICE


def office_change(folder: Path) -> str:
    """Return how far a replacement of the office key is: ``""``, ``"waiting"`` for signatures, or ``"accepted"``."""
    if not (folder / OFFICE_NEXT).exists():
        return ""
    return "accepted" if _office_was_replaced(folder) else "waiting"


def _finish_replacement(folder: Path, passphrase: str) -> None:
    try:
        decrypt_key((folder / OFFICE_NEXT).read_bytes(), passphrase)
        if (folder / PROGRAMME_NEXT).exists():
            _unseal((folder / PROGRAMME_NEXT).read_bytes(), passphrase)
    except FileNotFoundError:
        return  # another window has just finished it
    except KeysError as error:
        raise KeysError("办公室密钥已经更换，旧口令不能再用。请输入更换时定下的新口令") from error
    _move(folder / PROGRAMME_NEXT, folder / PROGRAMME_KEY)
    _move(folder / OFFICE_NEXT, folder / OFFICE_PEM)


def _move(path: Path, to: Path) -> None:
    with suppress(FileNotFoundError):  # it is there already
        path.replace(to)
        sync_folder(to.parent)


def prepare_office(folder: Path, signer: CryptoSigner, passphrase: str) -> None:
    """Write the key that is to be the office's beside the one that is; it counts once a root that names it does."""
    write_key(folder / OFFICE_NEXT, signer, passphrase)


def abandon_office(folder: Path) -> None:
    """Remove a prepared office key that no root names; raise ``RefusedError`` if the newest root names it."""
    if _office_was_replaced(folder):
        raise RefusedError("办公室密钥已经换好，不能作废。请用新的口令继续")
    (folder / OFFICE_NEXT).unlink(missing_ok=True)


def prepare_programme(folder: Path, programme: Programme, passphrase: str) -> None:
    """Seal the secrets under the coming office passphrase, beside; read them back."""
    write_private(folder / PROGRAMME_NEXT, _seal(programme, passphrase))
    if _unseal(read_from_medium(folder / PROGRAMME_NEXT), passphrase) != programme:
        raise KeysError(f"{folder / PROGRAMME_NEXT} 读回来的不是刚才写的，磁盘不可靠。什么也没有改")


def change_office_passphrase(folder: Path, keys: OfficeKeys, passphrase: str) -> OfficeKeys:
    """Put office key and secrets under another passphrase; the rename of office.pem is what counts."""
    if keys.demo:
        raise RefusedError("这是演示密钥，口令人人知道，换口令没有用。正式使用请重新做一次 xinyi keys init")
    check_passphrase(passphrase)
    keys = open_office(folder, keys.passphrase)
    prepare_programme(folder, keys.programme, passphrase)
    rewrite_key(folder / OFFICE_PEM, keys.signer, passphrase)
    _move(folder / PROGRAMME_NEXT, folder / PROGRAMME_KEY)
    return replace(keys, passphrase=passphrase)


def change_root_passphrase(path: Path, signer: CryptoSigner, passphrase: str) -> None:
    """Put a root key that was read from ``path`` under another passphrase."""
    check_passphrase(passphrase)
    rewrite_key(path, signer, passphrase)


def is_demo(folder: Path) -> bool:
    """Return whether these keys open with the demo passphrase."""
    try:
        open_office(folder, DEMO_PASSPHRASE)
    except KeysError:
        return False
    return True


def add_passphrases(folder: Path, keys: OfficeKeys, fresh: Mapping[MerchantId, str]) -> OfficeKeys:
    """Seal further merchants' passphrases and return the keys with them; ``RefusedError`` for an id used before."""

    def change(known: Programme) -> Programme:
        check_unused(known, fresh)
        return replace(known, passphrases={**known.passphrases, **fresh})

    return _change_programme(folder, keys, change)


def replace_passphrases(folder: Path, keys: OfficeKeys, fresh: Mapping[MerchantId, str]) -> OfficeKeys:
    """Seal other passphrases for merchants that have one and return the keys with them; else raise ``KeysError``.

    Where all are replaced an older programme.key becomes the newest: nothing replaced before is left in it.
    """
    store = folder / "repository"

    def change(known: Programme) -> Programme:
        _check_known(fresh, known.passphrases)
        if fresh.keys() != known.passphrases.keys():
            history.check_changes(store, known.changes)
        return with_passphrases(replace(known, changes=max(known.changes, history.read_changes(store))), fresh)

    return _change_programme(folder, keys, change)


def drop_passphrases(folder: Path, keys: OfficeKeys, merchants: Collection[MerchantId]) -> OfficeKeys:
    """Forget merchants' passphrases, but not their ids, and return the keys; raise ``KeysError`` where one has none."""

    def change(known: Programme) -> Programme:
        _check_known(merchants, known.passphrases)
        history.check_changes(folder / "repository", known.changes)
        kept = {merchant: passphrase for merchant, passphrase in known.passphrases.items() if merchant not in merchants}
        former = known.former.union(merchants)
        return replace(known, passphrases=kept, former=former, changes=known.changes + 1)

    return _change_programme(folder, keys, change)


def check_unused(programme: Programme, merchants: Collection[MerchantId]) -> None:
    """Raise ``RefusedError`` for ids of merchants that are struck out: a trace would take one for the other."""
    if used := sorted(programme.former.intersection(merchants)):
        raise RefusedError(f"编号 {'、'.join(used)} 以前移走的商户用过，再用的话查泄露会认错人。请换一个编号")


def seal_sm2_key(folder: Path, keys: OfficeKeys, secret: bytes) -> OfficeKeys:
    """Keep what seals an SM2 key that is about to be made, under the passphrase of today; return the keys with it."""
    return _change_programme(folder, keys, lambda programme: replace(programme, sm2_seal=secret))


def with_passphrases(programme: Programme, fresh: Mapping[MerchantId, str]) -> Programme:
    """Return a programme in which some merchants have other passphrases; nothing is written."""
    return replace(programme, passphrases={**programme.passphrases, **fresh}, changes=programme.changes + 1)


def _check_known(merchants: Collection[MerchantId], known: Mapping[MerchantId, str]) -> None:
    if unknown := sorted(set(merchants) - known.keys()):
        raise KeysError(f"没有商户“{'、'.join(unknown)}”的口令")


def _change_programme(folder: Path, keys: OfficeKeys, change: Callable[[Programme], Programme]) -> OfficeKeys:
    """Seal what ``change`` makes of the secrets on disk now: another window may have written since ``keys``."""
    now = open_office(folder, keys.passphrase)
    programme = change(now.programme)
    (folder / PROGRAMME_NEXT).unlink(missing_ok=True)  # left by a change that never counted, and stale from here on
    write_private(folder / PROGRAMME_KEY, _seal(programme, keys.passphrase))
    if programme.changes > now.programme.changes:
        history.note_changes(folder / "repository", programme.changes)
    return replace(now, programme=programme)


def _write_all_or_none(files: dict[Path, bytes]) -> None:
    """Write files none of which exists; where one cannot be written, or Ctrl-C comes between, take all of them back.

    The last is what counts (1.root.json): it is written last and taken back first, so that it never stands alone.
    """
    fresh = {path.parent for path in files if not path.parent.exists()}
    try:
        for path, data in files.items():
            write_and_compare(path, data)
    except (OSError, KeyboardInterrupt) as error:
        for path in reversed(files):
            for made in (path, beside(path)):
                with suppress(OSError):
                    made.unlink()
        for folder in fresh:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, KeyboardInterrupt):
            raise
        left = "、".join(str(path) for path in files if path.exists())
        advice = f"请先删掉已写好的 {left}，" if left else "已写好的都已删掉，"
        raise KeysError(f"{error.filename} 写不进去（{error.strerror}）。{advice}检查U盘后重来") from error


def _seal(programme: Programme, passphrase: str) -> bytes:
    plain: dict[str, object] = {
        "u_salt": programme.u_salt.hex(),
        "t_key": programme.t_key.hex(),
        "ref_key": programme.ref_key.hex(),
        "token_bits": programme.token_bits,
        "passphrases": dict(sorted(programme.passphrases.items())),
        "former": sorted(programme.former),
        "changes": programme.changes,
    }
    if programme.sm2_seal:
        plain["sm2_seal"] = programme.sm2_seal.hex()
    return seal(plain, passphrase)


def _unseal(sealed: bytes, passphrase: str) -> Programme:
    try:
        plain = unseal(sealed, passphrase)
        return Programme(
            u_salt=bytes.fromhex(plain["u_salt"]),
            t_key=bytes.fromhex(plain["t_key"]),
            ref_key=bytes.fromhex(plain["ref_key"]),
            token_bits=int(plain["token_bits"]),
            passphrases=plain["passphrases"],
            sm2_seal=bytes.fromhex(plain.get("sm2_seal", "")),
            former=frozenset(plain.get("former", ())),
            changes=int(plain.get("changes", 0)),
        )
    except (KeysError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysError(f"{PROGRAMME_KEY} 打不开：口令不对，或文件已损坏。请从备份恢复，不要重新生成") from error
