"""xinyi list open, receive, notice; xinyi screen export, return: a batch's year, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options
from generator.cli.lists import lists
from generator.cli.options import AS_OF, Day
from generator.cli.terminal import ask_hidden, say
from generator.errors import Fault, Faults, InputFaultsError

if TYPE_CHECKING:
    from generator.build.screening import Outcome

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
@click.option("--instead-of", default="", metavar="旧表", help="退回改好的，换掉原来收下的哪一张，如 妇联.xlsx。")
@click.pass_obj
def lists_receive(root: Path, tables: tuple[Path, ...], batch: str, unit: str, day: date, instead_of: str) -> None:
    """收下一个单位报来的表格：原样抄进这一批，写进 batch.toml，当场说有没有要退回的地方。"""
    from generator.build import rounds

    if instead_of and len(tables) > 1:
        raise click.UsageError("写了 --instead-of，一次只收一张表")
    faulty = False
    for table in tables:
        one = rounds.receive(root, batch, table, unit, day, _password_of(table), instead_of)
        found = f"，有{len(one.faults)}处问题：" if one.faults else "。"
        click.echo("\n  ".join([f"已收下：{one.name}，读到{one.entries}条{found}", *map(str, one.faults)]))
        faulty = faulty or bool(one.faults)
    click.echo(_SEND_BACK if faulty else "请运行 xinyi check，看和别的单位报的有没有重复。")


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


@screen.command("export")
@click.argument("folder", metavar="文件夹", type=click.Path(file_okay=False, path_type=Path))
@_BATCH
@click.option("--source", default="", help="只写给这一家，如 法院；不写就是每一家。")
@click.option("--all", "everyone", is_flag=True, help="全部复查：不只是在等筛查的，还在名单上的都写。")
@AS_OF
@click.pass_obj
def screen_export(root: Path, folder: Path, batch: str, source: str, everyone: bool, as_of: date) -> None:
    """写出要送去筛查的名单：一家一个加密压缩包，放进一个新文件夹。"""
    from generator.build import screening

    done = screening.export(root, batch, folder, as_of, source, everyone=everyone)
    for one in done:
        name = one.source.name
        if one.file is None:
            click.echo(f"{name}：没有要它查的，没有写文件")
            continue
        whom = f"{one.people + one.organisations}条（个人{one.people}、单位{one.organisations}）"
        contact = f"，送{one.source.contact}" if one.source.contact else ""
        click.echo(f"{name}：{whom}{contact}：{one.file}")
        say(f"  {name}的密码：{one.password}")
    say(_HOW_TO_SEND)


@screen.command("return")
@click.argument("table", metavar="[表格]", required=False, type=_TABLE)
@_BATCH
@click.option("--source", required=True, help="哪个部门答复的，如 法院。")
@click.option("--day", type=Day(), default=lambda: options.current_day(), help="答复的日期（默认今天）。")
@click.option("--operator", required=True, help="经办人。")
@click.option("--evidence", default="", help="复函文号。")
@click.option("--since", type=Day(), help="表里没有写列入日期的，从哪天起算列入。")
@click.option(
    "--effect",
    type=click.Choice(["excludes", "excludes-until-removed", "note"]),
    help="查到的算什么：excludes 严重失信；excludes-until-removed 异常，移出前不列入；note 只提示。默认照 site.toml。",
)
@click.option("--effect-grounds", default="", help="比 site.toml 里这个部门的写法轻时，写明理由。")
@AS_OF
@click.pass_obj
def screen_return(root: Path, /, table: Path | None, batch: str, as_of: date, **answer: date | str | None) -> None:
    """收下一个部门的答复，说查到了谁；一个也没有查到，就不写表格。"""
    from generator.build import rounds, screening

    done = rounds.file_answer(root, batch, answer, table, _password_of(table) if table else "")
    click.echo(f"已收下：{done.name}，查到{len(done.answer.hits)}条记录。")
    try:
        outcome = screening.outcome(root, done.answer, as_of)
    except InputFaultsError as error:
        click.echo(
            f"名单里还有{len(error.faults)}处问题，看不出查到了谁。请运行 xinyi check，改好以后看 xinyi status。"
        )
        return
    for line in _told(batch, outcome):
        click.echo(line)


def _told(batch: str, outcome: Outcome) -> Iterator[str]:
    """Yield what an answer did, line by line."""
    for one in outcome.touched:
        yield f"  {one.who}：{one.verdict}。现在：{one.stands}"
    if outcome.strangers:
        yield f"另有{outcome.strangers}个号码不在名单上，不用管。"
    yield from hint_lines(outcome.hints)
    if outcome.awaited:
        yield "这一批还在等：" + "、".join(f"{source}（{count}条）" for source, count in outcome.awaited.items())
    elif outcome.unannounced:
        yield f"这一批各家都答复了。定公示日期请用：xinyi list notice {batch} --start 日期"


def hint_lines(hints: Sequence[Fault]) -> list[str]:
    """Return what somebody should look at, as it is said after a result."""
    return [f"有{len(hints)}处请人看一眼（不影响生成，不会公开）：", *(f"  {hint}" for hint in hints)] if hints else []


def _password_of(table: Path) -> str:
    """Return the password that opens a zip, asked for until one does; nothing where none is needed or known."""
    from generator.sources.unpacking import is_locked, out_of_zip

    data = table.read_bytes()
    if not is_locked(data):
        return ""
    while password := ask_hidden(f"{table.name} 的密码（不知道就直接回车）", default=""):
        faults = Faults()
        if out_of_zip(data, table.name, password, faults) or not any("密码" in fault.message for fault in faults.found):
            return password
        say("用这个密码打不开，请再输一次。")
    return ""


_SEND_BACK = "要退回报送单位改的，用 xinyi check --annotate 退回 写出标好的副本。"
_HOW_TO_SEND = """密码只显示这一次，请抄下来，另外打电话告诉对方，不要和文件走同一条路；答复发回来还要用它。
压缩包用 7-Zip、WinRAR、360压缩打开，Windows 自带的打不开。送出以后请删掉这个文件夹。
答复回来：xinyi screen return 表格 --batch 批次 --source 部门 --operator 经办人"""
