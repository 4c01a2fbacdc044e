"""xinyi record …: one decision at a time, the person asked for on the terminal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from generator.cli import options
from generator.cli.options import Day
from generator.cli.terminal import ask
from generator.errors import RefusedError


@click.group()
def record() -> None:
    """记录一个决定：异议、答复、撤下、更正。姓名和号码在提示后输入，不留在命令历史里。"""


def _decision(command: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Give a command the options every decision has, ask for the person, and record what it returns."""

    @functools.wraps(command)
    def run(root: Path, day: date, unit: str, **answers: Any) -> None:
        from pydantic import TypeAdapter

        from generator.build import recording
        from generator.core.model import AnyDecision

        shared = {key: answers.pop(key) for key in ("batch", "grounds", "document", "operator")}
        if day > options.current_day():
            raise RefusedError(f"{day} 还没有到。只记录已经发生的事；请核对日期")
        person = {"name": ask("姓名/名称"), "number": ask("证件号码/统一社会信用代码")}
        unit_id = recording.unit_named(root, unit, day)
        fields = {**shared, **person, "day": day, "unit": unit_id, **command(**answers)}
        decision: AnyDecision = TypeAdapter(AnyDecision).validate_python(fields)
        click.echo(f"已记录。现在的状态：{recording.record(root, decision)}")

    decorated: Callable[..., None] = run
    for option in (
        click.option("--batch", required=True, help="批次，如 2026-01。"),
        click.option("--day", type=Day(), default=lambda: options.current_day(), help="哪一天的事（默认今天）。"),
        click.option("--unit", required=True, help="认定单位，也就是负责核实的单位。"),
        click.option("--grounds", required=True, help="理由。"),
        click.option("--document", default="", help="文书编号。"),
        click.option("--operator", required=True, help="经办人。"),
        click.pass_obj,
    ):
        decorated = option(decorated)
    return decorated


@record.command("objection")
@_decision
def record_objection() -> dict[str, Any]:
    """有人提出异议。"""
    return {"kind": "objection"}


@record.command("resolve")
@click.option("--upheld/--rejected", required=True, help="异议成立，或不成立。")
@_decision
def record_resolve(upheld: bool) -> dict[str, Any]:
    """认定单位核实以后的答复。"""
    return {"kind": "resolution", "upheld": upheld}


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
    type=click.Choice(["name", "honour", "awarder", "document", "affiliation"]),
    help="更正哪一项：name 姓名/名称；honour 荣誉；awarder 授予机关；document 认定文号；affiliation 所在单位。",
)
@_decision
def record_correct(field: str) -> dict[str, Any]:
    """更正一项内容；编号不变。"""
    return {"kind": "correction", "fields": {field: ask("更正为")}}
