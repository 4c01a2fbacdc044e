"""What happened to the fictional nominations: screening returns and decisions."""

from __future__ import annotations

from datetime import date

from pydantic import TypeAdapter

from generator.core.model import AnyDecision, Ground
from generator.sources.decisions import append
from tests.fictional.batches import Round
from tests.fictional.forms import Sheet, Value, toml, workbook
from tests.fictional.names import Company, Someone, Town

MARKET, COURT, POLICE, AGENCY = "市监局", "法院", "公安局", "第三方信用服务机构"
OPERATOR = "示例经办人"
SCHOOLS, WORKERS, DOCTORS, YOUTH = "fs-jiaoyuju", "fs-zonggonghui", "fs-weijianju", "fs-tuanxianwei"
_DECISION: TypeAdapter[AnyDecision] = TypeAdapter(AnyDecision)
HEADERS: list[Value] = ["序号", "姓名/名称", "证件号码", "列入日期", "移出日期", "事由"]

Subject = Someone | Company
Found = tuple[Subject, date, date | None, str]
"""Who was found, when recorded, when removed, and why."""


def _number(subject: Subject) -> str:
    return subject.number if isinstance(subject, Someone) else subject.code


def _answer(
    batch: str, name: str, source: str, day: date, effect: str, found: tuple[Found, ...] = ()
) -> dict[str, bytes]:
    """Return the files of one source's answer; with nobody found there is no table."""
    folder = f"lists/batches/{batch}/screening/"
    table = f"{name}.xlsx" if found else ""
    evidence = f"{source}{day.year}年复函第{day.month}{day.day:02}号（示例）"
    head = toml(source=source, day=day, operator=OPERATOR, effect=effect, file=table, evidence=evidence)
    files = {f"{folder}{name}.toml": head.encode()}
    if found:
        body: list[list[Value]] = [
            [number, who.name, _number(who), recorded, removed, grounds]
            for number, (who, recorded, removed, grounds) in enumerate(found, start=1)
        ]
        files[folder + table] = workbook(Sheet("结果", [HEADERS, *body]))
    return files


def screening(town: Town, expired: Round, recognised: Round, in_notice: Round) -> dict[str, bytes]:
    """Return what the four sources answered for each batch that went into its notice."""
    stranger = town.someone()
    people, companies = recognised.people, recognised.companies
    return {
        **_answer("2024-01", "market", MARKET, date(2024, 12, 25), "excludes-until-removed"),
        **_answer(
            "2024-01",
            "court",
            COURT,
            date(2024, 12, 26),
            "excludes",
            ((expired.people[30], date(2024, 2, 1), None, "有履行能力而拒不履行"),),
        ),
        **_answer("2024-01", "police", POLICE, date(2024, 12, 26), "excludes"),
        **_answer("2024-01", "agency", AGENCY, date(2024, 12, 27), "note"),
        **_answer(
            "2025-01",
            "market",
            MARKET,
            date(2025, 12, 30),
            "excludes-until-removed",
            (
                (companies[12], date(2025, 7, 8), None, "未按期公示年度报告"),
                (companies[20], date(2025, 7, 8), date(2025, 11, 3), "通过登记的住所无法联系，已补正"),
            ),
        ),
        **_answer(
            "2025-01",
            "court",
            COURT,
            date(2025, 12, 30),
            "excludes",
            (
                (people[105], date(2024, 5, 20), None, "有履行能力而拒不履行"),
                (people[200], date(2022, 5, 10), date(2023, 6, 1), "违反财产报告制度"),
                (companies[40], date(2025, 3, 3), None, "有履行能力而拒不履行"),
                (stranger, date(2025, 1, 15), None, "有履行能力而拒不履行"),
            ),
        ),
        **_answer("2025-01", "police", POLICE, date(2025, 12, 31), "excludes"),
        **_answer(
            "2025-01",
            "agency",
            AGENCY,
            date(2025, 12, 29),
            "note",
            ((people[150], date(2025, 9, 1), None, "商业信用报告提示逾期一次"),),
        ),
        **_answer(
            "2025-01",
            "court-recheck",
            COURT,
            date(2026, 7, 15),
            "excludes",
            ((people[160], date(2026, 7, 2), None, "有履行能力而拒不履行"),),
        ),
        **_answer("2026-01", "market", MARKET, date(2026, 11, 12), "excludes-until-removed"),
        **_answer(
            "2026-01",
            "court",
            COURT,
            date(2026, 11, 12),
            "excludes",
            ((in_notice.people[25], date(2025, 12, 8), None, "有履行能力而拒不履行"),),
        ),
        **_answer("2026-01", "police", POLICE, date(2026, 11, 13), "excludes"),
        **_answer("2026-01", "agency", AGENCY, date(2026, 11, 13), "note"),
    }


def decisions(recognised: Round, in_notice: Round) -> bytes:
    """Return the log of decisions, in the order of their days."""
    schools, workers = recognised.of("教育局.xlsx"), recognised.of("总工会.xlsx")
    doctors, youth = recognised.of("卫健局.csv"), recognised.of("团县委.xlsx")
    forged, doubted, misspelt = schools[20].subject, workers[10].subject, schools[30].subject
    mistitled = doctors[12].subject
    title = {"honour": f"{doctors[12].award.honour}（更正）"}
    name = {"name": f"{misspelt.name[0]}范更正"}
    log = (
        _decision("2025-01", forged, "objection", date(2026, 1, 8), SCHOOLS, "反映荣誉证书系伪造，附举报材料"),
        _decision("2025-01", doubted, "objection", date(2026, 1, 9), WORKERS, "反映事迹与事实不符"),
        _decision("2025-01", forged, "resolution", date(2026, 1, 20), SCHOOLS, "经核实，异议成立", upheld=True),
        _decision("2025-01", doubted, "resolution", date(2026, 1, 21), WORKERS, "经核实，事迹属实", upheld=False),
        _decision("2025-01", mistitled, "correction", date(2026, 2, 10), DOCTORS, "荣誉名称录入有误", fields=title),
        _decision("2025-01", misspelt, "correction", date(2026, 3, 5), SCHOOLS, "姓名录入有误", fields=name),
        _withdrawal(workers[20].subject, date(2026, 6, 30), WORKERS, "本单位不再续报", Ground.NOT_RENEWED),
        _withdrawal(youth[10].subject, date(2026, 8, 12), YOUTH, "有效期内被列为严重失信主体", Ground.DISHONEST),
        _withdrawal(doctors[20].subject, date(2026, 9, 1), DOCTORS, "归集标准调整", Ground.STANDARD_CHANGED),
        _decision(
            "2026-01",
            in_notice.of("妇联.xlsx")[8].subject,
            "objection",
            date(2026, 11, 18),
            "fs-fulian",
            "反映家庭情况与申报不符",
        ),
    )
    data = b""
    for decision in log:
        data += append(data, decision)
    return data


def _withdrawal(subject: Subject, day: date, unit: str, grounds: str, ground: Ground) -> AnyDecision:
    return _decision("2025-01", subject, "withdrawal", day, unit, grounds, ground=ground)


def _decision(
    batch: str, subject: Subject, kind: str, day: date, unit: str, grounds: str, **more: object
) -> AnyDecision:
    who = {"batch": batch, "name": subject.name, "number": _number(subject)}
    why = {"kind": kind, "day": day, "unit": unit, "grounds": grounds, "operator": OPERATOR}
    return _DECISION.validate_python({**who, **why, **more})
