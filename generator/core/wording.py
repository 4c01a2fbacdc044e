"""How stages, reasons and days are said in Chinese to staff; one wording for the command line and the office files."""

from __future__ import annotations

from datetime import date

from generator.core.lifecycle import OUT, Reason, Stage, Standing
from generator.core.model import Ground

STAGES = {
    Stage.NOT_RECEIVED: "尚未报送",
    Stage.NOMINATED: "已报送",
    Stage.SCREENED_OUT: "筛查未通过",
    Stage.IN_NOTICE: "公示中",
    Stage.OBJECTED: "有异议待核实",
    Stage.RECOGNISED: "已认定",
    Stage.LEFT: "已退出",
}

REASONS = {
    Reason.NOT_YET: "这一天还没有报送",
    Reason.AWAITING_SCREENING: "等待各部门筛查结果",
    Reason.AWAITING_NOTICE: "筛查已完成，等待公示",
    Reason.HIT_AT_SCREENING: "公示前筛查发现失信或异常记录",
    Reason.HIT_BEFORE_RECOGNITION: "认定前复查发现失信或异常记录",
    Reason.NOTICE_RUNNING: "公示期未满",
    Reason.OBJECTION_OPEN: "公示期内有人提出异议，认定单位正在核实",
    Reason.NO_OBJECTION: "公示无异议",
    Reason.OBJECTION_REJECTED: "异议经核实不成立",
    Reason.E1_OBJECTION_UPHELD: "退出一：异议经核实成立",
    Reason.E2_DISHONEST: "退出二：有效期内被列入失信名单",
    Reason.E2_ABUSE: "退出二：不当利用激励",
    Reason.E3_EXPIRED: "退出三：有效期满",
    Reason.E3_NOT_RENEWED: "退出三：认定单位不再推荐",
    Reason.E4_STANDARD_CHANGED: "退出四：认定标准改变",
}

GROUNDS = {
    Ground.DISHONEST: "被列入失信名单",
    Ground.ABUSE: "不当利用激励",
    Ground.NOT_RENEWED: "认定单位不再推荐",
    Ground.STANDARD_CHANGED: "认定标准改变",
}


def day(value: date) -> str:
    """Return a day as people write it: 2026年11月20日."""
    return f"{value.year}年{value.month}月{value.day}日"


def explain(standing: Standing) -> str:
    """Return stage, reason and days in one line."""
    if standing.stage is Stage.NOT_RECEIVED:
        return f"{STAGES[standing.stage]}（{REASONS[standing.reason]}），{day(standing.since)}报送"
    text = f"{STAGES[standing.stage]}（{REASONS[standing.reason]}），自{day(standing.since)}起"
    if standing.until:
        text += f"，到{day(standing.until)}止"
        if (standing.stage, standing.reason) == (Stage.OBJECTED, Reason.OBJECTION_REJECTED):
            text += "，第二天认定"
    if standing.unscreened:
        text += f"；{day(standing.unscreened)}更正了号码，还没有重新筛查"
    if standing.reported:
        text += f"；{day(standing.reported)}收到{'申诉' if standing.stage in OUT else '反映'}，正在核实"
    if standing.due:
        text += f"，应于{day(standing.due)}以前（含当天）答复"
    return text
