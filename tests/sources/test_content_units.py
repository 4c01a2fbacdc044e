"""One unit has many names; two counties have units of one name (requirements, editor's notes)."""

from __future__ import annotations

import pytest

from generator.core.model import Unit, UnitId
from generator.sources.units import unit_by_name

UNITS = {
    unit.id: unit
    for unit in (
        Unit(UnitId("fs-jiaotongju"), "交通运输局", "抚松县", ("交运局",)),
        Unit(UnitId("fs-sifaju"), "司法局", "抚松县"),
        Unit(UnitId("fs-shijianju"), "市场监管局", "抚松县", ("市监局",)),
        Unit(UnitId("zd-sifaju"), "市司法局", "肇东市"),
        Unit(UnitId("zd-shijianju"), "市市场监督管理局", "肇东市"),
        Unit(UnitId("a-shuiwuju"), "税务局", "甲县"),
        Unit(UnitId("b-shuiwuju"), "税务局", "乙县"),
        Unit(UnitId("qiye"), "示例公司"),
    )
}


@pytest.mark.parametrize(
    ("text", "area", "expected"),
    [
        ("交通运输局", "", "fs-jiaotongju"),
        ("交运局", "", "fs-jiaotongju"),
        (" 交 运 局 ", "", "fs-jiaotongju"),
        ("抚松县交运局", "", "fs-jiaotongju"),
        ("抚松交运局", "", "fs-jiaotongju"),
        ("县交运局", "抚松县", "fs-jiaotongju"),
        ("市监局", "抚松县", "fs-shijianju"),
        ("司法局", "", "fs-sifaju"),
        ("司法局", "抚松县", "fs-sifaju"),
        ("司法局", "肇东市", "zd-sifaju"),
        ("市司法局", "", "zd-sifaju"),
        ("肇东市司法局", "", "zd-sifaju"),
        ("市场监督管理局", "肇东市", "zd-shijianju"),
        ("税务局", "", None),
        ("税务局", "乙县", "b-shuiwuju"),
        ("甲县税务局", "", "a-shuiwuju"),
        ("示例公司", "抚松县", "qiye"),
        ("交通局", "", None),
        ("局", "", None),
        ("抚松县", "", None),
        ("", "", None),
    ],
)
def test_a_unit_is_found_by_any_of_its_names(text: str, area: str, expected: str | None) -> None:
    assert unit_by_name(UNITS, text, area) == expected
