"""Publishing to a folder: a disk handed over, or a share the web host serves.

Only what changed is copied, each file beside and renamed; TUF's timestamp and the indexes come last but for deletions,
so that nothing points at what is not there yet, and nothing old is removed before the new is in place. A journal in
the folder lists what we put there: nothing else is ever removed, and a folder with other files in it is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from generator.core.model import Settings, Target
from generator.errors import Faults, RefusedError
from generator.sources.settings import parse_toml
from generator.trust import history

JOURNAL = ".xinyi-published.json"
"""At the top of a published folder: every path that is ours."""
_JOURNAL_FORMAT = 1

_INDEX, _FIRST_ROOT, _TIMESTAMP = "bundles/index.json", "tuf/metadata/1.root.json", "tuf/metadata/timestamp.json"
_HISTORY = f"tuf/{history.HISTORY}"
_LAST = (_HISTORY, _INDEX, _TIMESTAMP)
_BESIDE = ".new"
_UNREADABLE = "{} 读不懂，可能损坏了。请换一个空文件夹重新发布"
_REBUILD = "{} 读不懂，可能损坏了。请重新运行 xinyi build"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing did, or would do: paths added, changed and removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    dry_run: bool

    def as_text(self) -> str:
        """Return it for staff."""
        head = "将要" if self.dry_run else "已"
        counts = f"{head}新增{len(self.added)}个、更新{len(self.changed)}个、删除{len(self.removed)}个文件。"
        return "\n".join([counts, *(f"  删除 {path}" for path in self.removed)])


def publish_to(root: Path, name: str, *, dry_run: bool) -> Outcome:
    """Bring a target named in site.toml to the state of build/site/."""
    target = _target(root, name)
    site, folder = root / "build" / "site", root / target.path
    if not (site / "index.html").exists():
        raise RefusedError("还没有生成网站。请先运行 xinyi build")
    if _is_demo(site) and not target.allow_demo:
        raise RefusedError("这是演示网站，不能发布到正式的地方")
    try:
        _refuse_wrong_place(site, folder)
        _refuse_other_release(site, folder, name)
        wanted = _digests(site, _files(site))
        ours = _read_journal(folder) | wanted.keys()
        there = _digests(folder, (path for path in _files(folder) if path.removesuffix(_BESIDE) in ours))
        outcome = _compare(wanted, there, dry_run)
        if not dry_run:
            _note(root, site, name)
            _apply(site, folder, outcome, ours, wanted.keys())
    except OSError as error:
        raise RefusedError(
            f"{error.filename} 读写出错（{error.strerror}）。排除问题后再运行一次，会接着做完"
        ) from error
    return outcome


def _note(root: Path, site: Path, name: str) -> None:
    """Note what goes out before it does, so that keys restored from a backup are recognised as older by a build."""
    store = root / "keys" / "repository"
    first_root = store / "metadata" / "1.root.json"
    if first_root.exists() and first_root.read_bytes() == (site / _FIRST_ROOT).read_bytes():
        _read(site / _TIMESTAMP, lambda data: history.note_published(store, name, data), _REBUILD)


def _target(root: Path, name: str) -> Target:
    faults = Faults()
    path = "content/site.toml"
    if not (root / path).exists():
        raise RefusedError(f"{root.resolve()} 里没有 {path}，不是项目文件夹。请先 cd 到项目文件夹，或用 --root 指明")
    settings = parse_toml((root / path).read_bytes(), path, Settings, faults)
    faults.stop_if_any()
    assert settings is not None  # noqa: S101 - the reader has said why, otherwise
    target = settings.targets.get(name)
    if target is None:
        known = "、".join(settings.targets) or "（还没有）"
        raise RefusedError(f"content/site.toml 里没有发布目标“{name}”。已有：{known}")
    return target


def _refuse_wrong_place(site: Path, folder: Path) -> None:
    """Refuse a folder that is not there to be published to: a disk not plugged in, our own site, others' files."""
    if not folder.exists() and not folder.parent.is_dir():
        raise RefusedError(f"{folder.parent} 不存在。U盘或共享文件夹接上了吗？接好后再发布")
    here, there = site.resolve(), folder.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise RefusedError(f"发布目标 {folder} 和生成的网站是同一个地方，请在 content/site.toml 里换一个文件夹")
    if not (folder / JOURNAL).exists() and any(not path.startswith(".") for path in _files(folder)):
        raise RefusedError(f"{folder} 里有别的文件，不是本程序发布的。请换一个空文件夹，以免弄坏里面的东西")


def _refuse_other_release(site: Path, folder: Path, name: str) -> None:
    """Refuse to replace a release that is not of this site's own history, or one of other keys."""
    there = folder / _TIMESTAMP
    if not there.exists():
        return
    if (folder / _FIRST_ROOT).read_bytes() != (site / _FIRST_ROOT).read_bytes():
        if _is_demo(folder):
            return
        raise RefusedError("那里的名单是用另一套密钥发布的，换上这一套，商户手里的名单就全部作废。请先弄清楚")
    chain = _read(site / _HISTORY, history.parse, _REBUILD)
    _read(there, lambda data: history.check_ours(data, chain, f"发布目标“{name}”"))


def _compare(wanted: dict[str, str], there: dict[str, str], dry_run: bool) -> Outcome:
    return Outcome(
        added=tuple(sorted(wanted.keys() - there.keys())),
        changed=tuple(sorted(path for path in wanted.keys() & there.keys() if wanted[path] != there[path])),
        removed=tuple(sorted(there.keys() - wanted.keys())),
        dry_run=dry_run,
    )


def _apply(site: Path, folder: Path, outcome: Outcome, ours: Iterable[str], wanted: Iterable[str]) -> None:
    """Copy, then remove; the journal lists old and new until all is done, so that a run cut short is continued."""
    _write_journal(folder, ours)
    for path in sorted((*outcome.added, *outcome.changed), key=lambda path: (_rank(path), path)):
        _put(folder / path, (site / path).read_bytes())
    for path in outcome.removed:
        (folder / path).unlink(missing_ok=True)
        _remove_if_empty(folder, (folder / path).parent)
    _write_journal(folder, wanted)


def _put(destination: Path, data: bytes) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    beside = destination.with_name(destination.name + _BESIDE)
    beside.write_bytes(data)
    beside.replace(destination)


def _remove_if_empty(top: Path, folder: Path) -> None:
    with suppress(OSError):  # not empty
        while folder != top:
            folder.rmdir()
            folder = folder.parent


def _rank(path: str) -> int:
    """Return when a file goes: what others point at first, then pages, then what points at everything."""
    if path in _LAST:
        return 2
    return 1 if path.endswith(".html") else 0


def _read_journal(folder: Path) -> set[str]:
    path = folder / JOURNAL
    if not path.exists():
        return set()
    try:
        journal = json.loads(path.read_bytes())
        if journal["format"] == _JOURNAL_FORMAT:
            return {str(name) for name in journal["files"]}
    except (ValueError, LookupError, TypeError) as error:
        raise RefusedError(_UNREADABLE.format(path)) from error
    raise RefusedError(_UNREADABLE.format(path))


def _write_journal(folder: Path, files: Iterable[str]) -> None:
    data = json.dumps({"format": _JOURNAL_FORMAT, "files": sorted(files)}, ensure_ascii=False, indent=1).encode()
    path = folder / JOURNAL
    if not path.exists() or path.read_bytes() != data:
        _put(path, data)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _digests(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths}


def _is_demo(site: Path) -> bool:
    return _read(site / _INDEX, lambda data: bool(json.loads(data)["demo"]))


def _read(path: Path, parse: Callable[[bytes], _Value], unreadable: str = _UNREADABLE) -> _Value:
    """Return what a file of a site says; raise ``RefusedError`` where it says nothing."""
    try:
        return parse(path.read_bytes())
    except (ValueError, LookupError, TypeError) as error:
        raise RefusedError(unreadable.format(path)) from error
