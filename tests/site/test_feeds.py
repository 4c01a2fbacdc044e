"""What machines read: Atom, site map, robots.txt, the lists as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

from generator.core.model import Notice
from generator.site.feeds import feed, lists_json, robots, sitemap
from generator.site.plan import plan
from tests.site.builders import AS_OF, content, edition, entry

ATOM = {"a": "http://www.w3.org/2005/Atom", "s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def texts(data: bytes, path: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(data).iterfind(path, ATOM)]  # noqa: S314 - our own output


def test_the_feed_names_dated_notices_and_policies_newest_first() -> None:
    data = feed(edition(), plan(edition()))
    assert texts(data, "a:entry/a:title") == ["第一批公示", "示例县实施方案"]
    assert texts(data, "a:entry/a:id") == [
        "tag:xinyi.example,2026:notices/2026-01/",
        "tag:xinyi.example,2026:policies/shili-2026-1/",
    ]
    assert texts(data, "a:updated") == ["2026-11-16T00:00:00+08:00"]
    assert texts(data, "a:entry/a:updated") == ["2026-11-16T00:00:00+08:00", "2026-02-01T00:00:00+08:00"]


def test_an_empty_feed_was_updated_on_the_day() -> None:
    empty = edition(content=content(notices=(), policies=(), scenarios={}, merchants=(), pages=(), cases=()))
    assert texts(feed(empty, plan(empty)), "a:updated") == ["2026-11-20T00:00:00+08:00"]


def test_a_demonstration_says_so_in_the_feed() -> None:
    demo = edition(demo=True)
    assert texts(feed(demo, plan(demo)), "a:title")[0].startswith("【演示】")


def test_a_hostile_title_is_text() -> None:
    bad = edition(content=content(notices=(Notice("n", "<b>&甲", AS_OF),)))
    assert "<b>&甲" in texts(feed(bad, plan(bad)), "a:entry/a:title")


def test_the_site_map_has_every_page_but_those_with_names() -> None:
    settings = content().settings
    found = texts(sitemap(settings, plan(edition())), "s:url/s:loc")
    assert "https://xinyi.example/" in found
    assert "https://xinyi.example/policies/shili-2026-1/" in found
    assert not any("/lists/a8" in url or "/notices/2026-01" in url or "404" in url for url in found)
    assert len(set(found)) == len(found)


def test_robots() -> None:
    settings = content().settings
    assert robots(settings, demo=True).decode().splitlines()[1] == "Disallow: /"
    real = robots(settings, demo=False).decode()
    assert "Disallow: /lists/index.json" in real
    assert "Disallow: /\n" not in real
    assert "Sitemap: https://xinyi.example/sitemap.xml" in real


def test_the_lists_as_json_hold_what_the_pages_show() -> None:
    gone = replace(entry(9), until=date(2026, 11, 19))
    document = json.loads(lists_json(edition(entries=(*edition().entries, gone))))
    assert document["as_of"] == "2026-11-20"
    assert document["entries"] == [
        {
            "batch": "2025-01",
            "reference": f"T00000000{number}",
            "name": name,
            "kind": kind,
            "category": category,
            "honour": honour,
            "awarder": "示例县人民政府",
            "unit": unit,
            "since": "2026-01-15",
            "until": "2027-01-14",
        }
        for number, name, kind, category, honour, unit in (
            (1, "测*甲", "person", "A8", "优秀教师", "教育局"),
            (2, "示例有限公司", "enterprise", "B1", "A级纳税人", "税务局"),
        )
    ]
