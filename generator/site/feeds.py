"""What machines read: the Atom feed, the site map, robots.txt, and the honour lists as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import quote
from xml.etree import ElementTree as ET

from generator.core.model import Settings
from generator.site.edition import Edition, PagePlan
from generator.site.rolls import recognised
from generator.site.sections import NOTICES, POLICIES

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
IN_FEED = 50
UNLISTED = ("/lists/index.json",)
"""What search engines are asked to leave alone: a copy of theirs would outlive an entry (requirement F14)."""


def absolute(settings: Settings, url: str) -> str:
    """Return the address of a page as the world knows it."""
    return f"https://{settings.domain}/{quote(url)}"


def feed(edition: Edition, pages: Iterable[PagePlan]) -> bytes:
    """Return the Atom feed of notices and policies that have a date, newest first."""
    settings = edition.content.settings
    dated = [(page.published, page) for page in pages if page.published and page.section in (NOTICES, POLICIES)]
    newest = sorted(dated, key=lambda item: (item[0], item[1].url), reverse=True)[:IN_FEED]
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "zh-CN"})
    _add(root, "id", f"tag:{settings.domain},2026:feed")
    _add(root, "title", f"【演示】{settings.name}" if edition.demo else settings.name)
    _add(root, "updated", _midnight(newest[0][0] if newest else edition.as_of))
    ET.SubElement(root, "link", {"rel": "self", "href": absolute(settings, "feed.xml")})
    ET.SubElement(root, "link", {"rel": "alternate", "href": absolute(settings, "")})
    _add(ET.SubElement(root, "author"), "name", settings.office)
    for published, page in newest:
        entry = ET.SubElement(root, "entry")
        _add(entry, "id", f"tag:{settings.domain},{published.year}:{page.url}")
        _add(entry, "title", page.title)
        _add(entry, "published", _midnight(published))
        _add(entry, "updated", _midnight(published))
        ET.SubElement(entry, "link", {"rel": "alternate", "href": absolute(settings, page.url)})
        if page.description:
            _add(entry, "summary", page.description)
    return _document(root)


def sitemap(settings: Settings, pages: Sequence[PagePlan]) -> bytes:
    """Return sitemap.xml with every page that search engines may keep."""
    root = ET.Element("urlset", {"xmlns": SITEMAP})
    for page in sorted(pages, key=lambda page: page.url):
        if not page.private:
            url = ET.SubElement(root, "url")
            _add(url, "loc", absolute(settings, page.url))
            if page.published:
                _add(url, "lastmod", page.published.isoformat())
    return _document(root)


def robots(settings: Settings, *, demo: bool) -> bytes:
    """Return robots.txt; a demonstration is not for search engines at all."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in (("/",) if demo else UNLISTED))]
    return "\n".join([*lines, f"Sitemap: {absolute(settings, 'sitemap.xml')}", ""]).encode()


def lists_json(edition: Edition) -> bytes:
    """Return the recognised entries with what the pages show of them."""
    content = edition.content
    entries = [
        {
            "batch": entry.batch,
            "reference": entry.reference,
            "name": entry.name,
            "kind": entry.kind.value,
            "category": entry.category,
            "honour": entry.honour,
            "awarder": entry.awarder,
            "unit": content.units[entry.unit].name,
            "since": entry.since.isoformat(),
            "until": entry.until.isoformat(),
        }
        for roll in recognised(content, edition.entries, edition.as_of)
        for entry in roll.entries
    ]
    document = {"as_of": edition.as_of.isoformat(), "demo": edition.demo, "entries": entries}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+08:00"


def _document(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()
