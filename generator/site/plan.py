"""All pages of the site, planned as plain values before any is rendered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from generator.errors import Faults, Place
from generator.site.content_pages import cases, categories, measures, newest_policies, plain, policies, scenarios
from generator.site.edition import Edition, PagePlan, published, section_page
from generator.site.list_pages import lists, merchants, notice_views, notices
from generator.site.rolls import NoticeState, RollPage, recognised
from generator.site.sections import HOME, RESERVED, SECTIONS, SITEMAP, VERIFY

__all__ = ["Edition", "PagePlan", "plan"]

ON_HOME = 6
"""How many scenarios, notices and policies the home page names."""


def plan(edition: Edition) -> tuple[PagePlan, ...]:
    """Return every page of the site; two pages with one address are a fault."""
    edition = replace(edition, content=published(edition.content, edition.as_of))
    planned = [
        _home(edition),
        *notices(edition),
        *lists(edition),
        *scenarios(edition.content),
        measures(edition.content),
        *policies(edition.content),
        *cases(edition.content),
        merchants(edition),
        categories(edition.content),
        section_page(VERIFY, "verify.html", edition.content, root_fingerprint=edition.root_fingerprint),
        *plain(edition.content),
    ]
    planned.append(section_page(SITEMAP, "sitemap.html", edition.content, groups=_by_section(planned)))
    planned.append(PagePlan("404.html", "404.html", "没有找到这个页面", {}, private=True))
    _check_addresses(planned)
    return tuple(planned)


def _home(edition: Edition) -> PagePlan:
    content = edition.content
    views = notice_views(edition)
    active = tuple(scenario for scenario in content.scenarios.values() if scenario.status == "active")
    return section_page(
        HOME,
        "home.html",
        content,
        running=tuple(view for view in views if view.state is NoticeState.RUNNING),
        newest=views[:ON_HOME],
        scenarios=active[:ON_HOME],
        active=len(active),
        policies=newest_policies(content)[:ON_HOME],
        recognised=sum(len(roll.entries) for roll in recognised(content, edition.entries, edition.as_of)),
    )


def _by_section(planned: Iterable[PagePlan]) -> tuple[tuple[str, tuple[PagePlan, ...]], ...]:
    """Group pages for the site map; continued pages of a list are left out."""
    groups: dict[str, list[PagePlan]] = {section.title: [] for section in SECTIONS if section is not SITEMAP}
    for page in planned:
        rest = page.context.get("page")
        if not (isinstance(rest, RollPage) and rest.number > 1):
            groups.setdefault(page.section.title if page.section else "关于本站", []).append(page)
    return tuple((title, tuple(found)) for title, found in groups.items())


def _check_addresses(planned: Iterable[PagePlan]) -> None:
    """Stop at two pages with one address, and at one that would stand in the way of files of the site."""
    faults = Faults()
    seen: dict[str, PagePlan] = {}
    for page in planned:
        if page.url in seen:
            message = f"与“{seen[page.url].title}”用了同一个地址 {page.url}"
            faults.add(Place("content", field=page.title), message, "给其中一页换个编号")
        if page.url.split("/")[0] in RESERVED:
            faults.add(Place("content", field=page.title), f"地址 {page.url} 留给网站自己用", "给这一页换个编号")
        seen[page.url] = page
    faults.stop_if_any()
