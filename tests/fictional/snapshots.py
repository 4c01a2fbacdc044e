"""Fictional snapshots: scores of people, tax classes and ratings of organisations."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

from tests.fictional.batches import Round
from tests.fictional.forms import Sheet, Value, comma_separated, toml, workbook
from tests.fictional.names import Company, Someone, Town

GRADES = ("AAA", "AA", "A", "B", "C", "D")
TAX_CLASSES = ("A", "B", "M", "C", "D")
SCORED = 2000
REACHES = 1050


def snapshots(town: Town, recognised: Round) -> dict[str, bytes]:
    """Return the four snapshots, by path; the older scores are replaced by the newer."""
    people = [*recognised.people[110:210], *_namesakes(town, recognised), *town.people(SCORED - 104)]
    town.chance.shuffle(people)
    honoured = set(recognised.people[110:150])
    scores = {who: _score(town.chance, high=who in honoured) for who in people}
    taxed, rated = _taxed(town, recognised), _rated(town, recognised)
    return {
        **_snapshot("score-2026-07", "score", date(2026, 7, 5), date(2027, 1, 9), "scores.csv", _older(town, people)),
        **_snapshot("score-2026-10", "score", date(2026, 10, 8), date(2027, 1, 14), "信用分.xlsx", _scores(scores)),
        **_snapshot("tax-2026", "tax", date(2026, 5, 6), date(2027, 5, 9), "纳税信用.xlsx", taxed),
        **_snapshot("rating-2026-09", "rating", date(2026, 9, 10), date(2027, 3, 14), "信用评价.xlsx", rated),
    }


SOURCES = {"score": "示例信用平台", "tax": "示例县税务局", "rating": "示例信用评价平台"}


def _snapshot(id_: str, kind: str, taken: date, last: date, file: str, data: bytes) -> dict[str, bytes]:
    first = date.fromordinal(taken.toordinal() + 5)
    head = toml(kind=kind, taken=taken, not_before=first, not_after=last, source=SOURCES[kind], file=file)
    return {f"lists/snapshots/{id_}/snapshot.toml": head.encode(), f"lists/snapshots/{id_}/{file}": data}


def _namesakes(town: Town, recognised: Round) -> list[Someone]:
    """Return strangers who share their names with people on the honour list."""
    return [town.someone(who.name) for who in recognised.people[60:64]]


def _score(chance: random.Random, *, high: bool) -> int:
    """Return a score about 950, or one that reaches the threshold."""
    if high:
        return chance.randrange(REACHES, 1200)
    return 945 + sum(chance.randrange(-69, 70) for _ in range(4))


def _scores(scores: dict[Someone, int]) -> bytes:
    body: list[list[Value]] = [
        [number, who.name, who.number, score] for number, (who, score) in enumerate(scores.items(), start=1)
    ]
    return workbook(Sheet("信用分", [["序号", "姓名", "身份证号", "信用分"], *body]))


def _older(town: Town, people: Sequence[Someone]) -> bytes:
    body: list[list[Value]] = [[who.name, who.number, _score(town.chance, high=False)] for who in people[:60]]
    return comma_separated([["姓名", "公民身份号码", "分数"], *body], "utf-8-sig")


def _taxed(town: Town, recognised: Round) -> bytes:
    """Return the tax classes: those nominated as A have A, the others any class."""
    nominated = [e.subject for e in recognised.of("税务局.xlsx") if isinstance(e.subject, Company)]
    graded = [(firm, "A") for firm in nominated] + [
        (firm, town.chance.choice(TAX_CLASSES)) for firm in town.companies(45)
    ]
    return _graded("纳税信用", ["序号", "纳税人名称", "纳税人识别号", "纳税信用等级"], graded)


def _rated(town: Town, recognised: Round) -> bytes:
    firms = [*recognised.companies[:10], *town.companies(30), *town.companies(20, "个体工商户", "92", "店")]
    graded = [(firm, town.chance.choice(GRADES)) for firm in firms]
    return _graded("信用评价", ["序号", "名称", "统一社会信用代码", "评价等级"], graded)


def _graded(name: str, headers: list[Value], graded: Sequence[tuple[Company, str]]) -> bytes:
    body: list[list[Value]] = [[n, firm.name, firm.code, grade] for n, (firm, grade) in enumerate(graded, start=1)]
    return workbook(Sheet(name, [headers, *body]))
