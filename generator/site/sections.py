"""The parts of the site, and the address of everything on it."""

from __future__ import annotations

from dataclasses import dataclass

from generator.core.model import Content, Page, PolicyId, Scenario
from generator.site.rolls import roll_url


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the site: ``page`` is the content page whose text opens it, ``kind`` its ColumnType."""

    url: str
    title: str
    description: str
    kind: str
    page: str = ""
    in_menu: bool = True


HOME = Section("", "首页", "守信激励政策、信易+场景、公示公告和守信名单", "首页", page="home")
NOTICES = Section("notices/", "公示公告", "正在公示和已经结束的公示、公告", "公示公告", page="notices")
LISTS = Section("lists/", "守信名单", "已认定并在有效期内的守信个人和单位", "信息公开", page="lists")
SCENARIOS = Section("scenarios/", "信易+场景", "凭守信可以享受的优惠和便利", "便民服务", page="scenarios")
MEASURES = Section("measures/", "激励措施", "各单位的守信激励措施清单", "信息公开", page="measures")
POLICIES = Section("policies/", "政策文件", "守信激励的政策文件和编者注", "政策文件", page="policies")
CASES = Section("cases/", "典型案例", "守信激励的典型案例", "信息公开", page="cases")
MERCHANTS = Section("merchants/", "商户下载", "名单包下载和离线核验", "便民服务", page="merchants")
CATEGORIES = Section(
    "categories/", "荣誉类别", "哪些荣誉可以列入、由谁报送", "信息公开", page="categories", in_menu=False
)
VERIFY = Section(
    "verify/", "怎样核验", "商户怎样核对名单，每种结果是什么意思", "便民服务", page="how-to-check", in_menu=False
)
SITEMAP = Section("sitemap/", "网站地图", "本网站的全部栏目和页面", "网站地图", page="sitemap", in_menu=False)
SECTIONS = (HOME, NOTICES, LISTS, SCENARIOS, MEASURES, POLICIES, CASES, MERCHANTS, CATEGORIES, VERIFY, SITEMAP)
RESERVED = frozenset(("assets", "bundles", "tuf"))
"""Folders of the site that no content page may be named after."""


def link_targets(content: Content) -> dict[str, str]:
    """Return the names under which texts may link to pages, each with its address."""
    targets = {section.url.rstrip("/") or "home": section.url for section in SECTIONS}
    targets |= {"verify.py": "verify/verify.py", "feed": "feed.xml"}
    targets |= {f"policy:{policy.id}": policy_url(policy.id) for policy in content.policies}
    targets |= {f"scenario:{scenario.id}": scenario_url(scenario) for scenario in content.scenarios.values()}
    targets |= {f"notice:{notice.id}": f"notices/{notice.id}/" for notice in content.notices}
    targets |= {f"case:{case.id}": f"cases/{case.id}/" for case in content.cases}
    targets |= {f"category:{code}": f"categories/#{code}" for code in content.categories}
    targets |= {f"list:{category.code}": roll_url(category) for category in content.categories.values()}
    targets |= {f"measure:{measure.number}": f"measures/#m-{measure.number}" for measure in content.measures}
    targets |= {f"page:{page.id}": page_url(page) for page in content.pages}
    return targets


def policy_url(policy: PolicyId) -> str:
    """Return the address of a policy."""
    return f"policies/{policy}/"


def scenario_url(scenario: Scenario) -> str:
    """Return the address of a scenario; a planned one is a line in the list."""
    return f"scenarios/{scenario.id}/" if scenario.status == "active" else f"scenarios/#{scenario.id}"


def page_url(page: Page) -> str:
    """Return the address of a content page: its own, or that of the section it opens."""
    opened = {section.page: section.url for section in SECTIONS}
    return opened.get(page.id, f"{page.id}/")


def plain_pages(content: Content) -> tuple[Page, ...]:
    """Return the content pages that stand for themselves and do not open a section."""
    return tuple(page for page in content.pages if page.id not in {section.page for section in SECTIONS})
