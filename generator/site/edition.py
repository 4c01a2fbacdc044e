"""Everything one build puts on the site, and a page of it, as plain values.

A page's ``context`` is all its template gets to see of it. Nothing here knows how a page looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from generator.core.disclosure import BundleRecord, PublicEntry
from generator.core.model import Batch, BatchId, Content, Window
from generator.errors import Place
from generator.site.markdown import Text
from generator.site.sections import HOME, Section


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything one build puts on the site, as values."""

    content: Content
    batches: Mapping[BatchId, Batch]
    notices: Mapping[BatchId, Window]
    """The notice period of each batch that has had one started."""
    entries: tuple[PublicEntry, ...]
    """Already disclosed; nothing else of lists/ is known to the site."""
    bundles: tuple[BundleRecord, ...]
    root_fingerprint: str
    """SHA-256 of 1.root.json in hex, empty when there are no keys."""
    as_of: date
    demo: bool


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page: where it goes, what makes it, and what its meta tags say.

    ``crumbs`` lead from the home page to the page's parent; a page with ``private`` entries (names that must be
    gone when they expire) asks search engines not to keep it.
    """

    url: str
    template: str
    title: str
    context: Mapping[str, object]
    section: Section | None = None
    description: str = ""
    published: date | None = None
    source: str = ""
    crumbs: tuple[Section, ...] = ()
    private: bool = False
    keywords: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The page's file."""
        return f"{self.url}index.html" if self.url.endswith("/") or not self.url else self.url


def published(content: Content, as_of: date) -> Content:
    """Return the content without the notices and cases of later days."""
    return replace(
        content,
        notices=tuple(notice for notice in content.notices if notice.published <= as_of),
        cases=tuple(case for case in content.cases if case.published <= as_of),
    )


def section_page(section: Section, template: str, content: Content, *, level: int = 2, **context: object) -> PagePlan:
    """Return the opening page of a section, with the text of its content page, if there is one."""
    page = next((page for page in content.pages if page.id == section.page), None)
    intro = text(page.body, f"content/pages/{page.id}.md", "", level) if page else None
    return PagePlan(
        url=section.url,
        template=template,
        title=section.title,
        context={"intro": intro, "intro_title": page.title if page else "", **context},
        section=section,
        description=(page.summary if page else "") or section.description,
        crumbs=(HOME,) if section.url else (),
    )


def text(body: str, path: str, prefix: str = "", level: int = 2) -> Text:
    """Return a text of content/, ready to be rendered."""
    return Text(body, Place(path), prefix, level)
