"""What runs out when, in values and in words: loud from ten days before, since an expired bundle answers nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from generator.core import wording
from generator.core.model import ONE_DAY
from generator.trust import history, releases, repository

if TYPE_CHECKING:
    from generator.build.pipeline import Report

WARN_DAYS = 10


def values(store: Path, as_of: date, zone: ZoneInfo) -> dict[str, Any]:
    """Return which release is current, what went out where, until when each is accepted, and what is urgent.

    ``store`` is keys/repository/; ``expires`` is the first day on which something is refused.
    """
    has_keys = (store / "metadata").is_dir()
    found = repository.read_expiry(store) if has_keys else None
    root_expires = _day(repository.root_expiry(store), zone) if has_keys else None
    published = history.read_published(store)
    warnings = [root_warning(root_expires, as_of)] if root_expires else []
    if found:
        warnings.append(release_warning(f"名单包（第{found[0]}版）", _day(found[1], zone), as_of))
    for target, one in published.items():
        what = f"已发布到“{target}”的第{one.version}版名单包"
        warnings.append(release_warning(what, _day(one.expires, zone), as_of))
    return {
        "release": {"version": found[0], "expires": _day(found[1], zone).isoformat()} if found else None,
        "root_expires": root_expires.isoformat() if root_expires else None,
        "published": {
            target: {"version": one.version, "expires": _day(one.expires, zone).isoformat()}
            for target, one in published.items()
        },
        "warnings": [warning for warning in warnings if warning],
    }


def warnings_of(report: Report) -> list[str]:
    """Return what is urgent right after a build."""
    warnings = (
        release_warning("这次生成的名单包", report.expires, report.as_of) if report.bundles else "",
        root_warning(report.root_expires, report.as_of),
    )
    return [warning for warning in warnings if warning]


def loud(warnings: Iterable[str]) -> list[str]:
    """Return warnings as lines nobody overlooks."""
    return [f"\n【注意】{warning}。" for warning in warnings]


def release_warning(what: str, expires: date, as_of: date) -> str:
    """Return a warning where bundles are refused within ten days, or are by now; nothing before that."""
    left = (expires - ONE_DAY - as_of).days
    if left > WARN_DAYS:
        return ""
    if left < 0:
        return f"{what}已经到期，商户现在不能核验！请马上运行 xinyi build 重新生成，再发布"
    return f"{what}{_left(left, expires)}。请马上运行 xinyi build 重新生成，再发布"


def root_warning(expires: date, as_of: date) -> str:
    """Return a warning once the root shortens the life of bundles: from then on they run out with it."""
    left = (expires - ONE_DAY - as_of).days
    if left >= releases.RELEASE_LIFE.days:
        return ""
    if left < 0:
        return "根证书已经到期，不能再签发名单，商户不能核验！请马上请保管人带U盘来更新根证书"
    return f"根证书{_left(left, expires)}，到时所有名单包一起作废。请尽快请保管人带U盘来更新根证书"


def _left(left: int, expires: date) -> str:
    last = wording.day(expires - ONE_DAY)
    return f"只能再用{left}天，到{last}为止" if left else f"今天（{last}）是最后一天"


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
