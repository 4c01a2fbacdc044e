"""xinyi record …: one decision at a time, the person asked for on the terminal or named by reference."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli import options
from generator.cli.options import Day
from generator.cli.terminal import ask, open_keys
from generator.errors import RefusedError

if TYPE_CHECKING:
    from generator.core.model import AnyDecision


@click.group()
def record() -> None:
    """记录一个决定：异议、申诉、答复、撤下、更正、重新提名等。姓名和号码在提示后输入，不留在命令历史里。"""


def _decision(command: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Give a command the options every decision has, ask for the person, and record what it returns."""

    @functools.wraps(command)
    def run(root: Path, day: date, unit: str, batch: str, ref: str, yes: bool, **answers: Any) -> None:
        from pydantic import TypeAdapter

        from generator.build import recording
        from generator.core.model import AnyDecision

        shared = {key: answers.pop(key) for key in ("grounds", "document", "operator")}
        if day > options.current_day():
            raise RefusedError(f"{day} 还没有到。只记录已经发生的事；请核对日期")
        who = _by_reference(root, ref, day) if ref else _by_name(batch)
        unit_id = recording.unit_named(root, unit, day)
        fields = {**shared, **who, "day": day, "unit": unit_id, **command(**answers)}
        decision: AnyDecision = TypeAdapter(AnyDecision).validate_python(fields)
        if yes or _confirmed(root, decision):
            click.echo(f"已记录。现在的状态：{recording.record(root, decision)}")
        else:
            click.echo("没有记录。")

    decorated: Callable[..., None] = run
    for option in (
        click.option("--batch", default="", help="批次，如 2026-01；写了 --ref 就不用写。"),
        click.option("--ref", default="", help="名单或公示上的编号；写了就不问姓名和号码（要办公室密钥口令）。"),
        click.option("--day", type=Day(), default=lambda: options.current_day(), help="哪一天的事（默认今天）。"),
        click.option("--unit", required=True, help="认定单位，也就是负责核实的单位。"),
        click.option("--grounds", required=True, help="理由。"),
        click.option("--document", default="", help="文书编号。"),
        click.option("--operator", required=True, help="经办人。"),
        click.option("--yes", is_flag=True, help="不再问一遍就记录。"),
        click.pass_obj,
    ):
        decorated = option(decorated)
    return decorated


def _by_name(batch: str) -> dict[str, str]:
    if not batch:
        raise click.UsageError("请写 --batch（批次），或者写 --ref（编号）")
    return {"batch": batch, "name": ask("姓名/名称"), "number": ask("证件号码/统一社会信用代码")}


def _by_reference(root: Path, reference: str, day: date) -> dict[str, str]:
    from generator.build import references
    from generator.build.office import read
    from generator.core.model import number_of

    _, standing = references.find(root, read(root, day), reference, open_keys(root))
    subject = standing.nomination.subject
    return {"batch": standing.nomination.batch, "name": subject.name, "number": number_of(subject)}


def _confirmed(root: Path, decision: AnyDecision) -> bool:
    """Show what a decision would do and ask; a decision is never taken out of the log again."""
    from generator.build import recording

    entry = recording.preview(root, decision)
    click.echo(f"条目：{entry.text}\n现在：{entry.before}\n记录以后：{entry.after}", err=True)
    return click.confirm("记录下来就不能删除，确认吗？", err=True)


@record.command("objection")
@_decision
def record_objection() -> dict[str, Any]:
    """有人提出异议（公示后收到的反映也在这里记）。"""
    return {"kind": "objection"}


@record.command("appeal")
@_decision
def record_appeal() -> dict[str, Any]:
    """本人或本单位对撤下、退出提出申诉。"""
    return {"kind": "appeal"}


@record.command("resolve")
@click.option("--upheld/--rejected", required=True, help="成立，或不成立。")
@click.option(
    "--to", "answers", type=click.Choice(["objection", "appeal"]), default="objection", help="答复异议或申诉。"
)
@_decision
def record_resolve(upheld: bool, answers: str) -> dict[str, Any]:
    """认定单位核实以后的答复；异议成立的当天退出，申诉成立的当天恢复。"""
    return {"kind": "resolution", "upheld": upheld, "answers": answers}


@record.command("withdraw")
@click.option(
    "--ground",
    required=True,
    type=click.Choice(["dishonest", "abuse", "not-renewed", "standard-changed"]),
    help="dishonest 列入失信；abuse 不当利用激励；not-renewed 单位不再推荐；standard-changed 标准改变。",
)
@_decision
def record_withdraw(ground: str) -> dict[str, Any]:
    """从名单上撤下。"""
    return {"kind": "withdrawal", "ground": ground}


@record.command("correct")
@click.option(
    "--field",
    required=True,
    type=click.Choice(["name", "number", "honour", "awarder", "document", "affiliation", "publication"]),
    help="更正哪一项：name 姓名/名称；number 证件号码；honour 荣誉；awarder 授予机关；document 认定文号；"
    "affiliation 所在单位；publication 公开方式（masked 遮盖、full 全名、withheld 不公开）。",
)
@_decision
def record_correct(field: str) -> dict[str, Any]:
    """更正一项内容；编号不变。"""
    return {"kind": "correction", "fields": {field: ask("更正为").strip()}}


@record.command("relist")
@click.option("--into", required=True, help="重新提名到哪一批，如 2027-01。")
@_decision
def record_relist(into: str) -> dict[str, Any]:
    """把已经退出的条目重新提名到另一批：重新筛查、公示，编号也是新的。"""
    return {"kind": "relisting", "into": into}


@record.command("dishonest-error")
@click.option("--source", default="", help="哪个部门的记录有误，如 法院；不写就是所有部门的。")
@click.option("--recorded", type=Day(), default=None, help="有误的记录是哪一天列入的；不写就是所有的。")
@_decision
def record_dishonest_error(source: str, recorded: date | None) -> dict[str, Any]:
    """失信记录经核实有误：不再计算，在有效期内的恢复。"""
    return {"kind": "dishonest-error", "source": source, "recorded": recorded}


@record.command("benefit-recovery")
@click.option("--benefit", required=True, help="享受过什么优惠。")
@click.option("--outcome", required=True, help="追回的结果，如 已补交、无法追回。")
@_decision
def record_benefit_recovery(benefit: str, outcome: str) -> dict[str, Any]:
    """不该列入的人享受过优惠：记下追回的情况。"""
    return {"kind": "benefit-recovery", "benefit": benefit, "outcome": outcome}
