"""The command line: options in, one call, exit status out.

Exit status: 0 done, 1 the input has faults or something is refused (all said), 2 wrong usage.
"""

from __future__ import annotations

import functools
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from generator.cli import options
from generator.cli.explain import explain
from generator.cli.export import export
from generator.cli.init import init
from generator.cli.keys import keys
from generator.cli.letters import letters
from generator.cli.lists import ANNOTATE, check_destination, lists, write_copies
from generator.cli.merchants import merchants
from generator.cli.options import AS_OF, JSON
from generator.cli.record import record
from generator.cli.rounds import hint_lines, screen
from generator.cli.sm2 import sm2
from generator.cli.terminal import Progress, headed, open_keys, visible
from generator.core.characters import shown
from generator.errors import GeneratorError, InputFaultsError, LeakError, RefusedError


class Staff(click.Group):
    """Turns every error of ours into a message for staff and an exit status, in one place."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say what went wrong in Chinese on standard error."""
        try:
            return super().invoke(ctx)
        except click.Abort:
            click.echo("\n已取消。", err=True)
        except InputFaultsError as error:
            click.echo(f"发现{len(error.faults)}处问题，没有改动任何已有的文件：", err=True)
            for fault in error.faults:
                click.echo(f"  {shown(str(fault))}", err=True)
        except LeakError as error:
            click.echo("已停止：将要发布的文件里有不该公开的内容，网站没有更新。", err=True)
            for leak in error.leaks:
                click.echo(f"  {shown(leak)}", err=True)
        except GeneratorError as error:
            click.echo(f"没有完成：{visible(str(error))}", err=True)
        except OSError as error:
            click.echo(f"没有完成：{shown(str(error.filename or ''))} 读不了或写不了（{error.strerror}）。", err=True)
            click.echo("请看磁盘满没满、文件是不是正被别的程序打开，再试一次。", err=True)
        return ctx.exit(1)


@click.group(cls=Staff, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="含 content、lists 的文件夹。",
)
@click.version_option(package_name="xinyi", prog_name="xinyi")
@click.pass_context
def main(ctx: click.Context, root: Path) -> None:
    """信易+：从办公室的文件生成公开网站和商户离线名单。"""
    ctx.obj = root


@main.command()
@AS_OF
@JSON
@ANNOTATE
@click.pass_obj
def check(root: Path, as_of: date, as_json: bool, annotate: Path | None) -> None:
    """检查 content 和 lists 里的全部文件，一次列出所有问题；加 --annotate 还写出可以退回报送单位的副本。"""
    from generator.build import pipeline, reports, screening

    check_destination(root, annotate)
    try:
        hints = screening.hints_of(pipeline.check(root, as_of))
    except InputFaultsError as error:
        copies = write_copies(root, annotate, error.faults)
        click.echo("\n".join(copies), err=True, nl=bool(copies))
        if not as_json:
            raise
        click.echo(reports.as_json(reports.faults_values(error)))
        sys.exit(1)
    if as_json:
        click.echo(reports.as_json({"faults": [], "hints": [str(hint) for hint in hints]}))
        return
    click.echo("\n".join(["检查完毕，没有发现问题。", *hint_lines(hints)]))


@main.command()
@AS_OF
@JSON
@click.pass_obj
def status(root: Path, as_of: date, as_json: bool) -> None:
    """今天要办什么，接下来有什么，各批次、各状态有多少人和单位。"""
    from generator.build import reports
    from generator.build.office import read
    from generator.build.overview import status_text
    from generator.build.status import status_values

    office = read(root, as_of, kept=True)
    click.echo(reports.as_json(status_values(office, root)) if as_json else headed(status_text(office, root)))


@main.command()
@AS_OF
@JSON
@click.pass_obj
def build(root: Path, as_of: date, as_json: bool) -> None:
    """生成网站和名单包；有任何问题都不动旧网站。"""
    from generator.build import pipeline, reports

    opened = open_keys(root)
    if as_of > options.current_day() and not opened.demo:
        raise RefusedError(f"{as_of} 还没有到，不能提前签发名单。请改用今天的日期")
    with Progress() as progress:
        report = pipeline.build(root, as_of, opened, progress)
    click.echo(reports.as_json(reports.build_values(report)) if as_json else reports.build_text(report))


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="端口。")
@click.pass_obj
def serve(root: Path, port: int) -> None:
    """在本机预览已生成的网站（只有本机能看）。"""
    from generator.publish.preview import serve_folder

    ready = functools.partial(click.echo, f"请打开 http://127.0.0.1:{port}/ ，按 Ctrl+C 结束。")
    serve_folder(root / "build" / "site", port, ready)


@main.command()
@click.argument("target")
@click.option("--dry-run", is_flag=True, help="只说会做什么，不动任何文件。")
@click.pass_obj
def publish(root: Path, target: str, dry_run: bool) -> None:
    """把 build/site 发布到 content/site.toml 里写明的目标。"""
    from generator.publish.folder import publish_to

    click.echo(publish_to(root, target, dry_run=dry_run).as_text())


keys.add_command(sm2)
main.add_command(explain)
main.add_command(init)
for group in (record, keys, merchants, lists, screen, letters, export):
    main.add_command(group)
