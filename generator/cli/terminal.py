"""What is asked and shown on a terminal: passphrases, names, progress."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.errors import KeysError

if TYPE_CHECKING:
    from generator.trust.keys import OfficeKeys

PASSPHRASE = "XINYI_PASSPHRASE"  # noqa: S105 - the name of an environment variable


def ask(what: str) -> str:
    """Return what is typed after a prompt: it stays out of the shell's history."""
    answer: str = click.prompt(what, err=True, prompt_suffix="：")
    return answer


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
