"""xinyi export …: what goes to other authorities."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from generator.cli.options import AS_OF
from generator.cli.terminal import open_keys, say


@click.group()
def export() -> None:
    """导出：报给上级平台的名单。"""


@export.command("upward")
@click.option("--since-last", is_flag=True, help="只写和上一次上报相比有变化的：新增、变更、撤销。")
@AS_OF
@click.pass_obj
def export_upward(root: Path, since_last: bool, as_of: date) -> None:
    """写给上级信用平台的名单（.xlsx 和 .csv）：已认定的和撤销的，并记住报到了哪里。里面有证件号码。"""
    from generator.build import references, upward
    from generator.build.locking import alone
    from generator.build.office import read

    keys, office = open_keys(root), read(root, as_of)
    named = references.all_of(root, office, keys)
    with alone(root):
        report = upward.export(root, office, named, keys.programme.ref_key, since_last=since_last)
    click.echo("，".join(f"{status}{count}" for status, count in report.counts.items()))
    click.echo("\n".join(str(path) for path in report.files))
    if report.lost:
        say(f"注意：以前报上去的有{report.lost}条，现在 lists 里找不到了，没法写撤销。请查清楚，另行书面告诉上级平台。")
    say("文件里有证件号码：只走上级指定的报送渠道，报完就删；下次 xinyi build 以后就没有了。")
