"""xinyi keys sm2 …: the optional national signature beside each bundle."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.terminal import open_keys
from generator.errors import RefusedError


@click.group()
def sm2() -> None:
    """国密签名（可选）：在每个名单包旁边放一份SM2签名。"""


@sm2.command("init")
@click.pass_obj
def sm2_init(root: Path) -> None:
    """生成国密密钥（只做一次）；以后每次 build 都会给名单包签名。"""
    from generator.build.locking import alone
    from generator.trust import sm2 as trust

    opened = open_keys(root)
    with alone(root):
        made = trust.init(root / "keys", opened)
    click.echo(f"国密密钥已生成，请一并备份 {root / 'keys' / trust.KEY}。公钥指纹（告诉要验签的商户）：")
    click.echo(f"  {made.fingerprint}")


@sm2.command("show")
@click.pass_obj
def sm2_show(root: Path) -> None:
    """显示国密公钥和它的指纹。"""
    from generator.trust import sm2 as trust

    key = trust.open_key(root / "keys", open_keys(root).programme)
    if key is None:
        raise RefusedError("还没有国密密钥。需要国密签名时，请运行 xinyi keys sm2 init")
    click.echo(f"{key.public_pem.decode()}公钥文件 bundles/{trust.PUBLIC_PEM} 的指纹（SHA-256）：\n  {key.fingerprint}")
