"""Publishing to a folder: a disk handed over, or a share the web host serves.

Only what changed is copied, each file beside and renamed; TUF's timestamp and the indexes come last but for deletions,
so that nothing points at what is not there yet, and nothing old is removed before the new is in place.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from generator.core.model import Settings
from generator.errors import Faults, RefusedError
from generator.sources.settings import parse_toml

_LAST = ("tuf/metadata/timestamp.json", "bundles/index.json")


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
    settings = _read_settings(root)
    target = settings.targets.get(name)
    if target is None:
        known = "、".join(settings.targets) or "（还没有）"
        raise RefusedError(f"content/site.toml 里没有发布目标“{name}”。已有：{known}")
    site = root / "build" / "site"
    if not (site / "index.html").exists():
        raise RefusedError("还没有生成网站。请先运行 xinyi build")
    if _is_demo(site) and not target.allow_demo:
        raise RefusedError("这是演示网站，不能发布到正式的地方")
    folder = root / target.path
    _refuse_older(site, folder)
    outcome = _compare(_digests(site), _digests(folder), dry_run)
    if not dry_run:
        _apply(site, folder, outcome)
    return outcome


def _read_settings(root: Path) -> Settings:
    faults = Faults()
    path = "content/site.toml"
    settings = parse_toml((root / path).read_bytes(), path, Settings, faults)
    faults.stop_if_any()
    assert settings is not None  # noqa: S101 - the reader has said why, otherwise
    return settings


def _compare(wanted: dict[str, str], there: dict[str, str], dry_run: bool) -> Outcome:
    return Outcome(
        added=tuple(sorted(wanted.keys() - there.keys())),
        changed=tuple(sorted(path for path in wanted.keys() & there.keys() if wanted[path] != there[path])),
        removed=tuple(sorted(there.keys() - wanted.keys())),
        dry_run=dry_run,
    )


def _apply(site: Path, folder: Path, outcome: Outcome) -> None:
    for path in sorted((*outcome.added, *outcome.changed), key=lambda path: (_rank(path), path)):
        destination = folder / path
        destination.parent.mkdir(parents=True, exist_ok=True)
        beside = destination.with_name(destination.name + ".new")
        beside.write_bytes((site / path).read_bytes())
        beside.replace(destination)
    for path in outcome.removed:
        (folder / path).unlink()


def _rank(path: str) -> int:
    """Return when a file goes: what others point at first, then pages, then what points at everything."""
    if path in _LAST:
        return 2
    return 1 if path.endswith(".html") else 0


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _is_demo(site: Path) -> bool:
    return bool(json.loads((site / "bundles" / "index.json").read_bytes())["demo"])


def _refuse_older(site: Path, folder: Path) -> None:
    there = folder / "tuf" / "metadata" / "timestamp.json"
    if there.exists() and _version(there) > _version(site / "tuf" / "metadata" / "timestamp.json"):
        raise RefusedError("那里已经发布了更新的版本，可能是另一台电脑发布的。请先弄清楚，再从最新的 keys 文件夹生成")


def _version(timestamp: Path) -> int:
    return int(json.loads(timestamp.read_bytes())["signed"]["version"])
