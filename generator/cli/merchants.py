"""xinyi merchants …: who checks, and with which passphrase."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.terminal import open_keys
from generator.errors import KeysError


@click.group()
def merchants() -> None:
    """商户：口令。"""


@merchants.command("passphrase")
@click.argument("merchant")
@click.pass_obj
def merchants_passphrase(root: Path, merchant: str) -> None:
    """显示一个商户的名单口令，请当面或密封交给商户。"""
    from generator.bundle.archive import grouped
    from generator.core.model import MerchantId

    passphrases = open_keys(root).programme.passphrases
    passphrase = passphrases.get(MerchantId(merchant))
    if passphrase is None:
        known = "、".join(passphrases) or "（还没有，先运行一次 xinyi build）"
        raise KeysError(f"没有商户“{merchant}”的口令。已有：{known}")
    click.echo(grouped(passphrase))
