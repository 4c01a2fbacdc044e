"""xinyi explain: the whole story of one entry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from generator.cli.options import AS_OF
from generator.cli.terminal import ask, open_keys


@click.command()
@click.argument("reference", default="")
@AS_OF
@click.pass_obj
def explain(root: Path, reference: str, as_of: date) -> None:
    """一条的来龙去脉：哪天发生了什么、依据哪条规定、可以怎样答复。不写编号就问姓名和号码。"""
    from generator.build import references
    from generator.build.office import read

    office = read(root, as_of, kept=True)
    if reference:
        place, _ = references.find(root, office, reference, open_keys(root))
        click.echo(references.story(office, place, references.canonical(reference)))
        return
    places = references.find_by_name(office, ask("姓名/名称"), ask("证件号码/统一社会信用代码"))
    click.echo("\n\n――――\n\n".join(references.story(office, place) for place in places))
