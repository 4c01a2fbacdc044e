"""xinyi list open, receive, notice; xinyi screen return: a batch's year, step by step."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from generator.cli import options
from generator.cli.lists import lists
from generator.cli.options import AS_OF, Day

_BATCH = click.option("--batch", required=True, help="批次，如 2027-01。")
_TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@lists.command("open")
@click.argument("batch")
@click.option("--title", required=True, help="名称，如 2027年度守信激励名单（第一批）。")
@click.option("--deadline", type=Day(), required=True, help="报送截止日，如 2026-12-20。")
@click.pass_obj
def lists_open(root: Path, batch: str, title: str, deadline: date) -> None:
    """新建一批，等各单位报送。"""
    from generator.build import rounds

    click.echo(f"已建好：{rounds.open_batch(root, batch, title, deadline)}")


@lists.command("receive")
@click.argument("tables", metavar="表格…", nargs=-1, required=True, type=_TABLE)
@_BATCH
@click.option("--unit", required=True, help="报送单位。")
@click.option("--day", type=Day(), default=lambda: options.current_day(), help="收到的日期（默认今天）。")
@click.pass_obj
def lists_receive(root: Path, tables: tuple[Path, ...], batch: str, unit: str, day: date) -> None:
    """收下一个单位报来的表格：原样抄进这一批，写进 batch.toml。"""
    from generator.build import recording, rounds

    known = recording.unit_named(root, unit, day)
    for table in tables:
        click.echo(f"已收下：{rounds.receive(root, batch, table, known, day)}")
    click.echo("请运行 xinyi check，看有没有要退回的地方。")


@lists.command("notice")
@click.argument("batch")
@click.option("--start", type=Day(), required=True, help="公示第一天：那天要生成并发布。")
@AS_OF
@click.pass_obj
def lists_notice(root: Path, batch: str, start: date, as_of: date) -> None:
    """定下公示第一天：写好公示通知，把现在的规定留在这一批里。"""
    from generator.build import rounds
    from generator.core.wording import day

    done = rounds.set_notice(root, batch, start, as_of)
    click.echo(f"公示从{day(done.period.not_before)}到{day(done.period.not_after)}，{done.ready}条。")
    if done.waiting:
        click.echo(f"还有{done.waiting}条在等筛查，公示开始前没有等到，就不在这一批公示。")
    click.echo(f"{'已写好通知，请看一遍' if done.new_page else '通知已有'}：{done.page}")
    click.echo(f"{day(done.period.not_before)}当天请运行 xinyi build 并发布。")


@click.group()
def screen() -> None:
    """联合筛查：送哪些人去查，收下各部门的答复。"""


@screen.command("return")
@click.argument("table", metavar="[表格]", required=False, type=_TABLE)
@_BATCH
@click.option("--source", required=True, help="哪个部门答复的，如 法院。")
@click.option("--day", type=Day(), default=lambda: options.current_day(), help="答复的日期（默认今天）。")
@click.option("--operator", required=True, help="经办人。")
@click.option("--evidence", default="", help="复函文号。")
@click.option(
    "--effect",
    type=click.Choice(["excludes", "excludes-until-removed", "note"]),
    help="查到的算什么：excludes 严重失信；excludes-until-removed 异常，移出前不列入；note 只提示。默认照 site.toml。",
)
@click.option("--effect-grounds", default="", help="和 site.toml 里这个部门的写法不一样时，写明理由。")
@click.pass_obj
def screen_return(
    root: Path,
    table: Path | None,
    batch: str,
    source: str,
    day: date,
    operator: str,
    evidence: str,
    effect: str | None,
    effect_grounds: str,
) -> None:
    """收下一个部门的答复；一个人也没有查到，就不写表格。"""
    from generator.build import rounds

    answer = {
        "source": source,
        "day": day,
        "operator": operator,
        "effect": effect,
        "effect_grounds": effect_grounds,
        "evidence": evidence,
    }
    click.echo(
        f"已收下：{rounds.file_answer(root, batch, answer, table)}。请运行 xinyi check，再用 xinyi status 看结果。"
    )
