"""Options that many commands share, and the only place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

ZONE = ZoneInfo("Asia/Shanghai")


def current_instant() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


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


def current_day() -> date:
    """Return the day it is in Beijing."""
    return datetime.now(ZONE).date()


AS_OF = click.option(
    "--as-of", type=Day(), default=lambda: current_day(), help="按哪一天计算（默认今天，北京时间），如 2026-11-20。"
)
JSON = click.option("--json", "as_json", is_flag=True, help="给程序读的 JSON。")
