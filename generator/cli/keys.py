"""xinyi keys …: the ceremony, and when what expires."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import options
from generator.cli.options import JSON, ZONE
from generator.cli.terminal import ask_passphrases


@click.group()
def keys() -> None:
    """密钥：生成、查看。"""


@keys.command("init")
@click.option("--demo", is_flag=True, help="生成演示密钥（口令人人知道，网站和名单都会标明“演示”）。")
@click.option(
    "--stick",
    "sticks",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="根密钥保存到哪里；写三次，每位保管人一个U盘。不写则存入 keys 文件夹。",
)
@click.option(
    "--capacity", type=click.IntRange(1, 10**9), default=131_072, help="整个项目最多会有多少人（定下后不能改）。"
)
@click.pass_obj
def keys_init(root: Path, demo: bool, sticks: tuple[Path, ...], capacity: int) -> None:
    """生成三把根密钥、一把办公室密钥和项目密钥（只做一次）。"""
    from generator.bundle.collapse import token_bits
    from generator.trust import keys as trust

    if len(sticks) not in (0, trust.ROOT_KEYS):
        raise click.UsageError(f"--stick 要么不写，要么写{trust.ROOT_KEYS}次")
    folder = root / "keys"
    trust.check_absent(folder, sticks or (folder,) * trust.ROOT_KEYS)
    passphrases = ask_passphrases(demo)
    trust.init(
        folder, sticks or (folder,) * trust.ROOT_KEYS, passphrases, token_bits(capacity), options.current_instant()
    )
    from generator.trust.repository import root_fingerprint

    click.echo(f"密钥已生成。根证书指纹（印在给商户的信上）：\n  {root_fingerprint(folder / 'repository')}")


@keys.command("status")
@JSON
@click.pass_obj
def keys_status(root: Path, as_json: bool) -> None:
    """密钥和名单包何时到期。"""
    from generator.build import reports

    folder = root / "keys"
    click.echo(
        reports.as_json(reports.keys_values(folder, ZONE))
        if as_json
        else reports.keys_text(folder, ZONE, options.current_day())
    )
