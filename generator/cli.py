"""The command line: options in, one call, exit status out. The only place that reads the clock.

Exit status: 0 done, 1 the input has faults or something is refused (all said), 2 wrong usage.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from generator.errors import GeneratorError, InputFaultsError, KeysError, LeakError, RefusedError

if TYPE_CHECKING:
    from generator.trust.keys import OfficeKeys

PASSPHRASE = "XINYI_PASSPHRASE"  # noqa: S105 - the name of an environment variable
ZONE = ZoneInfo("Asia/Shanghai")


class Day(click.ParamType[date]):
    """A day such as 2026-11-20."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or fail as click does."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"“{value}”不是日期，请写成 2026-11-20 这样", param, ctx)


def _today() -> date:
    return datetime.now(ZONE).date()


AS_OF = click.option(
    "--as-of", type=Day(), default=lambda: _today(), help="按哪一天计算（默认今天，北京时间），如 2026-11-20。"
)
JSON = click.option("--json", "as_json", is_flag=True, help="给程序读的 JSON。")


class Staff(click.Group):
    """Turns every error of ours into a message for staff and an exit status, in one place."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say what went wrong in Chinese on standard error."""
        try:
            return super().invoke(ctx)
        except InputFaultsError as error:
            click.echo(f"发现{len(error.faults)}处问题，没有改动任何已有的文件：", err=True)
            for fault in error.faults:
                click.echo(f"  {fault}", err=True)
        except LeakError as error:
            click.echo("已停止：将要发布的文件里有不该公开的内容，网站没有更新。", err=True)
            for leak in error.leaks:
                click.echo(f"  {leak}", err=True)
        except GeneratorError as error:
            click.echo(f"没有完成：{error}", err=True)
        except OSError as error:
            click.echo(f"没有完成：{error.filename or ''} 读不了或写不了（{error.strerror}）。", err=True)
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
@click.pass_obj
def check(root: Path, as_of: date, as_json: bool) -> None:
    """检查 content 和 lists 里的全部文件，一次列出所有问题，不生成任何东西。"""
    from generator.build import pipeline, reports

    try:
        pipeline.check(root, as_of)
    except InputFaultsError as error:
        if not as_json:
            raise
        click.echo(reports.as_json(reports.faults_values(error)))
        sys.exit(1)
    click.echo(reports.as_json({"faults": []}) if as_json else "检查完毕，没有发现问题。")


@main.command()
@AS_OF
@JSON
@click.pass_obj
def status(root: Path, as_of: date, as_json: bool) -> None:
    """各批次、各状态有多少人和单位，有哪些异议等着答复。"""
    from generator.build import reports
    from generator.build.office import read

    office = read(root, as_of)
    click.echo(reports.as_json(reports.status_values(office)) if as_json else reports.status_text(office))


@main.command()
@AS_OF
@JSON
@click.pass_obj
def build(root: Path, as_of: date, as_json: bool) -> None:
    """生成网站和名单包；有任何问题都不动旧网站。"""
    from generator.build import pipeline, reports

    opened = open_keys(root)
    if as_of > _today() and not opened.demo:
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


@main.group()
def record() -> None:
    """记录一个决定：异议、答复、撤下、更正。姓名和号码在提示后输入，不留在命令历史里。"""


def _ask(what: str) -> str:
    answer: str = click.prompt(what, err=True, prompt_suffix="：")
    return answer


def _decision(command: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Give a command the options every decision has, ask for the person, and record what it returns."""

    @functools.wraps(command)
    def run(root: Path, day: date, unit: str, **options: Any) -> None:
        from pydantic import TypeAdapter

        from generator.build import recording
        from generator.core.model import AnyDecision

        shared = {key: options.pop(key) for key in ("batch", "grounds", "document", "operator")}
        if day > _today():
            raise RefusedError(f"{day} 还没有到。只记录已经发生的事；请核对日期")
        person = {"name": _ask("姓名/名称"), "number": _ask("证件号码/统一社会信用代码")}
        unit_id = recording.unit_named(root, unit, day)
        fields = {**shared, **person, "day": day, "unit": unit_id, **command(**options)}
        decision: AnyDecision = TypeAdapter(AnyDecision).validate_python(fields)
        click.echo(f"已记录。现在的状态：{recording.record(root, decision)}")

    decorated: Callable[..., None] = run
    for option in (
        click.option("--batch", required=True, help="批次，如 2026-01。"),
        click.option("--day", type=Day(), default=lambda: _today(), help="哪一天的事（默认今天）。"),
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
    return {"kind": "correction", "fields": {field: _ask("更正为")}}


@main.group()
def keys() -> None:
    """密钥：生成、查看。"""


@keys.command("init")
@click.option("--demo", is_flag=True, help="生成演示密钥（口令人人知道，网站和名单都会标明“演示”）。")
@click.option(
    "--stick",
    "sticks",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="根密钥保存到哪里；写三次，每位保管人一个U盘。不写则存入 keys 文件夹。",
)
@click.option(
    "--capacity", type=click.IntRange(1, 10**9), default=131_072, help="整个项目最多会有多少人（定下后不能改）。"
)
@click.pass_obj
def keys_init(root: Path, demo: bool, sticks: tuple[Path, ...], capacity: int) -> None:
    """生成三把根密钥、一把办公室密钥和项目密钥（只做一次）。"""
    from generator.bundle.collapse import token_bits
    from generator.trust import keys as trust

    if len(sticks) not in (0, trust.ROOT_KEYS):
        raise click.UsageError(f"--stick 要么不写，要么写{trust.ROOT_KEYS}次")
    folder = root / "keys"
    trust.check_absent(folder, sticks or (folder,) * trust.ROOT_KEYS)
    passphrases = ask_passphrases(demo)
    trust.init(folder, sticks or (folder,) * trust.ROOT_KEYS, passphrases, token_bits(capacity), datetime.now(UTC))
    from generator.trust.repository import root_fingerprint

    click.echo(f"密钥已生成。根证书指纹（印在给商户的信上）：\n  {root_fingerprint(folder / 'repository')}")


@keys.command("status")
@JSON
@click.pass_obj
def keys_status(root: Path, as_json: bool) -> None:
    """密钥和名单包何时到期。"""
    from generator.build import reports

    folder = root / "keys"
    click.echo(
        reports.as_json(reports.keys_values(folder, ZONE)) if as_json else reports.keys_text(folder, ZONE, _today())
    )


@main.group()
def merchants() -> None:
    """商户：口令。"""


@merchants.command("passphrase")
@click.argument("merchant")
@click.pass_obj
def merchants_passphrase(root: Path, merchant: str) -> None:
    """显示一个商户的名单口令，请当面或密封交给商户。"""
    from generator.bundle.archive import grouped
    from generator.core.model import MerchantId

    passphrases = open_keys(root).programme.passphrases
    passphrase = passphrases.get(MerchantId(merchant))
    if passphrase is None:
        known = "、".join(passphrases) or "（还没有，先运行一次 xinyi build）"
        raise KeysError(f"没有商户“{merchant}”的口令。已有：{known}")
    click.echo(grouped(passphrase))


def open_keys(root: Path) -> OfficeKeys:
    """Return the opened office keys: demo keys at once, real ones with the passphrase of environment or terminal."""
    from generator.trust import keys as trust

    folder = root / "keys"
    with contextlib.suppress(KeysError):  # real keys, or none
        return trust.open_office(folder, trust.DEMO_PASSPHRASE)
    if not (folder / trust.OFFICE_PEM).exists():
        raise KeysError(trust.MISSING.format(folder / trust.OFFICE_PEM))
    passphrase = os.environ.get(PASSPHRASE) or click.prompt("办公室密钥口令", hide_input=True, err=True)
    return trust.open_office(folder, passphrase)


def ask_passphrases(demo: bool) -> Any:
    """Return the four passphrases of the ceremony, asked on the terminal; an empty answer takes a generated one."""
    from generator.bundle.archive import grouped, new_passphrase
    from generator.trust import keys as trust

    if demo:
        return trust.Passphrases((trust.DEMO_PASSPHRASE,) * trust.ROOT_KEYS, trust.DEMO_PASSPHRASE)

    def ask(what: str) -> str:
        while True:
            first: str = click.prompt(
                f"{what}的口令（直接回车由程序生成）", default="", hide_input=True, show_default=False, err=True
            )
            if not first:
                generated = grouped(new_passphrase())
                click.echo(f"{what}的口令：{generated}  ← 请抄下来锁好，不会再显示", err=True)
                return generated
            if first == trust.DEMO_PASSPHRASE or len(first.strip()) < trust.SHORTEST_PASSPHRASE:
                click.echo(f"口令至少要{trust.SHORTEST_PASSPHRASE}个字符，也不能用演示口令，请换一个。", err=True)
            elif click.prompt("再输入一次", hide_input=True, err=True) == first:
                return first
            else:
                click.echo("两次输入不一样，请重来。", err=True)

    roots = tuple(ask(f"第{number}把根密钥") for number in range(1, trust.ROOT_KEYS + 1))
    return trust.Passphrases(roots, ask("办公室密钥"))


class Progress:
    """A progress bar on standard error, drawn only where somebody can see it."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, Any] = {}
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done."""
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done)
