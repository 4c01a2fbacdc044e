"""Invented people and organisations that nobody can take for real ones.

Given names are made of 试 样 例 示 范 (trial, sample, example), numbers carry the area code 99xxxx, which no real
person has, and every organisation is called 示例….
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from generator.core.identifiers import credit_code_check_digit, id_check_digit

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
)
LONG_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫")
FIRST = "试样例示范"
SECOND = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
RARE = ("赵试𠮷", "孙例〇", "阿例·试买提", "古例·样依古丽", "买买试·例木", "欧阳样例示", "钱例", "李样", "吴范")
"""Names that software gets wrong: beyond the basic plane, 〇, with a dot, four letters, two letters."""

TRADES = ("商贸", "农业科技", "餐饮", "物流", "建筑工程", "食品", "信息技术", "林产品", "旅游", "家具")
AREAS = ("990101", "990102", "990121", "990122", "990621", "990622")
_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Someone:
    """An invented person."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Company:
    """An invented organisation; ``kind`` is the word of the form."""

    name: str
    code: str
    kind: str = "企业"


class Town:
    """Where invented people and organisations come from; nobody comes twice."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._names: set[str] = set()
        self._numbers: set[str] = set()

    def someone(self, name: str = "") -> Someone:
        """Return a new person; a name that is given may already have another bearer."""
        return Someone(name or self._new_name(), self._number())

    def people(self, count: int) -> list[Someone]:
        """Return so many new people."""
        return [self.someone() for _ in range(count)]

    def companies(
        self, count: int, kind: str = "企业", register: str = "91", suffix: str = "有限公司"
    ) -> list[Company]:
        """Return so many new organisations of one kind."""
        return [self._company(kind, register, suffix) for _ in range(count)]

    def _new_name(self) -> str:
        while True:
            surname = self.chance.choice(LONG_SURNAMES if self.chance.random() < 0.04 else SURNAMES)
            given = self.chance.choice(FIRST) + (self.chance.choice(SECOND) if self.chance.random() < 0.93 else "")
            if (name := surname + given) not in self._names:
                self._names.add(name)
                return name

    def _number(self) -> str:
        while True:
            born = date(1950, 1, 1) + timedelta(days=self.chance.randrange(20_000))
            first17 = f"{self.chance.choice(AREAS)}{born:%Y%m%d}{self.chance.randrange(1, 1000):03}"
            if first17 not in self._numbers:
                self._numbers.add(first17)
                return first17 + id_check_digit(first17)

    def _company(self, kind: str, register: str, suffix: str) -> Company:
        while True:
            word = self.chance.choice(SECOND) + self.chance.choice(SECOND)
            name = f"示例{word}{self.chance.choice(TRADES)}{suffix}"
            if name not in self._names:
                self._names.add(name)
                letters = "".join(self.chance.choice(_CODE_LETTERS) for _ in range(9))
                first17 = f"{register}{self.chance.choice(AREAS)}{letters}"
                return Company(name, first17 + credit_code_check_digit(first17), kind)
