"""xinyi letters …: what is to be printed, signed and sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from generator.cli.options import AS_OF, Day
from generator.cli.terminal import open_keys, say
from generator.errors import InputFaultsError

_GONE = "里面有姓名，不能外传；下次 xinyi build 以后就没有了，要留的请打印存档。"


@click.group(invoke_without_command=True)
@click.option("--since", type=Day(), default=None, help="从哪一天起的决定（默认往前60天），如 2026-09-01。")
@AS_OF
@click.pass_context
def letters(ctx: click.Context, since: date | None, as_of: date) -> None:
    """信函：给反映人、当事人、单位、商户的信，写成可以打印的网页和 Word 文件。"""
    if ctx.invoked_subcommand is None:
        _write_due(ctx.obj, since, as_of)


def _write_due(root: Path, since: date | None, as_of: date) -> None:
    from generator.build import correspondence, references
    from generator.build.locking import alone
    from generator.build.office import read

    keys, office = open_keys(root), read(root, as_of)
    made = correspondence.letters_due(office, references.all_of(root, office, keys), since)
    with alone(root):
        correspondence.write(root, made, stale=correspondence.ON_ENTRIES)
    _tell(root, sorted(made))


def _tell(root: Path, names: list[str]) -> None:
    pages = [name for name in names if name.endswith(".html")]
    click.echo("\n".join(name.rpartition("/")[2].removesuffix(".html") for name in pages) or "没有要写的信。")
    if pages:
        folder = root / "build" / "office" / "letters"
        say(f"共{len(pages)}封，每封有 .html（打印）和 .docx（修改），在 {folder}。{_GONE}")


@letters.command("returned")
@click.option("--check", "only_tell", is_flag=True, help="只说要退回哪些单位，不写信。")
@AS_OF
@click.pass_obj
def letters_returned(root: Path, only_tell: bool, as_of: date) -> None:
    """名单有问题时，给每个报送单位写一封退回更正的信，逐格列出问题和改法。"""
    from generator.build import correspondence, pipeline, posting
    from generator.build.locking import alone

    try:
        pipeline.check(root, as_of)
        found = posting.Returned((), 0)
    except InputFaultsError as error:
        found = posting.returned_letters(root, error.faults, as_of)
    made = correspondence.files(found.letters)
    if only_tell:
        click.echo("\n".join(one.about for one in found.letters) or "没有要退回的表。")
    else:
        with alone(root):
            correspondence.write(root, made, stale=[correspondence.Kind.RETURNED])
        _tell(root, sorted(made))
    if found.others:
        say(f"另有{found.others}处问题不在各单位的表里，要由信用办自己改：请运行 xinyi check 查看。")


@letters.command("merchant")
@click.argument("merchant", metavar="商户编号")
@AS_OF
@click.pass_obj
def letters_merchant(root: Path, merchant: str, as_of: date) -> None:
    """给一家商户写口令信：口令、指纹、怎样核验。打印、封好、面交，然后删掉文件。"""
    from generator.build import correspondence, posting
    from generator.build.locking import alone
    from generator.core.model import MerchantId

    made = correspondence.files([posting.merchant_letter(root, open_keys(root), MerchantId(merchant), as_of)])
    with alone(root):
        correspondence.write(root, made)
    _tell(root, sorted(made))
    say("信里有口令：打印后请马上删掉这两个文件，密封面交，请店主签收。")
