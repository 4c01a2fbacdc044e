"""An office as small as one can be: three people, two merchants, bare templates; builds in a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from generator.core.identifiers import id_check_digit
from generator.trust import keys as trust
from generator.trust.keys import OfficeKeys

REPOSITORY = Path(__file__).parent.parent.parent
CEREMONY = datetime(2026, 11, 1, tzinfo=UTC)
FIRST_DAY = date(2026, 11, 20)
SITE = """
name = "示例网站"
office = "示例县信用办"
domain = "xinyi.example"

[targets.disk]
kind = "folder"
path = "published"
allow_demo = true
"""
UNITS = """
[[unit]]
id = "scgl"
name = "示例县市场监管局"
"""
CATEGORIES = """
[[category]]
code = "A12"
name = "其他个人"
subject = "person"
units = ["scgl"]
"""
SCENARIO = """+++
id = "{name}"
name = "信易+{name}"
area = "示例县"
status = "active"
provider = "示例店"
benefit = "九八折"
benefit_kinds = ["享受优惠"]
units = ["scgl"]

[audience]
score_at_least = {score}
+++

到柜台报姓名和证件号码。
"""
MERCHANTS = """
[[merchant]]
id = "jia"
name = "示例甲店"
scenarios = ["chi"]

[[merchant]]
id = "yi"
name = "示例乙店"
scenarios = ["chi", "zu"]
"""
SNAPSHOT = """
kind = "score"
taken = 2026-10-08
not_before = 2026-10-13
not_after = 2027-10-14
source = "示例信用平台"
file = "scores.csv"
"""
PEOPLE = [
    (name, first17 + id_check_digit(first17), score)
    for name, first17, score in (
        ("示例甲", "99062219900101101", 1100),
        ("示例乙", "99062219900101102", 1200),
        ("示例丙", "99062219900101103", 1300),
    )
]


def write_small_office(root: Path) -> Path:
    """Write content, templates and lists; no keys."""
    files = {
        "content/site.toml": SITE,
        "content/units.toml": UNITS,
        "content/categories.toml": CATEGORIES,
        "content/merchants.toml": MERCHANTS,
        "content/measures.csv": REPOSITORY.joinpath("content/measures.csv").read_text("utf-8").splitlines()[0] + "\n",
        "content/scenarios/chi.md": SCENARIO.format(name="chi", score=1050),
        "content/scenarios/zu.md": SCENARIO.format(name="zu", score=1150),
        "lists/decisions.jsonl": "",
        "lists/snapshots/score/snapshot.toml": SNAPSHOT,
        "lists/snapshots/score/scores.csv": table(*PEOPLE),
    }
    for folder in ("cases", "notices", "pages", "policies"):
        (root / "content" / folder).mkdir(parents=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "templates/assets").mkdir(parents=True)
    for template in REPOSITORY.glob("templates/*.html"):
        (root / "templates" / template.name).write_text("<!doctype html><title>{{ plan.title }}</title>\n", "utf-8")
    return root


def make_keys(root: Path) -> OfficeKeys:
    """Make demo keys for an office and open them."""
    folder = root / "keys"
    phrase = trust.DEMO_PASSPHRASE
    trust.init(folder, (folder,) * 3, trust.Passphrases((phrase,) * 3, phrase), 29, CEREMONY)
    return trust.open_office(folder, phrase)


def table(*people: tuple[str, str, int]) -> str:
    """Return a table of scores."""
    return "\n".join(["姓名,证件号码,信用分", *(f"{name},{number},{score}" for name, number, score in people)]) + "\n"
