"""Root keys on officers' sticks: written in the ceremony, opened to sign, asked for one after the other.

A stick is any folder or file: one that is always plugged in, or one port whose path stays while the sticks change.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import ZONE
from generator.cli.terminal import ask_hidden, ask_place, consent, is_interactive, new_passphrase, say, wait_for_enter
from generator.errors import GeneratorError, KeysError, RefusedError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from generator.trust.roots import Proposal

_TRIES = 3
_NEXT_STICK = "请拔下上一个U盘，插上下一位保管人的，插好按回车……"


def hold_ceremony(root: Path, sticks: Sequence[Path], token_bits: int, at: datetime) -> None:
    """Draw all keys, give each officer a root key on a stick, stick by stick, then found the office.

    ``sticks`` names three folders or none; one that is named again means one port, and a pause to change the stick.
    Nothing is written to keys/ before all three sticks hold a key that has been read back and opened.
    """
    from generator.trust import keys as trust

    folder = root / "keys"
    trust.check_absent(folder, ())
    for stick in set(sticks):
        check_stick(stick)
    _confirm_date(at)
    drawn = trust.draw(token_bits, at)
    written: dict[Path, CryptoSigner] = {}
    last: Path | None = None
    try:
        for number, signer in enumerate(drawn.roots, 1):
            say(f"\n—— 第{number}位保管人（共{len(drawn.roots)}位；请其他人回避）——")
            given = sticks[number - 1] if sticks else None
            swap = f"请拔下上一个U盘，插上第{number}位保管人的，插好按回车……" if given in sticks[: number - 1] else ""
            place, label = f"root-{number}", drawn.fingerprint
            path = give_root_key(root, place, signer, label, given=given, swap=swap, last=last, earlier=written)
            written[path], last = signer, path.parent
        say("\n—— 办公室 ——")
        trust.found(folder, drawn, new_passphrase("办公室密钥"))
    except (click.Abort, KeyboardInterrupt, GeneratorError, OSError):
        if trust.is_founded(folder, drawn):
            say("\n密钥已经生成了，U盘上的根密钥都有用，不要重来。请运行 xinyi keys status，把根证书指纹抄下来。")
        else:
            _take_back(written)
        raise


def keep_together(root: Path, token_bits: int, at: datetime, *, demo: bool) -> None:
    """Make all keys in keys/: a demo, or real ones for a trial."""
    from generator.trust import keys as trust
    from generator.trust import roots

    folder = root / "keys"
    trust.check_absent(folder, (folder,) * roots.ROOT_KEYS)
    if not demo:
        _confirm_date(at)
    officers = [f"根密钥 root-{number} " for number in range(1, roots.ROOT_KEYS + 1)]
    chosen = [trust.DEMO_PASSPHRASE if demo else new_passphrase(whose) for whose in (*officers, "办公室密钥")]
    passphrases = trust.Passphrases(tuple(chosen[:-1]), chosen[-1])
    trust.init(folder, (folder,) * roots.ROOT_KEYS, passphrases, token_bits, at)


def _confirm_date(at: datetime) -> None:
    """Show what the clock says, and ask where somebody can answer: roots last from that day on."""
    from generator.core import wording

    say(f"这台电脑说今天是{wording.day(at.astimezone(ZONE).date())}，根证书的有效期从今天算起。")
    if is_interactive():
        consent("年月日都对吗")


def give_root_key(
    root: Path,
    place: str,
    signer: CryptoSigner,
    fingerprint: str,
    *,
    given: Path | None = None,
    swap: str = "",
    last: Path | None = None,
    earlier: Iterable[Path] = (),
    signed: Proposal | None = None,
) -> Path:
    """Write a root key to a stick under its officer's passphrase and return its file.

    Without ``given`` the path is asked for; ``swap`` asks to change the stick at a path used before. Where that fails
    and something was asked, it is asked again. ``earlier`` says where other officers' keys are or were, ``signed`` what
    the key has signed already.
    """
    from generator.build import ceremony
    from generator.trust import sealing

    while True:
        if swap:
            wait_for_enter(swap)
        stick = given or ask_place("请插入U盘，输入它的路径（如 /media/usb1）", last)
        try:
            check_stick(stick)
            if doubt := _doubt(root, stick, earlier):
                consent(f"{stick} {doubt}。真的写在这里吗")
            passphrase = new_passphrase(f"根密钥 {place} ")
            path = stick / f"{place}.pem"
            if signed:
                ceremony.note_signed(signed, signer, path)
            sealing.write_key(path, signer, passphrase, fingerprint)
        except (KeysError, RefusedError) as error:
            if given and not swap:
                raise
            say(f"没有写：{error}。")
            continue
        say(f"已写好 {path}，读回来用口令打开过，没有问题。请安全弹出，再拔下U盘。")
        return path


def _doubt(root: Path, stick: Path, earlier: Iterable[Path]) -> str:
    """Return why a place is no stick of its own: on the device of the project, the system, the home or another key."""
    device = _device(stick)
    if any(path != stick and path.exists() and _device(path) == device for path in earlier):
        return "和别的保管人的U盘是同一个盘：根密钥要一人一个U盘，放在一起，一丢就全丢了"
    system = Path(os.environ.get("SYSTEMDRIVE", "") + "/")
    for place, name in ((root, "项目文件夹"), (system, "系统"), (Path.home(), "个人文件夹")):
        if place.exists() and _device(place) == device:
            return f"和{name}在同一个盘上，不像是U盘"
    return ""


def _device(path: Path) -> int:
    return path.stat().st_dev


def check_stick(stick: Path) -> None:
    """Raise ``RefusedError`` where no root key can be put: no folder, or one that holds a root key already."""
    if not stick.is_dir():
        raise RefusedError(f"{stick} 不是文件夹，请写U盘的路径")
    if found := sorted(stick.glob("root-[123].pem")):
        raise RefusedError(
            f"{found[0]} 已经存在：还是上一个U盘吗？一个U盘只放一把根密钥。请换一个；"
            "如果它是上次没做完留下的，请先给它改个名字（不要删），再来"
        )


def _take_back(written: dict[Path, CryptoSigner]) -> None:
    """Remove the keys of a ceremony that came to nothing, where they can be reached, and name the others."""
    from generator.trust import sealing

    left = []
    for path, signer in written.items():
        try:
            if sealing.read_label(path).key == signer.public_key.keyid:
                path.unlink()
                continue
        except (KeysError, OSError):
            pass
        left.append(path.name)
    if written:
        reached = "写好的根密钥已经删掉" if not left else f"U盘上写好的 {'、'.join(left)} 没有用了，请给它们改个名字"
        say(f"\n没有做完，keys 文件夹里什么也没有写。{reached}，再从头来。")


def open_root_key(
    chain: Sequence[bytes], check: Callable[[str], None], given: Path | None = None, last: Path | None = None
) -> tuple[CryptoSigner, Path]:
    """Return an officer's root key and its file; ``check`` raises ``RefusedError`` for the key id of a wrong one."""
    from generator.build import ceremony
    from generator.trust import sealing
    from generator.trust.keys import DEMO_PASSPHRASE

    place = given or ask_place("请一位保管人插入U盘，输入它的路径（如 /media/usb1）", last)
    file = ceremony.key_file(place, chain, check)
    with contextlib.suppress(KeysError):
        return _checked(sealing.read_key(file, DEMO_PASSPHRASE), check), file
    for _ in range(_TRIES - 1):
        try:
            return _checked(sealing.read_key(file, ask_hidden(f"{file.name} 的口令")), check), file
        except KeysError as error:
            say(f"{error}。再试一次。")
    return _checked(sealing.read_key(file, ask_hidden(f"{file.name} 的口令（最后一次）")), check), file


def _checked(signer: CryptoSigner, check: Callable[[str], None]) -> CryptoSigner:
    check(signer.public_key.keyid)
    return signer


def sign(proposal: Proposal, signer: CryptoSigner, file: Path, *, in_office: bool) -> Proposal:
    """Return a proposal signed by an opened root key, unless the key noted that it signed another of this version.

    In the office, whose own roots say what the newest is, one that came to nothing may be signed anew with consent.
    """
    from generator.build import ceremony
    from generator.trust import roots

    if ceremony.has_signed_another(proposal, signer, file):
        before = f"U盘上记着：这把密钥已经签过另一份第{roots.following(proposal)[0]}版根证书"
        if not in_office:
            raise RefusedError(
                f"{before}。同一版只能签一份，可能有人拿旧文件来骗签名。不要签，请给办公室打电话；"
                "上一份确实作废了的，带U盘到办公室去签"
            )
        consent(
            f"{before}。上一份没做完、确实作废了，才能再签一份；"
            "keys 文件夹是从旧备份恢复的，或者说不清楚的，都不要签。再签吗"
        )
    return ceremony.sign(proposal, signer, file)


def collect_signatures(proposal: Proposal, given: Sequence[Path]) -> Proposal:
    """Return a proposal signed in the office by as many officers as it lacks: the files given, then who is asked."""
    from generator.trust import roots

    def check(keyid: str) -> None:
        roots.check_may_sign(proposal, keyid)

    def take(signer: CryptoSigner, file: Path) -> bool:
        nonlocal proposal
        proposal = sign(proposal, signer, file, in_office=True)
        say(f"{roots.name_of(proposal, signer)} 已签名。")
        return roots.lacking(proposal) == 0

    _one_after_the_other(proposal.chain, check, given, take)
    return proposal


def two_officers(chain: Sequence[bytes], given: Sequence[Path]) -> list[CryptoSigner]:
    """Return the root keys of two officers of the newest root, opened to be shown and not to sign."""
    from generator.build import ceremony
    from generator.trust import roots

    found: dict[str, CryptoSigner] = {}

    def check(keyid: str) -> None:
        ceremony.check_holder(chain, keyid)
        if keyid in found:
            raise RefusedError("这把密钥刚才已经用过，请换另一位保管人的")

    def take(signer: CryptoSigner, _: Path) -> bool:
        found[signer.public_key.keyid] = signer
        return len(found) == roots.ROOT_THRESHOLD

    _one_after_the_other(chain, check, given, take)
    return list(found.values())


def _one_after_the_other(
    chain: Sequence[bytes],
    check: Callable[[str], None],
    given: Sequence[Path],
    take: Callable[[CryptoSigner, Path], bool],
) -> None:
    """Open root keys, first the files given, then whoever is asked, until ``take`` says that it has enough.

    A path that is given again means one port: there is a pause to change the stick.
    """
    waiting = list(given)
    used: list[Path] = []
    last: Path | None = None
    enough = False
    while not enough:
        file = waiting[0] if waiting else None
        swap = file in used
        if swap:
            wait_for_enter(_NEXT_STICK)
        try:
            signer, found = open_root_key(chain, check, file, last)
            enough = take(signer, found)
        except (KeysError, RefusedError) as error:
            if file and not swap:
                raise
            say(f"{error}。")
            continue
        used += waiting[:1]
        waiting, last = waiting[1:], found.parent
