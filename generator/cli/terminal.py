"""What is asked and shown on a terminal: passphrases, consent, names, progress."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.core.characters import shown
from generator.errors import KeysError, RefusedError

if TYPE_CHECKING:
    from generator.trust.keys import OfficeKeys

PASSPHRASE = "XINYI_PASSPHRASE"  # noqa: S105 - the name of an environment variable
CONSENT = "同意"
_NO_TEXT = "输入的不是能认的文字，多半是终端的编码不对：请把终端的编码改成 UTF-8，再来一次"
_CLEAR = "\033[3J\033[2J\033[H"


def visible(text: str) -> str:
    """Return a text of several lines that a terminal only shows: all but its line ends that would do more is marked."""
    return "\n".join(map(shown, text.split("\n")))


def headed(text: str) -> str:
    """Return a text of several lines as ``visible`` does, those that are not indented in bold: a screen has headings.

    ``click.echo`` leaves bold out where the text goes to a file or a program.
    """
    lines = visible(text).split("\n")
    return "\n".join(click.style(line, bold=True) if line.strip() and line[0] != " " else line for line in lines)


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is for results."""
    click.echo(text, err=True)


def ask(what: str) -> str:
    """Return what is typed after a prompt: it stays out of the shell's history."""
    answer: str = click.prompt(what, err=True, prompt_suffix="：")
    return answer


def ask_hidden(what: str, default: str | None = None) -> str:
    """Return a secret typed after a prompt, without showing it; an empty answer is asked again, or the default."""
    return _hidden(what, default, "：")


def _hidden(what: str, default: str | None, suffix: str) -> str:
    """Return a secret typed after a prompt; raise ``KeysError`` for bytes that are no text."""
    try:
        answer: str = click.prompt(
            what, hide_input=True, err=True, prompt_suffix=suffix, default=default, show_default=False
        )
        answer.encode()
    except UnicodeError as error:
        raise KeysError(_NO_TEXT) from error
    return answer


def ask_yes(question: str) -> bool:
    """Return whether the answer is 是; any answer but 是 and 否 is asked for again."""
    while True:
        answer = ask(f"{question}（是/否）")
        if answer in ("是", "否"):
            return answer == "是"
        say("请输入“是”或者“否”。")


def consent(question: str) -> None:
    """Raise ``RefusedError`` unless the person types 同意 in full."""
    answer = click.prompt(
        f"{question}（同意请输入“{CONSENT}”，输入别的都算不同意）", default="", show_default=False, err=True
    )
    if answer.strip() != CONSENT:
        raise RefusedError("没有得到同意，什么也没有改")


def is_interactive() -> bool:
    """Return whether somebody sits at the terminal and can be asked."""
    return sys.stdin.isatty()


def wait_for_enter(what: str) -> None:
    """Wait until the person presses Enter."""
    click.prompt(what, default="", show_default=False, err=True, prompt_suffix="")


def ask_place(what: str, before: Path | None = None) -> Path:
    """Return a folder or file that exists; an empty answer takes the one before, since one port keeps its path."""
    while True:
        default = str(before) if before else None
        place = Path(click.prompt(what, default=default, err=True, prompt_suffix="：")).expanduser()
        if place.exists():
            return place
        say(f"没有 {place}。U盘插好了吗？路径写对了吗？")


# -- the office's passphrase ------------------------------------------------------------------------------------


def open_keys(root: Path) -> OfficeKeys:
    """Return the opened office keys: demo keys at once, real ones with the passphrase of environment or terminal."""
    from generator.trust import keys as trust

    folder = root / "keys"
    with contextlib.suppress(KeysError):  # real keys, or none
        return trust.open_office(folder, trust.DEMO_PASSPHRASE)
    if not (folder / trust.OFFICE_PEM).exists() and not trust.office_change(folder):
        raise KeysError(trust.MISSING.format(folder / trust.OFFICE_PEM))
    return trust.open_office(folder, office_passphrase())


def office_passphrase(what: str = "办公室密钥口令") -> str:
    """Return the office passphrase of environment or terminal, unchecked."""
    given = os.environ.get(PASSPHRASE)
    try:
        (given or "").encode()
    except UnicodeError as error:
        raise KeysError(_NO_TEXT) from error
    return given or ask_hidden(what)


def secrets_passphrase(root: Path) -> str:
    """Return the passphrase that opens programme.key, also where office.pem is lost; raise ``KeysError`` if none does.

    As ``open_keys``: demo keys at once.
    """
    from generator.trust import keys as trust

    folder = root / "keys"
    with contextlib.suppress(KeysError):
        trust.open_programme(folder, trust.DEMO_PASSPHRASE)
        return trust.DEMO_PASSPHRASE
    if not (folder / trust.PROGRAMME_KEY).exists():
        raise KeysError(trust.MISSING.format(folder / trust.PROGRAMME_KEY))
    passphrase = office_passphrase("现在的办公室密钥口令")
    trust.open_programme(folder, passphrase)
    return passphrase


# -- new passphrases --------------------------------------------------------------------------------------------


def new_passphrase(whose: str) -> str:
    """Return a new passphrase: typed twice, or generated, copied to paper and typed from there."""
    from generator.trust import keys as trust

    while True:
        try:
            first = _hidden(f"{whose}的口令（直接回车由程序生成）", "", ": ")
            if not first:
                return _generated_passphrase(whose)
            trust.check_passphrase(first)
            if ask_hidden("再输入一次") == first:
                return first
        except KeysError as error:
            say(f"{error}。")
            continue
        say("两次输入不一样，请重来。")


def _generated_passphrase(whose: str) -> str:
    from generator.bundle.archive import grouped
    from generator.bundle.archive import new_passphrase as draw

    generated = grouped(draw())
    while True:
        say(f"\n{whose}的口令：\n\n    {generated}\n\n请抄在纸上，大小写、横线都要一样；只有这一次能看到。")
        wait_for_enter("抄好了按回车，屏幕会清掉……")
        if sys.stderr.isatty():
            click.echo(_CLEAR, err=True, nl=False)
        if ask_hidden("请照着纸上的输入一次") == generated:
            return generated
        say("和程序生成的不一样。再看一次，把抄错的改好：")


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
