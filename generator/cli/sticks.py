"""Root keys on officers' sticks: written in the ceremony, opened to sign, asked for one after the other.

A stick is any folder or file: one that is always plugged in, or one port whose path stays while the sticks change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.terminal import ask_hidden, ask_place, consent, new_passphrase, say, wait_for_enter
from generator.errors import GeneratorError, KeysError, RefusedError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from generator.trust.roots import Proposal

_TRIES = 3


def hold_ceremony(root: Path, sticks: Sequence[Path], token_bits: int, at: datetime) -> None:
    """Draw all keys, give each officer a root key on a stick, stick by stick, then found the office.

    ``sticks`` names three folders or none; one that is named again means one port, and a pause to change the stick.
    Nothing is written to keys/ before all three sticks hold a key that has been read back and opened.
    """
    from generator.trust import keys as trust

    folder = root / "keys"
    trust.check_absent(folder, ())
    for stick in set(sticks):
        _check_stick(stick)
    drawn = trust.draw(token_bits, at)
    written: dict[Path, CryptoSigner] = {}
    last: Path | None = None
    try:
        for number, signer in enumerate(drawn.roots, 1):
            say(f"\n—— 第{number}位保管人（共{len(drawn.roots)}位；请其他人回避）——")
            given = sticks[number - 1] if sticks else None
            swap = f"请拔下上一个U盘，插上第{number}位保管人的，插好按回车……" if given in sticks[: number - 1] else ""
            path = give_root_key(root, f"root-{number}", signer, drawn.fingerprint, given=given, swap=swap, last=last)
            written[path], last = signer, path.parent
        say("\n—— 办公室 ——")
        trust.found(folder, drawn, new_passphrase("办公室密钥"))
    except (click.Abort, KeyboardInterrupt, GeneratorError, OSError):
        _take_back(written)
        raise


def keep_together(root: Path, token_bits: int, at: datetime, *, demo: bool) -> None:
    """Make all keys in keys/: a demo, or real ones for a trial."""
    from generator.trust import keys as trust
    from generator.trust import roots

    folder = root / "keys"
    trust.check_absent(folder, (folder,) * roots.ROOT_KEYS)
    officers = [f"根密钥 root-{number} " for number in range(1, roots.ROOT_KEYS + 1)]
    chosen = [trust.DEMO_PASSPHRASE if demo else new_passphrase(whose) for whose in (*officers, "办公室密钥")]
    passphrases = trust.Passphrases(tuple(chosen[:-1]), chosen[-1])
    trust.init(folder, (folder,) * roots.ROOT_KEYS, passphrases, token_bits, at)


def give_root_key(
    root: Path,
    place: str,
    signer: CryptoSigner,
    fingerprint: str,
    *,
    given: Path | None = None,
    swap: str = "",
    last: Path | None = None,
) -> Path:
    """Write a root key to a stick under its officer's passphrase and return its file.

    Without ``given`` the path is asked for; ``swap`` asks to change the stick at a path used before. Where that fails
    and something was asked, it is asked again.
    """
    from generator.trust import sealing

    while True:
        if swap:
            wait_for_enter(swap)
        stick = given or ask_place("请插入U盘，输入它的路径（如 /media/usb1）", last)
        try:
            _check_stick(stick)
            if stick.stat().st_dev == root.stat().st_dev:
                consent(f"{stick} 和项目文件夹在同一个盘上，不像是U盘。真的写在这里吗")
            passphrase = new_passphrase(f"根密钥 {place} ")
            path = stick / f"{place}.pem"
            sealing.write_key(path, signer, passphrase, fingerprint)
        except (KeysError, RefusedError) as error:
            if given and not swap:
                raise
            say(f"没有写：{error}。")
            continue
        say(f"已写好 {path}，读回来用口令打开过，没有问题。请安全弹出，再拔下U盘。")
        return path


def _check_stick(stick: Path) -> None:
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


def collect_signatures(proposal: Proposal, given: Sequence[Path]) -> Proposal:
    """Return a proposal signed by as many officers as it lacks: first the files given, then whoever is asked."""
    from generator.trust import roots

    waiting, last = list(given), None  # type: list[Path], Path | None
    while roots.lacking(proposal):
        file = waiting.pop(0) if waiting else None
        try:
            signer, found = open_root_key(proposal.chain, partial(roots.check_may_sign, proposal), file, last)
        except (KeysError, RefusedError) as error:
            if file:
                raise
            say(f"没有签：{error}。")
            continue
        proposal, last = roots.sign(proposal, signer), found.parent
        say(f"{roots.name_of(proposal, signer)} 已签名。")
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

    waiting, last = list(given), None  # type: list[Path], Path | None
    while len(found) < roots.ROOT_THRESHOLD:
        file = waiting.pop(0) if waiting else None
        try:
            signer, opened = open_root_key(chain, check, file, last)
        except (KeysError, RefusedError) as error:
            if file:
                raise
            say(f"{error}。")
            continue
        found[signer.public_key.keyid], last = signer, opened.parent
    return list(found.values())
