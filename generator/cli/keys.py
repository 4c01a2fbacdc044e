"""xinyi keys …: the ceremony, when what expires, and how a key is renewed, replaced, or rehearsed to be."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cli import options, signing, sticks, terminal
from generator.cli.options import JSON, ZONE
from generator.cli.terminal import say

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WHICH = click.argument(
    "which", type=click.Choice(["root-1", "root-2", "root-3", "office"]), metavar="root-1|root-2|root-3|office"
)
_KEYS = click.option(
    "--key",
    "given",
    multiple=True,
    type=_PATH,
    help="根密钥在哪里：U盘的路径，或U盘里的文件。可以写两次；不写就一个一个问。",
)
_KEY = click.option("--key", "given", type=_PATH, help="您的根密钥：U盘的路径，或U盘里的文件。不写就问。")
_PROPOSE = click.option(
    "--propose",
    type=_PATH,
    help="保管人不在一处时用：只写一个文件，让他们各自用 xinyi keys sign 签名，最后用 xinyi keys accept 生效。",
)


@click.group()
def keys() -> None:
    """密钥：生成、查看、续期、更换、演练。"""


@keys.command("init")
@click.option("--demo", is_flag=True, help="生成演示密钥（口令人人知道，网站和名单都会标明“演示”）。")
@click.option(
    "--stick",
    "places",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="U盘的路径，写三次，每位保管人一个；只有一个插口就把同一个路径写三次。不写就一个一个问。",
)
@click.option("--together", is_flag=True, help="三把根密钥都存进 keys 文件夹（等于没有分开保管，只为试用）。")
@click.option(
    "--capacity", type=click.IntRange(1, 10**9), default=131_072, help="整个项目最多会有多少人（定下后不能改）。"
)
@click.pass_obj
def keys_init(root: Path, demo: bool, places: tuple[Path, ...], together: bool, capacity: int) -> None:
    """三位保管人到场，生成三把根密钥、一把办公室密钥和项目密钥（只做一次）。"""
    from generator.bundle.collapse import token_bits
    from generator.trust.repository import root_fingerprint

    if len(places) not in (0, 3) or demo + together + bool(places) > 1:
        raise click.UsageError("--stick 要么不写，要么写3次，也不和 --demo、--together 一起用")
    bits, at = token_bits(capacity), options.current_instant()
    if demo or together:
        sticks.keep_together(root, bits, at, demo=demo)
    else:
        sticks.hold_ceremony(root, places, bits, at)
    click.echo(f"密钥已生成。根证书指纹（印在给商户的信上）：\n  {root_fingerprint(root / 'keys' / 'repository')}")
    if not demo:
        say("接下来：三个U盘由三位保管人分开锁好，各自再备一份；备份 keys 文件夹。何时到期，看 xinyi keys status。")


@keys.command("status")
@JSON
@click.pass_obj
def keys_status(root: Path, as_json: bool) -> None:
    """密钥和名单包何时到期。"""
    from generator.build import reports

    folder, today = root / "keys", options.current_day()
    click.echo(
        reports.as_json(reports.keys_values(folder, ZONE, today)) if as_json else reports.keys_text(folder, ZONE, today)
    )


@keys.command("renew")
@_KEYS
@_PROPOSE
@click.pass_obj
def keys_renew(root: Path, given: tuple[Path, ...], propose: Path | None) -> None:
    """根证书再延长两年；要两位保管人签名。"""
    signing.renew(root, given, propose)


@keys.command("replace")
@_WHICH
@_KEYS
@click.option("--stick", type=_PATH, help="换根密钥时：新U盘的路径。不写就问。")
@_PROPOSE
@click.pass_obj
def keys_replace(root: Path, which: str, given: tuple[Path, ...], stick: Path | None, propose: Path | None) -> None:
    """换掉丢失或被偷的一把密钥；要两位保管人签名。"""
    if which != "office":
        signing.replace_root(root, which, given, stick, propose)
    elif stick:
        raise click.UsageError("--stick 只在换根密钥时用")
    else:
        signing.replace_office(root, given, propose)


@keys.command("sign")
@click.argument("file", type=_FILE)
@_KEY
@click.pass_obj
def keys_sign(root: Path, file: Path, given: Path | None) -> None:
    """保管人在自己的电脑上签名；先说清楚签的是什么。"""
    signing.sign(root, file, given)


@keys.command("accept")
@click.argument("file", type=_FILE)
@click.pass_obj
def keys_accept(root: Path, file: Path) -> None:
    """在办公室让签好名的文件生效。"""
    signing.accept_file(root, file)


@keys.command("passphrase")
@_WHICH
@_KEY
@click.pass_obj
def keys_passphrase(root: Path, which: str, given: Path | None) -> None:
    """给一把密钥换口令；密钥本身不变。"""
    from generator.build import ceremony

    if which == "office":
        if given:
            raise click.UsageError("--key 只在换根密钥的口令时用")
        opened = terminal.open_keys(root)
        ceremony.change_office_passphrase(root, opened, terminal.new_passphrase("新的办公室密钥"))
        click.echo("办公室口令已换。旧的备份还是旧口令：请重新备份，把旧备份销毁。")
        return
    chain = ceremony.chain(root)
    signer, file = sticks.open_root_key(chain, partial(ceremony.check_holder, chain, place=which), given)
    ceremony.change_root_passphrase(file, signer, terminal.new_passphrase(f"根密钥 {which} "))
    click.echo(f"{file} 的口令已换，读回来打开过。这把密钥的备份还是旧口令，请也换掉。")


@keys.command("drill")
@click.option("--demo", is_flag=True, help="用当场编的钥匙演练，不用任何人的口令。")
@_KEYS
@click.pass_obj
def keys_drill(root: Path, demo: bool, given: tuple[Path, ...]) -> None:
    """演练丢失：真的密钥一个字节也不动。每年请两位保管人来做一次。"""
    from generator.build import ceremony, drill

    if demo:
        drill.with_invented_keys(options.current_instant, click.echo)
        return
    chain, office = ceremony.chain(root), terminal.open_keys(root)
    officers = sticks.two_officers(chain, given)
    drill.with_real_keys(root, office, officers, options.current_instant, click.echo)
