"""The steps of a new root on the terminal: shown, agreed to, signed, carried or accepted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options, sticks, terminal
from generator.cli.options import ZONE
from generator.cli.terminal import consent, say
from generator.errors import RefusedError

if TYPE_CHECKING:
    from generator.build.ceremony import OfficePassphrases
    from generator.trust.roots import Change, Proposal


def renew(root: Path, given: Sequence[Path], propose: Path | None) -> None:
    """Give the root two more years, or write the proposal to do so."""
    from generator.build import ceremony
    from generator.trust import roots

    proposal = roots.renewal(ceremony.chain(root), options.current_instant())
    _agree(proposal, "延长")
    if propose:
        _carry(propose, proposal)
    else:
        _accept(root, sticks.collect_signatures(proposal, given))


def replace_root(root: Path, which: str, given: Sequence[Path], stick: Path | None, propose: Path | None) -> None:
    """Put a fresh root key in the place of one, or write the proposal to do so.

    The new stick is written last before what counts: a ceremony broken off leaves no key lying about.
    """
    from securesystemslib.signer import CryptoSigner

    from generator.build import ceremony
    from generator.trust import roots

    _check_new(propose)
    one_port = stick is not None and not propose and (len(given) < roots.ROOT_THRESHOLD or stick in given)
    if stick and not one_port:
        sticks.check_stick(stick)
    fresh, number = CryptoSigner.generate_ed25519(), int(which.removeprefix("root-"))
    proposal = roots.root_replacement(ceremony.chain(root), number, fresh.public_key, options.current_instant())
    proposal = roots.sign(proposal, fresh)
    _agree(proposal, "更换")
    if not propose:
        proposal = sticks.collect_signatures(proposal, given)
    say("\n—— 新的保管人（请其他人回避）：请插上新的U盘 ——")
    sticks.give_root_key(
        root,
        which,
        fresh,
        roots.fingerprint(proposal.chain),
        given=stick,
        swap="请拔下上一个U盘，插上新的，插好按回车……" if one_port else "",
        earlier=given,
        signed=proposal,
    )
    if propose:
        _carry(propose, proposal)
    else:
        _accept(root, proposal)


def replace_office(root: Path, given: Sequence[Path], propose: Path | None) -> None:
    """Put a fresh office key in the place of the one there is, or write the proposal to do so."""
    from securesystemslib.signer import CryptoSigner

    from generator.build import ceremony
    from generator.trust import keys, roots

    _check_new(propose)
    change = keys.office_change(root / "keys")
    if change == "accepted":
        raise RefusedError(
            "办公室密钥刚刚换过，只差最后一步。请先运行一个要口令的命令（如 xinyi build），用新的办公室口令"
        )
    if change == "waiting":
        consent("上次准备的新办公室密钥还没有换上。作废它，重新做一把吗")
    passphrases = _ask_passphrases(root, later=propose is not None)
    fresh = CryptoSigner.generate_ed25519()
    proposal = roots.office_replacement(ceremony.chain(root), fresh.public_key, options.current_instant())
    _agree(proposal, "更换")
    if propose:
        ceremony.prepare_office(root, fresh, passphrases)
        _carry(propose, proposal)
    else:
        proposal = sticks.collect_signatures(proposal, given)
        ceremony.prepare_office(root, fresh, passphrases)
        _accept(root, proposal, passphrases)


def sign(root: Path, file: Path, given: Path | None) -> None:
    """Let an officer sign what was carried here, on any machine."""
    from generator.build import ceremony
    from generator.trust import roots

    proposal = ceremony.read_proposal(file)
    if ceremony.has_chain(root):
        roots.check_same_programme(proposal, ceremony.chain(root))
    _agree(proposal, "签名")
    signer, key = sticks.open_root_key(proposal.chain, partial(roots.check_may_sign, proposal), given)
    signed = sticks.sign(proposal, signer, key, in_office=ceremony.has_chain(root))
    ceremony.save_signed(file, signed)
    left = roots.lacking(signed)
    then = f"请交给下一位保管人，至少还差{left}位" if left else "签名够了，请拿回办公室运行 xinyi keys accept"
    click.echo(f"{roots.name_of(signed, signer)} 已签名，写进了 {file}。{then}。")


def accept_file(root: Path, file: Path) -> None:
    """Let what was carried around and signed take effect."""
    from generator.build import ceremony
    from generator.build.ceremony import OfficePassphrases
    from generator.trust import keys, roots

    proposal = ceremony.read_proposal(file)
    change = roots.check_acceptable(proposal, ceremony.chain(root), options.current_instant())
    _agree(proposal, "生效")
    passphrases = None
    if change.office:
        old = terminal.secrets_passphrase(root)
        demo = old == keys.DEMO_PASSPHRASE
        new = old if demo else terminal.ask_hidden("新的办公室密钥口令（做这份文件时定下的）")
        passphrases = OfficePassphrases(old, new, merchants_too=_ask_stolen())
    _accept(root, proposal, passphrases)


def _ask_passphrases(root: Path, *, later: bool) -> OfficePassphrases:
    """Ask for the old office passphrase and a new one; whether the old key was stolen is asked when it is accepted."""
    from generator.build.ceremony import OfficePassphrases, check_passphrases
    from generator.trust import keys

    old = terminal.secrets_passphrase(root)
    new = old if old == keys.DEMO_PASSPHRASE else terminal.new_passphrase("新的办公室密钥")
    passphrases = OfficePassphrases(old, new, merchants_too=not later and _ask_stolen())
    check_passphrases(root, passphrases)
    return passphrases


def _ask_stolen() -> bool:
    say("谁拿到了旧的办公室密钥和口令，谁就知道所有商户的口令。")
    return terminal.ask_yes("旧的可能落到别人手里了吗？答“是”，就把所有商户的口令一起换新")


def _agree(proposal: Proposal, to: str) -> None:
    """Show what a proposal would do and ask for consent; raise as ``roots.check`` does for one that is not sound."""
    from generator.build import ceremony
    from generator.trust import roots

    say(ceremony.change_text(roots.check(proposal, options.current_instant()), ZONE))
    consent(f"请看清楚再决定。同意{to}吗")


def _check_new(file: Path | None) -> None:
    if file and file.exists():
        raise RefusedError(f"{file} 已经存在，不会覆盖。请换一个文件名")


def _carry(file: Path, proposal: Proposal) -> None:
    from generator.build import ceremony
    from generator.trust import roots

    ceremony.save_proposal(file, proposal)
    click.echo(
        f"已写成 {file}，里面没有秘密。请交给保管人，在各自的电脑上运行 xinyi keys sign"
        f"（至少要{roots.lacking(proposal)}位）；签好拿回来运行 xinyi keys accept 才生效。"
    )


def _accept(root: Path, proposal: Proposal, passphrases: OfficePassphrases | None = None) -> None:
    from generator.build import ceremony

    change = ceremony.accept(root, proposal, options.current_instant(), passphrases)
    stolen = passphrases is not None and passphrases.merchants_too
    click.echo(_done(change, stolen=stolen, sm2=(root / "keys" / "sm2.key").exists()))


def _done(change: Change, *, stolen: bool, sm2: bool) -> str:
    lines = [
        f"第{change.version}版根证书已生效。接下来：",
        "  - 马上备份 keys 文件夹；",
        "  - 运行 xinyi build 并发布：商户下载新名单时，程序自己会认新的根证书，指纹不变；",
    ]
    for one in change.replaced:
        if one is change.office:
            lines.append("  - 以前的备份用旧的办公室口令还打得开，请把它们都销毁；")
        else:
            lines.append(f"  - 旧的 {one.place} 从此作废，找到了也不要再用；新的那个U盘请再备一份；")
    if stolen:
        lines.append(
            "  - 商户的口令全换了：生成、发布以后，逐家运行 xinyi merchants passphrase，把新口令当面交给他们；"
        )
    if stolen and sm2:
        lines.append(
            "  - 国密签名密钥 sm2.key 也可能被偷了：移走它，运行 xinyi keys sm2 init 重新做一把，把新指纹告诉商户；"
        )
    return "\n".join(lines).removesuffix("；") + "。"
