"""Root ceremonies: what is proposed, carried from officer to officer, and accepted (docs/adr/0013-root-ceremonies.md).

The one moment that counts is the rename of ``N.root.json``. Whatever must be there by then is written before, under a
name that counts for nothing; whatever follows is done by ``keys.open_office`` where it was cut short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from securesystemslib.signer import CryptoSigner

from generator.build.locking import alone
from generator.bundle.archive import new_passphrase
from generator.core import wording
from generator.core.model import ONE_DAY
from generator.errors import KeysError, RefusedError
from generator.trust import keys, last_signed, repository, roots, sealing
from generator.trust.keys import OfficeKeys
from generator.trust.last_signed import Signed
from generator.trust.roots import Change, Proposal


@dataclass(frozen=True, slots=True)
class OfficePassphrases:
    """The office passphrase that is, the one to come, and whether the merchants' are to be drawn anew with it."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    merchants_too: bool = False


def chain(root: Path) -> tuple[bytes, ...]:
    """Return every root of this office, the newest last."""
    return tuple(repository.read_roots(root / "keys" / "repository").values())


def has_chain(root: Path) -> bool:
    """Return whether this is the office's folder and not an officer's own machine."""
    return (root / "keys" / "repository" / "metadata").is_dir()


def read_proposal(path: Path) -> Proposal:
    """Return what a carried file holds, unchecked."""
    with path.open("rb") as file:
        return roots.parse(file.read(roots.LARGEST_PROPOSAL + 1))


def save_proposal(path: Path, proposal: Proposal) -> None:
    """Write a new file to carry; raise ``RefusedError`` rather than overwrite one."""
    if path.exists():
        raise RefusedError(f"{path} 已经存在，不会覆盖。请换一个文件名")
    sealing.write_private(path, roots.encode(proposal))


def save_signed(path: Path, proposal: Proposal) -> None:
    """Put a carried file with one more signature in place of the one that was read."""
    sealing.write_private(path, roots.encode(proposal))


def key_file(place: Path, chain: Sequence[bytes], check: Callable[[str], None]) -> Path:
    """Return the root key file meant by a path: the file itself, or the only one on a stick.

    Before anyone types a passphrase: raises ``KeysError`` where there is none, ``RefusedError`` where there are
    several, where it belongs to another programme, and what ``check`` raises for its key id.
    """
    found = sorted(place.glob("root-[123].pem")) if place.is_dir() else [place]
    if not found:
        raise KeysError(f"{place} 里没有 root-1.pem、root-2.pem 或 root-3.pem，拿错U盘了吗")
    if len(found) > 1:
        raise RefusedError(f"{place} 里有{len(found)}把根密钥，请写明用哪一个文件")
    label = sealing.read_label(found[0])
    if label.fingerprint != roots.fingerprint(chain):
        raise RefusedError("这把密钥不是这个项目的根密钥：拿错了U盘，或者文件是别人做的。不要签，请报告负责人")
    check(label.key)
    return found[0]


def check_holder(chain: Sequence[bytes], keyid: str, place: str = "") -> None:
    """Raise ``RefusedError`` unless a key is a root key of the newest root, and the one at ``place`` where given."""
    found = roots.names(roots.check_chain(chain)).get(keyid, "")
    if not found.startswith("root-"):
        raise RefusedError("这把密钥不在根证书里：拿错了，或者它早已被换掉")
    if place not in ("", found):
        raise RefusedError(f"这把是 {found}，不是 {place}。请换一个U盘")


def has_signed_another(proposal: Proposal, signer: CryptoSigner, file: Path) -> bool:
    """Return whether a root key noted beside its file that it signed another root of this version.

    Raises ``RefusedError`` where it noted a later one, ``KeysError`` where the note cannot be read.
    """
    return last_signed.is_another(file, _to_sign(proposal, signer))


def sign(proposal: Proposal, signer: CryptoSigner, file: Path) -> Proposal:
    """Return a sound proposal with one more signature, noted beside the key first (``trust.last_signed``)."""
    roots.check_may_sign(proposal, signer.public_key.keyid)
    note_signed(proposal, signer, file)
    return roots.sign(proposal, signer)


def note_signed(proposal: Proposal, signer: CryptoSigner, file: Path) -> None:
    """Note beside a key that it signs a proposal, or has signed it in memory."""
    last_signed.note(file, _to_sign(proposal, signer))


def _to_sign(proposal: Proposal, signer: CryptoSigner) -> Signed:
    return Signed(signer.public_key.keyid, *roots.following(proposal))


def prepare_office(root: Path, signer: CryptoSigner, passphrases: OfficePassphrases) -> None:
    """Write the coming office key beside the one that is; raise ``KeysError`` if the old passphrase is wrong."""
    check_passphrases(root, passphrases)
    with alone(root):
        keys.abandon_office(root / "keys")
        keys.prepare_office(root / "keys", signer, passphrases.new)


def check_passphrases(root: Path, passphrases: OfficePassphrases) -> None:
    """Raise unless the old passphrase opens the secrets and the new one will do: another one; for a demo, the demo's.

    Keys that began as a demo stay one, since others may know their secrets.
    """
    keys.open_programme(root / "keys", passphrases.old)
    demo = passphrases.old == keys.DEMO_PASSPHRASE
    keys.check_passphrase(passphrases.new, demo=demo)
    if demo != (passphrases.new == keys.DEMO_PASSPHRASE):
        raise RefusedError("演示密钥换了以后还是演示密钥。正式使用请重新做一次 xinyi keys init")
    if not demo and passphrases.new == passphrases.old:
        raise RefusedError("新口令和旧口令一样，等于没有换。请另定一个")


def accept(root: Path, proposal: Proposal, at: datetime, passphrases: OfficePassphrases | None = None) -> Change:
    """Let a proposal take effect, and with it the prepared office key if it names one.

    ``passphrases`` is needed for another office key. Raises ``KeysError`` or ``RefusedError`` and changes nothing,
    unless both thresholds have signed what follows this office's newest root.
    """
    folder = root / "keys"
    with alone(root):
        change = roots.check_acceptable(proposal, chain(root), at)
        if change.office:
            _prepare_secrets(root, change.office.new, passphrases)
        name = f"{change.version}.root.json"
        sealing.write_private(folder / "repository" / "metadata" / name, proposal.following)
        if change.office and passphrases:
            keys.open_office(folder, passphrases.new)
    return change


def change_office_passphrase(root: Path, opened: OfficeKeys, passphrase: str) -> None:
    """Put office key and secrets under another passphrase, alone."""
    with alone(root):
        keys.change_office_passphrase(root / "keys", opened, passphrase)


def change_root_passphrase(file: Path, signer: CryptoSigner, passphrase: str) -> None:
    """Put an opened root key under another passphrase in its file."""
    keys.change_root_passphrase(file, signer, passphrase)


def _prepare_secrets(root: Path, keyid: str, passphrases: OfficePassphrases | None) -> None:
    """Seal the secrets for the key that comes, checked to be the one prepared here."""
    folder = root / "keys"
    if passphrases is None:
        raise KeysError("更换办公室密钥要用新旧两个办公室口令")
    check_passphrases(root, passphrases)
    if not (folder / keys.OFFICE_NEXT).exists():
        raise KeysError(
            f"{folder / keys.OFFICE_NEXT} 不在这里：新的办公室密钥是在另一台电脑上做的，或已经作废。请重新做一份"
        )
    if sealing.read_key(folder / keys.OFFICE_NEXT, passphrases.new).public_key.keyid != keyid:
        raise RefusedError("这台电脑上准备好的办公室密钥不是文件里的那一把，可能后来又重做过。请用最后做的那一份")
    programme = keys.open_programme(folder, passphrases.old)
    if passphrases.merchants_too:
        programme = keys.with_passphrases(programme, {m: new_passphrase() for m in programme.passphrases})
    keys.prepare_programme(folder, programme, passphrases.new)


def change_text(change: Change, zone: ZoneInfo) -> str:
    """Return what a proposal would do, for the people who are asked to sign it."""
    lines = [f"根证书从第{change.version - 1}版换到第{change.version}版："]
    for one in change.replaced:
        what = "办公室密钥" if one.place == roots.OFFICE else f"根密钥 {one.place}"
        lines += [
            f"  换掉{what}：",
            f"    旧的从此作废，编号 {roots.shown(one.old)}",
            f"    换成新的，编号     {roots.shown(one.new)}",
        ]
    if not change.replaced:
        lines.append("  三把根密钥和办公室密钥都不换，只延长有效期。")
    lines.append(f"  有效期：现在的到{_last_day(change.expires_now, zone)}，新的到{_last_day(change.expires, zone)}。")
    lines.append(f"  项目的根证书指纹（应当和给商户的信上一样）：\n    {change.fingerprint}")
    signed = "、".join(change.signed) or "还没有"
    lines.append(
        f"  已经签名：{signed}。" + (f"至少还差{change.lacking}位保管人。" if change.lacking else "已经够了。")
    )
    return "\n".join(lines)


def _last_day(expires: datetime, zone: ZoneInfo) -> str:
    return wording.day(expires.astimezone(zone).date() - ONE_DAY)
