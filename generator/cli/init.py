"""xinyi init: a new office's folder, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.terminal import say

if TYPE_CHECKING:
    from generator.build.starting import Started

_NAME = "信易+ 守信激励"
_NEEDED = {
    "office": "主办单位全称（网页底部、信函上都用它）",
    "area": "地区，如 某某县",
    "domain": "网站的域名，如 xinyi.mouxian.gov.cn",
}
_WANTED = {"phone": "公开的联系电话（没有定就直接回车）", "address": "公开的办公地址（没有定就直接回车）"}


@click.command()
@click.argument("folder", metavar="[文件夹]", required=False, type=click.Path(path_type=Path))
@click.option("--name", default=_NAME, show_default=True, help="网站名称。")
@click.option("--office", help="主办单位全称。不写就问。")
@click.option("--area", help="地区，如 某某县。不写就问。")
@click.option("--domain", help="网站的域名。不写就问。")
@click.option("--address", help="公开的办公地址。")
@click.option("--phone", help="公开的联系电话。")
@click.option("--email", help="公开的电子邮箱。")
@click.option("--hours", help="办公时间。")
@click.option("--with-templates", is_flag=True, help="把网页模板也抄一份来自己改；以后升级不再跟着变。")
@click.pass_obj
def init(root: Path, /, folder: Path | None, with_templates: bool, **given: str | None) -> None:
    """新建一个信用办的项目文件夹；不写文件夹就用现在的（要是空的）。"""
    from generator.build import starting

    if folder and root != Path():
        raise click.UsageError("--root 和文件夹只写一个")
    place = folder or root
    starting.check_empty(place)
    asked = {item: text for item, text in _NEEDED.items() if given[item] is None}
    if asked:
        asked |= {item: text for item, text in _WANTED.items() if given[item] is None}
    answers = {item: _answer(item, text) for item, text in asked.items()}
    known = {item: (text or "").strip() for item, text in (given | answers).items()}
    click.echo(_next(starting.start(place, starting.Particulars(**known), with_templates=with_templates)))


def _answer(item: str, what: str) -> str:
    """Return what is typed for one item, asked again until it can go online."""
    from generator.build.starting import OPTIONAL, objection

    while True:
        blank = "" if item in OPTIONAL else None
        text: str = click.prompt(what, default=blank, show_default=False, err=True, prompt_suffix="：").strip()
        why = objection(item, text)
        if not why:
            return text
        say(f"不能用：{why}。")


def _next(started: Started) -> str:
    """Return what there is now and what to do, for somebody who has never done it."""
    todo = [
        f"cd {started.folder.absolute()} ，以后的命令都在这里打。",
        "看一遍 content/site.toml：空着的联系办法、备案号、网站标识码补上，rating_scale 按本地的评价等级改。",
    ]
    if started.waiting:
        todo.append(
            f"content/scenarios 里有{started.waiting}个场景是别的地区的，没有启用：改成本地的，"
            "再把 planned 改成 active；不办的删掉。政策、措施、单位、类别也照本地的文件改。"
        )
    if started.own_unit:
        todo.append("content/units.toml 末尾加了主办单位；报送单位是抚松、肇东两地的叫法，请换成本地的。")
    todo += [
        "xinyi check 检查，说“没有发现问题”再往下。",
        "三位保管人到场，xinyi keys init 生成密钥，只做一次。想先试试，另建一个文件夹，在那里加上 --demo。",
        "xinyi build 生成，xinyi serve 看一遍网站。",
        "第一批名单：xinyi list open 建好一批，照工作手册“一年怎么走”发空白表、收表、筛查、公示。",
    ]
    steps = "\n".join(f"  {number}. {text}" for number, text in enumerate(todo, 1))
    return f"已建好：{started.folder.absolute()}\n接下来：\n{steps}"
