"""The pages made of lists and bundles: notices, honour lists, downloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from generator.core.disclosure import BundleRecord
from generator.core.model import ONE_DAY, Merchant, Notice, Scenario, Window
from generator.site.edition import Edition, PagePlan, section_page, text
from generator.site.rolls import NoticeState, Roll, RollPage, in_notice, notice_state, pages, recognised, roll_url
from generator.site.sections import HOME, LISTS, MERCHANTS, NOTICES


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice on the day of the edition; its entries are there only while its period runs."""

    notice: Notice
    state: NoticeState
    period: Window | None
    rolls: tuple[Roll, ...]

    @property
    def url(self) -> str:
        """The notice's address."""
        return f"notices/{self.notice.id}/"

    @property
    def count(self) -> int:
        """How many entries it shows."""
        return sum(len(roll.entries) for roll in self.rolls)


@dataclass(frozen=True, slots=True)
class MerchantView:
    """A merchant, its scenarios, and its bundle, if one was made."""

    merchant: Merchant
    scenarios: tuple[Scenario, ...]
    bundle: BundleRecord | None

    @property
    def last_day(self) -> date | None:
        """The last day on which the bundle is accepted; it is refused from the day it expires."""
        return self.bundle.expires - ONE_DAY if self.bundle else None


def notices(edition: Edition) -> Iterator[PagePlan]:
    """Yield the list of notices and a page for each."""
    views = notice_views(edition)
    yield section_page(NOTICES, "notices.html", edition.content, views=views)
    for view in views:
        notice = view.notice
        yield PagePlan(
            url=view.url,
            template="notice.html",
            title=notice.title,
            context={"view": view, "body": text(notice.body, f"content/notices/{notice.id}.md")},
            section=NOTICES,
            description=notice.summary,
            published=notice.published,
            source=edition.content.settings.office,
            crumbs=(HOME, NOTICES),
            private=view.state is NoticeState.RUNNING,
        )


def notice_views(edition: Edition) -> tuple[NoticeView, ...]:
    """Return every notice as it stands on the day, newest first."""
    newest = sorted(edition.content.notices, key=lambda notice: (notice.published, notice.id), reverse=True)
    return tuple(_notice_view(notice, edition) for notice in newest)


def _notice_view(notice: Notice, edition: Edition) -> NoticeView:
    if notice.batch is None:
        return NoticeView(notice, NoticeState.PLAIN, None, ())
    period = edition.notices.get(notice.batch)
    state = notice_state(period, edition.as_of)
    running = state is NoticeState.RUNNING
    rolls = in_notice(edition.content, edition.entries, notice.batch, edition.as_of) if running else ()
    return NoticeView(notice, state, period, rolls)


def lists(edition: Edition) -> Iterator[PagePlan]:
    """Yield the overview of the honour lists and the pages of each category."""
    rolls = recognised(edition.content, edition.entries, edition.as_of)
    yield section_page(LISTS, "lists.html", edition.content, rolls=rolls)
    for roll in rolls:
        for page in pages(roll):
            yield _list_page(page)


def _list_page(page: RollPage) -> PagePlan:
    category = page.roll.category
    part = f"（第{page.number}页，共{page.count}页）" if page.count > 1 else ""
    return PagePlan(
        url=page.url,
        template="list.html",
        title=f"{category.code} {category.name}{part}",
        context={"page": page, "urls": tuple(roll_url(category, number) for number in range(1, page.count + 1))},
        section=LISTS,
        description=f"守信名单{category.code}类：{category.name}",
        crumbs=(HOME, LISTS),
        private=True,
    )


def merchants(edition: Edition) -> PagePlan:
    """Return the download page: every merchant with its bundle."""
    bundles = {bundle.merchant: bundle for bundle in edition.bundles}
    content = edition.content
    return section_page(
        MERCHANTS,
        "merchants.html",
        content,
        views=tuple(MerchantView(m, content.scenarios_of(m), bundles.get(m.id)) for m in content.merchants),
        root_fingerprint=edition.root_fingerprint,
        level=3,
    )
