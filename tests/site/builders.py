"""A small, invented edition to render, and an HTML reader for what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

from generator.core.disclosure import BundleRecord, PublicEntry, Shown
from generator.core.model import (
    AnyOf,
    Batch,
    BatchId,
    BenefitKind,
    Case,
    Category,
    CategoryCode,
    Contact,
    Content,
    Footer,
    Honour,
    LegalBasis,
    Measure,
    Merchant,
    MerchantId,
    Notice,
    Page,
    Policy,
    PolicyId,
    PolicyPart,
    RatingAtLeast,
    Rules,
    Scenario,
    ScenarioId,
    ScoreAtLeast,
    Settings,
    SubjectKind,
    TaxClass,
    Unit,
    UnitId,
    Window,
)
from generator.site.plan import Edition

TEMPLATES = Path(__file__).parents[2] / "templates"
AS_OF = date(2026, 11, 20)
BATCH = BatchId("2026-01")
PERIOD = Window(date(2026, 11, 16), date(2026, 11, 25))
EDUCATION, TAX = UnitId("jiaoyu"), UnitId("shuiwu")
A8, B1 = CategoryCode("A8"), CategoryCode("B1")
POLICY = PolicyId("shili-2026-1")
DINING, LOANS = ScenarioId("canyin"), ScenarioId("dai")


def entry(number: int = 0, **changes: object) -> PublicEntry:
    """Return a recognised entry with an invented name; the number makes its reference."""
    values: dict[str, object] = {
        "batch": BatchId("2025-01"),
        "reference": f"T0000000{number:02X}",
        "name": "测*甲",
        "kind": SubjectKind.PERSON,
        "category": A8,
        "honour": "优秀教师",
        "awarder": "示例县人民政府",
        "unit": EDUCATION,
        "shown_as": Shown.RECOGNISED,
        "since": date(2026, 1, 15),
        "until": date(2027, 1, 14),
    }
    return PublicEntry(**{**values, **changes})  # type: ignore[arg-type]


def noticed(number: int = 0, **changes: object) -> PublicEntry:
    """Return an entry in its notice period."""
    period = {"since": PERIOD.not_before, "until": PERIOD.not_after}
    return entry(number, **{"batch": BATCH, "shown_as": Shown.IN_NOTICE, **period, **changes})


def scenario(**changes: object) -> Scenario:
    """Return an active scenario with a bit of everything."""
    values: dict[str, object] = {
        "id": DINING,
        "name": "信易+餐饮",
        "area": "示例县",
        "status": "active",
        "provider": "示例饭馆",
        "benefit": "吃饭打九八折",
        "benefit_kinds": (BenefitKind.DISCOUNT,),
        "units": (TAX,),
        "cooperating": (EDUCATION,),
        "reach": "pilot",
        "conditions": ("堂食才有",),
        "audience": AnyOf((ScoreAtLeast(1050), TaxClass(("A",)), RatingAtLeast("B"), Honour((A8,)))),
        "policy": POLICY,
        "number": 1,
        "since": date(2026, 3, 1),
        "notes": ("原文写了两遍",),
        "body": "到店说一声，看[政策](policy:shili-2026-1)。",
    }
    return Scenario(**{**values, **changes})  # type: ignore[arg-type]


def content(**changes: object) -> Content:
    """Return content with one or two of everything."""
    planned = scenario(
        id=LOANS, name="信易贷", status="planned", provider="", benefit="", audience=None, benefit_kinds=(), body=""
    )
    values: dict[str, object] = {
        "settings": Settings(
            name="信易+ 测试",
            office="示例县信用办",
            domain="xinyi.example",
            site_code="9900000001",
            keywords=("信用",),
            contact=Contact(address="示例路1号", phone="0000-0000000", email="a@xinyi.example", hours="工作日"),
            footer=Footer(icp="示例ICP备00000000号", error_report="https://zhaocuo.example/"),
            rules=Rules(rating_scale=("D", "C", "B", "A")),
        ),
        "units": {EDUCATION: Unit(EDUCATION, "教育局"), TAX: Unit(TAX, "税务局")},
        "categories": {
            A8: Category(A8, "教育系统荣誉", "person", ("优秀教师",), (EDUCATION,)),
            B1: Category(B1, "A级纳税人", "organisation", (), (TAX,), open=True, note="试一试"),
        },
        "measures": (
            Measure(1, "优先办理", EDUCATION, "各学校", "公共服务", ("stub", "wrong-level(市)"), "只有四个字"),
            Measure(3, "少查一次", TAX),
        ),
        "policies": (
            Policy(
                id=POLICY,
                title="示例县实施方案",
                area="示例县",
                issuer="示例县信用办",
                status="trial",
                parts=(
                    PolicyPart("plan", "方案", "plan.md", "# 一、总则\n\n看[餐饮](scenario:canyin)。"),
                    PolicyPart("annex", "附件", "annex.md", "| 类别 | 荣誉 |\n|---|---|\n| A8 | 优秀教师 |"),
                ),
                number="示信办〔2026〕1号",
                made=date(2026, 2, 1),
                bases=(LegalBasis("外地条例"), LegalBasis("本站方案", "第1号", PolicyId("no-date"))),
                notes=("第五条漏了",),
            ),
            Policy(
                PolicyId("no-date"),
                "无日期的方案",
                "示例县",
                "未注明",
                "undated",
                (PolicyPart("plan", "方案", "p.md", "正文"),),
            ),
        ),
        "scenarios": {DINING: scenario(), LOANS: planned},
        "merchants": (
            Merchant(MerchantId("fanguan"), "示例饭馆", (DINING,), address="示例路2号"),
            Merchant(MerchantId("tingye"), "示例停业店", (DINING,), status="paused"),
        ),
        "notices": (Notice("2026-01", "第一批公示", date(2026, 11, 16), BATCH, "看一看", "请看[怎样核验](verify)。"),),
        "cases": (
            Case("jieshu", "借书", date(2026, 10, 1), invented=True, summary="编的", scenario=DINING, body="故事。"),
        ),
        "pages": (
            Page("about", "关于本站", "说明", "## 一\n\n看[外站](https://example.org/a)。"),
            Page("how-to-check", "怎样核验", "商户看", "## 先准备\n\n下载。"),
            Page("merchants", "商户怎样参加", "参加", "## 好处\n\n很多。"),
        ),
    }
    return Content(**{**values, **changes})  # type: ignore[arg-type]


def edition(**changes: object) -> Edition:
    """Return an edition with two people, two organisations, one bundle."""
    digest = "0123456789abcdef" * 4
    values: dict[str, object] = {
        "content": content(),
        "batches": {BATCH: Batch(BATCH, "第一批", date(2025, 12, 20), PERIOD.not_before)},
        "notices": {BATCH: PERIOD},
        "entries": (
            entry(1),
            entry(2, name="示例有限公司", kind=SubjectKind.ENTERPRISE, category=B1, unit=TAX, honour="A级纳税人"),
            noticed(3, name="公*乙"),
            noticed(4, name="示例合作社", kind=SubjectKind.ENTERPRISE, category=B1, unit=TAX),
        ),
        "bundles": (
            BundleRecord(
                MerchantId("fanguan"), "示例饭馆", "fanguan.zip", 7, AS_OF, AS_OF + timedelta(40), 20480, digest
            ),
        ),
        "root_fingerprint": digest,
        "as_of": AS_OF,
        "demo": False,
    }
    return Edition(**{**values, **changes})  # type: ignore[arg-type]


@dataclass
class Element:
    """A start tag with its attributes."""

    tag: str
    attributes: dict[str, str]


@dataclass
class Document(HTMLParser):
    """What a page holds: its elements in order, its text, and whether its tags match."""

    elements: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    title: str = ""

    VOID = frozenset(("meta", "link", "img", "br", "hr", "col", "wbr"))
    APART = frozenset(("dt", "dd", "td", "th", "li", "p"))
    """Elements whose text does not run on from what stands before them."""

    def __post_init__(self) -> None:
        """Start the parser, which is no dataclass."""
        super().__init__()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in self.APART:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Check that an element is closed where it should be."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self.open[-1:] == ["title"]:
            self.title += data
        self.pieces.append(data)

    @property
    def text(self) -> str:
        """All text, with white space between pieces as it stands."""
        return "".join(self.pieces)

    def all(self, tag: str) -> list[Element]:
        """Return the elements of one tag."""
        return [element for element in self.elements if element.tag == tag]

    def meta(self, name: str) -> str | None:
        """Return a meta tag's content."""
        found = (m.attributes["content"] for m in self.all("meta") if m.attributes.get("name") == name)
        return next(found, None)


def parse(data: bytes) -> Document:
    """Return a page's document; its tags must match."""
    document = Document()
    document.feed(data.decode())
    document.close()
    assert not document.open, f"never closed: {document.open}"
    return document
