"""xinyi list …: the form for the units; and what ``check --annotate`` writes for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from generator.errors import Fault, Faults, Place, RefusedError

ANNOTATE = click.option(
    "--annotate",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="给每张有问题的表写一份标红加批注的副本，好退回报送单位；写一个新文件夹的名字。",
)


@click.group("list")
def lists() -> None:
    """名单：建批次、写空白表、收表、定公示日期。"""


@lists.command("template")
@click.option("--unit", metavar="单位", help="给哪个单位用（名称、别名或 id）；下拉里就只有它能报的类别。")
@click.argument("file", metavar="文件.xlsx", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def lists_template(root: Path, unit: str | None, file: Path) -> None:
    """写一份空白的报送表（.xlsx）：号码列是文本，能选的都从下拉里选。"""
    from generator.sources.content import read_content
    from generator.sources.forms import template
    from generator.sources.lists import open_batches, unit_meant

    if file.suffix.lower() != ".xlsx":
        raise click.UsageError("文件名要以 .xlsx 结尾")
    if file.exists():
        raise RefusedError(f"已经有 {file}，没有动它。请换一个文件名")
    faults = Faults()
    content = read_content(root, Faults())
    if content is None:
        raise RefusedError("content 里的 site.toml、units.toml 或 categories.toml 读不出来。请先运行 xinyi check")
    meant = unit_meant(unit, Place("--unit"), content, faults) if unit else None
    batches = open_batches(root, faults)
    faults.stop_if_any()
    file.write_bytes(template(content, meant, [batch.id for batch in batches]))
    click.echo(f"已写好 {file}。请打开看一眼，再发给报送单位。")


def check_destination(root: Path, to: Path | None) -> None:
    """Refuse a folder for copies that must not hold them, before a long check has run."""
    if to:
        from generator.sources import returns

        returns.check_destination(root, to)


def write_copies(root: Path, to: Path | None, faults: Sequence[Fault]) -> list[str]:
    """Write marked copies for those who sent the tables, if a folder is given, and return what to say about it."""
    if to is None:
        return []
    from generator.sources import returns

    done = returns.write_returns(root, to, faults)
    said = [f"打不开，没有副本，请报送单位重新发：{path}" for path in done.unopened]
    if done.written:
        said.append(f"标好问题的副本，请各自退回报送单位（里面有证件号码，加密后再发，退完就删）：{to}")
        said += [f"  {path.name}" for path in done.written]
    return said or ["没有写副本：这次没有查出要退回报送单位的表。"]
