"""xinyi merchants …: who checks, with which passphrase, and whose bundle a leak came out of."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import AS_OF, JSON, ZONE
from generator.cli.terminal import ask, open_keys, visible

if TYPE_CHECKING:
    from generator.build.merchants import Listed, Status
    from generator.core.model import MerchantId

YES = click.option("--yes", is_flag=True, help="不再问一遍。")
_THEN_BUILD = "请运行 xinyi build，再发布；其他商户的名单包不变。"


@click.group()
def merchants() -> None:
    """商户：增加、暂停、恢复、移走，口令，查泄露。"""


@merchants.command("list")
@click.option("--details", is_flag=True, help="也列出口令有没有、内容哪天变过（要办公室口令）。")
@JSON
@click.pass_obj
def merchants_list(root: Path, details: bool, as_json: bool) -> None:
    """有哪些商户，名单包是第几版。"""
    from generator.build import merchants as office
    from generator.build import reports

    found = office.listed(root, open_keys(root) if details else None)
    click.echo(reports.as_json({"merchants": office.values(found)}) if as_json else "\n".join(map(_line, found)))


def _line(one: Listed) -> str:
    from generator.core import wording

    parts = [
        f"{one.merchant.id}　{one.merchant.name}",
        "暂停" if one.merchant.status == "paused" else "启用",
        f"第{one.version}版" if one.version else "没有名单包",
    ]
    if one.changed:
        parts.append(f"内容{wording.day(one.changed)}变过")
    if one.passphrase is not None:
        parts.append("有口令" if one.passphrase else "还没有口令")
    return "　".join(parts)


@merchants.command("add")
@click.option("--id", "id_", help="编号，也是名单包的文件名：小写字母、数字、连字符，定了不要改。")
@click.option("--name", help="名称。")
@click.option("--scenario", "scenarios", multiple=True, help="参加的场景的编号；参加几个就写几次。")
@click.option("--address", default="", help="地址，可以不写。")
@click.pass_obj
def merchants_add(root: Path, id_: str | None, name: str | None, scenarios: tuple[str, ...], address: str) -> None:
    """加一家商户；没有写的会接着问。"""
    from generator.build import merchants as office
    from generator.core.model import Merchant, MerchantId, ScenarioId

    merchant = Merchant(
        MerchantId(id_ or ask("编号")),
        name or ask("名称"),
        tuple(map(ScenarioId, scenarios or ask("参加的场景的编号，几个就用空格隔开").split())),
        address=address,
    )
    office.add(root, merchant, open_keys(root) if office.has_keys(root) else None)
    click.echo(f"已写进 content/merchants.toml。{_THEN_BUILD}")
    click.echo(f"生成以后会多出 bundles/{merchant.id}.zip，口令用 xinyi merchants passphrase {merchant.id} 看。")


@merchants.command("pause")
@click.argument("merchant")
@click.pass_obj
def merchants_pause(root: Path, merchant: MerchantId) -> None:
    """暂停一家商户：网站上不再有它的名单包，口令留着。"""
    _set_status(root, merchant, "paused")
    click.echo(f"{merchant} 已暂停。{_THEN_BUILD}")
    click.echo(f"生成以后网站上不再有 {merchant}.zip。{_until(root)}")


@merchants.command("resume")
@click.argument("merchant")
@click.pass_obj
def merchants_resume(root: Path, merchant: MerchantId) -> None:
    """恢复一家暂停的商户，口令还是原来的。"""
    _set_status(root, merchant, "active")
    click.echo(f"{merchant} 已恢复。{_THEN_BUILD}")
    click.echo(f"生成以后网站上又有 {merchant}.zip，口令不变。")


def _set_status(root: Path, merchant: MerchantId, status: Status) -> None:
    from generator.build import merchants as office

    office.set_status(root, merchant, status)


def _until(root: Path) -> str:
    """Return until when a bundle that is out already can be used."""
    from generator.core import wording
    from generator.core.model import ONE_DAY
    from generator.trust import repository

    found = repository.read_expiry(root / "keys" / "repository")
    if found is None:
        return "还没有发布过名单包。"
    last = found[1].astimezone(ZONE).date() - ONE_DAY
    return f"已经下载的最多还能用到{wording.day(last)}，收不回来，请店家删掉。"


@merchants.command("remove")
@click.argument("merchant")
@YES
@click.pass_obj
def merchants_remove(root: Path, merchant: MerchantId, yes: bool) -> None:
    """移走一家商户，并忘掉它的口令。"""
    from generator.build import merchants as office

    if all(one.id != merchant for one in office.read(root)):
        click.echo(f"content/merchants.toml 里没有 {merchant}，只看口令还在不在。", err=True)
    click.echo(f"要移走 {merchant}：从 content/merchants.toml 删掉，口令也忘掉；编号以后不能再用。", err=True)
    click.echo(f"下次生成以后网站上不再有 {merchant}.zip。{_until(root)}", err=True)
    _confirm("移走吗", yes)
    office.remove(root, merchant, open_keys(root) if office.has_keys(root) else None)
    click.echo(f"{merchant} 已移走。{_THEN_BUILD}")
    click.echo("它的编号记着：不能再给别家，查泄露还会查到它。")


@merchants.command("passphrase")
@click.argument("merchant", required=False)
@click.option("--all", "everyone", is_flag=True, help="全部商户。")
@click.option("--replace", is_flag=True, help="换成新口令。")
@YES
@click.pass_obj
def merchants_passphrase(root: Path, merchant: MerchantId | None, everyone: bool, replace: bool, yes: bool) -> None:
    """显示一个商户的名单口令，请当面或密封交给商户；也可以换新的。"""
    from generator.build import merchants as office
    from generator.bundle.archive import grouped

    if everyone == bool(merchant):
        raise click.UsageError("写一个商户编号，或者写 --all")
    keys, wanted = open_keys(root), [merchant] if merchant else []
    found = office.passphrases(keys, wanted)
    if replace:
        click.echo("换了以后：旧口令打不开新的名单包，新口令打不开旧的；每家都要重新交一次口令。", err=True)
        _confirm(f"给{len(found)}家商户换口令吗", yes)
        found = office.renew_passphrases(root, keys, wanted)
    for one, passphrase in found.items():
        click.echo(f"{one}　{grouped(passphrase)}" if everyone else grouped(passphrase))
    if replace:
        what = "全部商户的名单包都会换" if everyone else f"只有 {merchant}.zip 会换"
        click.echo(f"口令已换。请运行 xinyi build，再发布：{what}。已经下载的旧名单包用旧口令还能打开。", err=True)


@merchants.command("trace")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--former", multiple=True, help="很久以前移走、程序没有记着的商户的编号；几家就写几次。")
@AS_OF
@JSON
@click.pass_obj
def merchants_trace(
    root: Path, files: tuple[Path, ...], former: tuple[MerchantId, ...], as_of: date, as_json: bool
) -> None:
    """泄露的名单出自谁的名单包：给它泄露的文件（几个文件当作一份）。"""
    from generator.build import reports, tracing

    found = tracing.trace(root, files, open_keys(root), as_of, former)
    click.echo(visible(reports.as_json(tracing.values(found)) if as_json else tracing.text(found)))


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)
