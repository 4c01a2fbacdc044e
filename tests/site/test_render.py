"""The website as a whole: every page whole and linked, nothing from outside, nothing unescaped, the same bytes."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from generator.core.disclosure import PublicEntry, Shown
from generator.core.model import BatchId, Notice, Page, SubjectKind
from generator.errors import InputFaultsError
from generator.site.edition import Edition
from generator.site.plan import plan
from generator.site.render import relative, render
from tests.conftest import Demo
from tests.site.builders import (
    A8,
    AS_OF,
    BATCH,
    PERIOD,
    TEMPLATES,
    Document,
    content,
    edition,
    entry,
    noticed,
    parse,
    scenario,
)

MADE_ELSEWHERE = ("bundles/", "tuf/", "verify/verify.py")
"""What the rest of the build adds to the site."""
ONE_DAY = timedelta(days=1)


@cache
def standard() -> dict[str, bytes]:
    return render(edition(), TEMPLATES)


def site(**changes: object) -> dict[str, bytes]:
    """Return the site of the small edition with some values changed."""
    return render(edition(**changes), TEMPLATES) if changes else standard()


def documents(files: Mapping[str, bytes]) -> dict[str, Document]:
    return {path: parse(data) for path, data in files.items() if path.endswith(".html")}


def page(path: str, **changes: object) -> str:
    """Return the text of one page, white space taken together."""
    return " ".join(parse(site(**changes)[f"{path}index.html"]).text.split())


@pytest.fixture(scope="module")
def pages() -> dict[str, Document]:
    return documents(site(entries=tuple(entry(n) for n in range(101)) + edition().entries[1:]))


class TestEveryPage:
    """What holds on each page of the site."""

    def test_pages_are_there(self, pages: dict[str, Document]) -> None:
        wanted = ["", "notices/", "notices/2026-01/", "lists/", "lists/a8/", "lists/a8/2/", "lists/b1/", "scenarios/"]
        wanted += [
            "scenarios/canyin/",
            "measures/",
            "policies/",
            "policies/shili-2026-1/",
            "policies/no-date/",
            "cases/",
        ]
        wanted += ["cases/jieshu/", "merchants/", "categories/", "verify/", "about/", "sitemap/"]
        assert set(pages) == {f"{url}index.html" for url in wanted} | {"404.html"}

    def test_language_title_landmarks_and_one_heading(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            assert document.all("html")[0].attributes["lang"] == "zh-CN", path
            assert [len(document.all(tag)) for tag in ("title", "header", "main", "footer", "h1")] == [1] * 5, path
            assert all(
                "aria-label" in n.attributes or "aria-labelledby" in n.attributes for n in document.all("nav")
            ), path
            assert document.all("a")[0].attributes["href"] == "#main", path

    def test_titles_differ(self, pages: dict[str, Document]) -> None:
        titles = [document.title for document in pages.values()]
        assert len(set(titles)) == len(titles)

    def test_headings_skip_no_level(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            levels = [int(e.tag[1]) for e in document.elements if re.fullmatch("h[1-6]", e.tag)]
            assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False)), (path, levels)

    def test_ids_differ_and_labels_point_at_something(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            ids = [e.attributes["id"] for e in document.elements if "id" in e.attributes]
            assert len(set(ids)) == len(ids), path
            labels = {e.attributes["aria-labelledby"] for e in document.elements if "aria-labelledby" in e.attributes}
            assert labels <= set(ids), path

    def test_header_cells_have_a_scope_and_images_an_alternative(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            assert all("scope" in e.attributes for e in document.all("th")), path
            assert all("alt" in e.attributes for e in document.all("img")), path
            assert len(document.all("table")) == len(document.all("caption")) or "policies" in path, path

    def test_nothing_inline_and_nothing_from_outside(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            assert not {e.tag for e in document.elements} & {"script", "style", "iframe", "object", "form", "base"}, (
                path
            )
            for element in document.elements:
                assert not any(name == "style" or name.startswith("on") for name in element.attributes), path
                for name in ("src", "srcset", "data", "poster"):
                    assert "//" not in element.attributes.get(name, ""), path
                if element.tag == "link":
                    assert "//" not in element.attributes["href"], path

    def test_a_strict_policy_by_meta_tag(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            policy = [m for m in document.all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"]
            assert "default-src 'none'" in policy[0].attributes["content"], path
            assert "unsafe" not in policy[0].attributes["content"], path

    def test_dates_are_chinese_in_time_elements(self, pages: dict[str, Document]) -> None:
        for path, document in pages.items():
            days = {e.attributes["datetime"] for e in document.all("time")}
            assert "2026-11-20" in days, path
            assert "本页生成日期：2026年11月20日" in document.text, path
            assert not re.search(r"\d{4}-\d{2}-\d{2}(?!\d)", document.text), path

    def test_government_meta_tags(self, pages: dict[str, Document]) -> None:
        policy = pages["policies/shili-2026-1/index.html"]
        expected = {
            "SiteName": "信易+ 测试",
            "SiteDomain": "xinyi.example",
            "SiteIDCode": "9900000001",
            "ColumnName": "政策文件",
            "ColumnType": "政策文件",
            "ArticleTitle": "示例县实施方案",
            "PubDate": "2026-02-01",
            "ContentSource": "示例县信用办",
            "Url": "https://xinyi.example/policies/shili-2026-1/",
        }
        assert {name: policy.meta(name) for name in expected} == expected
        assert pages["policies/index.html"].meta("ArticleTitle") is None


class TestLinks:
    """All links are relative and lead to a file, and to a place in it."""

    def targets(self, path: str, document: Document) -> Iterator[tuple[str, str]]:
        for element in document.elements:
            href = element.attributes.get("href") or element.attributes.get("src")
            if href is None or href.startswith(("mailto:", "https://xinyi.example/")):
                continue
            parts = urlsplit(href)
            if parts.scheme:
                assert parts.scheme == "https", (path, href)
                assert element.attributes["rel"] == "noopener noreferrer", (path, href)
                continue
            assert not parts.path.startswith("/"), (path, href)
            file = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
            )
            yield file, unquote(parts.fragment)

    def check(self, files: Mapping[str, bytes], elsewhere: tuple[str, ...] = MADE_ELSEWHERE) -> int:
        pages = documents(files)
        seen = 0
        for path, document in pages.items():
            for file, fragment in self.targets(path, document):
                assert file in files or file.startswith(elsewhere), (path, file)
                if fragment:
                    assert fragment in {e.attributes.get("id") for e in pages[file].elements}, (path, file, fragment)
                seen += 1
        return seen

    def test_of_the_small_edition(self) -> None:
        assert self.check(site()) > 300

    def test_of_the_demonstration_with_everything_the_build_adds(self, demo: Demo) -> None:
        root = demo.root / "build" / "site"
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        assert self.check(files, elsewhere=()) > 1000

    def test_outside_links_say_so(self) -> None:
        assert "外站（外部链接）" in page("about/")
        assert "政府网站找错（外部链接）" in page("")

    def test_relative(self) -> None:
        assert relative("", "policies/") == "policies/index.html"
        assert relative("notices/2026-01/", "") == "../../index.html"
        assert relative("lists/a8/2/", "lists/a8/") == "../index.html"
        assert relative("lists/a8/", "lists/index.json") == "../index.json"
        assert relative("404.html", "assets/site.css") == "assets/site.css"
        assert relative("a/", "measures/#m-1") == "../measures/index.html#m-1"

    def test_a_page_is_reached_from_the_home_page(self) -> None:
        files = site()
        pages = documents(files)
        found, queue = {"index.html"}, ["index.html"]
        while queue:
            path = queue.pop()
            for file, _ in self.targets(path, pages[path]):
                if file in pages and file not in found:
                    found.add(file)
                    queue.append(file)
        assert found == set(pages) - {"404.html"}


class TestNotice:
    """A notice shows its entries while its period runs, and never before or after."""

    def test_while_it_runs(self) -> None:
        text = page("notices/2026-01/")
        assert "公示至2026年11月25日（星期三）止" in text
        for shown in ("公*乙", "示例合作社", "优秀教师", "教育局", "T000000003", "示例路1号", "0000-0000000", "异议书"):
            assert shown in text, shown

    def test_on_its_last_day(self) -> None:
        assert "公*乙" in page("notices/2026-01/", as_of=PERIOD.not_after)

    @pytest.mark.parametrize(
        ("as_of", "said"),
        [
            (PERIOD.not_after + ONE_DAY, "公示期已于2026年11月25日（星期三）结束"),
            (date(2026, 11, 16), "公示还没有开始。从2026年11月17日（星期二）起公示。"),
        ],
        ids=["ended", "before"],
    )
    def test_outside_its_period(self, as_of: date, said: str) -> None:
        period = PERIOD if as_of > PERIOD.not_after else replace(PERIOD, not_before=date(2026, 11, 17))
        files = site(as_of=as_of, notices={BATCH: period})
        assert said in " ".join(parse(files["notices/2026-01/index.html"]).text.split())
        for path, data in files.items():
            assert "公*乙".encode() not in data, path
            assert b"T000000003" not in data, path

    def test_of_a_batch_whose_notice_has_no_date_yet(self) -> None:
        assert "公示还没有开始。开始日期确定以后在这里公布。" in page("notices/2026-01/", notices={})

    def test_of_a_later_day_is_not_there(self) -> None:
        later = Notice("later", "以后的通知", AS_OF + ONE_DAY, body="以后")
        files = site(content=content(notices=(*content().notices, later)))
        assert not any("later" in path or "以后的通知".encode() in data for path, data in files.items())

    def test_without_a_batch_is_a_plain_announcement(self) -> None:
        plain = Notice("tongzhi", "报送通知", AS_OF, body="请报送。")
        text = page("notices/tongzhi/", content=content(notices=(plain,)))
        assert "请报送。" in text
        assert "异议书" not in text

    def test_the_home_page_names_the_last_day(self) -> None:
        assert "公示至2026年11月25日（星期三）止，共2条" in page("")
        assert "正在公示 第一批" not in page("", as_of=PERIOD.not_after + ONE_DAY)


class TestLists:
    """Honour lists: what is recognised and valid, by category, a hundred a page."""

    def test_an_entry_with_all_that_may_be_told(self) -> None:
        text = page("lists/a8/")
        for shown in ("测*甲", "优秀教师", "示例县人民政府", "教育局", "T000000001", "2027年1月14日"):
            assert shown in text, shown
        assert "公*乙" not in text

    def test_pagination(self) -> None:
        files = site(entries=tuple(entry(n) for n in range(201)))
        tables = [parse(files[f"lists/a8/{part}index.html"]) for part in ("", "2/", "3/")]
        assert [len(table.all("tr")) - 1 for table in tables] == [100, 100, 1]
        current = [a.attributes["aria-label"] for a in tables[1].all("a") if a.attributes.get("aria-current") == "page"]
        assert "第2页" in current

    def test_a_category_without_entries_keeps_its_page(self) -> None:
        assert "这一类没有有效的条目" in page("lists/a8/", entries=())

    def test_search_engines_are_asked_not_to_keep_names(self) -> None:
        for path, document in documents(site()).items():
            named = path.startswith("lists/") and path != "lists/index.html"
            wanted = "noindex, noarchive" if named or path in ("notices/2026-01/index.html", "404.html") else None
            assert document.meta("robots") == wanted, path

    def test_organisations_stand_in_full(self) -> None:
        assert "示例有限公司" in page("lists/b1/")


class TestPages:
    """What each kind of page says."""

    def test_a_policy_says_what_is_not_known(self) -> None:
        text = page("policies/no-date/")
        for label in ("索引号", "主题分类", "成文日期", "发文字号", "发布日期"):
            assert f"{label} 未注明" in text
        assert "发文字号 示信办〔2026〕1号" in page("policies/shili-2026-1/")

    def test_a_basis_is_a_link_only_when_it_is_on_this_site(self) -> None:
        document = parse(site()["policies/shili-2026-1/index.html"])
        links = [a.attributes["href"] for a in document.all("a")]
        assert "../no-date/index.html" in links
        assert "《外地条例》" in document.text
        assert "本站未收录" in document.text

    def test_a_scenario_tells_who_what_where_and_how(self) -> None:
        text = page("scenarios/canyin/")
        for said in (
            "符合下列任意一条就可以享受： 信用积分在1050分以上（含1050分）",
            "吃饭打九八折",
            "示例饭馆",
            "示例县（试点）",
            "堂食才有",
            "责任单位 税务局",
            "配合单位 教育局",
            "2026年3月1日",
            "示例县实施方案",
            "编者说明",
        ):
            assert said in text, said

    def test_a_planned_scenario_is_a_line_without_a_page(self) -> None:
        assert "已公布、细则待定" in page("scenarios/")
        assert "信易贷" in page("scenarios/")
        assert "scenarios/dai/index.html" not in site()

    def test_a_scenario_without_an_audience_does_not_stop_the_site(self) -> None:
        lone = scenario(audience=None, units=(), policy=None, since=None, benefit_kinds=(), body="")
        text = page("scenarios/canyin/", content=content(scenarios={lone.id: lone}, notices=(), policies=(), pages=()))
        assert "谁可以用 未注明" in text

    def test_measures_count_their_gaps_and_say_their_flags(self) -> None:
        text = page("measures/")
        assert "共2条，序号1到3，原文没有第2号" in text
        assert "原文只有题目 原文所写层级不对（市） 只有四个字" in text

    def test_a_download_tells_everything_about_its_file(self) -> None:
        document = parse(site()["merchants/index.html"])
        text = " ".join(document.text.split())
        for said in ("第7版", "2026年11月20日", "可以用到 2026年12月29日", "20.0 KB", "0123456789abcdef" * 4, "已暂停"):
            assert said in text, said
        assert "0123 4567 89ab cdef" in text
        links = [a.attributes["href"] for a in document.all("a")]
        assert links.count("../bundles/fanguan.zip") == 1
        assert "../verify/verify.py" in links
        assert not any("tingye" in link for link in links)

    def test_without_keys_there_is_no_fingerprint(self) -> None:
        assert "还没有生成密钥" in page("verify/", root_fingerprint="", bundles=())

    def test_an_invented_case_says_so(self) -> None:
        assert "虚构示例" in page("cases/jieshu/")
        assert "虚构示例" in page("cases/")

    def test_content_pages_open_their_sections(self) -> None:
        assert "先准备" in page("verify/")
        assert "商户怎样参加" in page("merchants/")

    def test_everything_empty(self) -> None:
        bare = content(
            measures=(), policies=(), scenarios={}, merchants=(), notices=(), cases=(), pages=(), categories={}
        )
        files = site(content=bare, entries=(), bundles=(), notices={}, batches={}, root_fingerprint="")
        assert TestLinks().check(files) > 100


class TestDemo:
    """A demonstration cannot be taken for the real thing."""

    def test_every_page_says_it_on_top_and_in_its_title(self) -> None:
        for path, document in documents(site(demo=True)).items():
            assert "演示站点" in document.text, path
            assert document.title.startswith("【演示】"), path
            assert document.meta("robots") == "noindex, noarchive", path

    def test_a_real_site_does_not(self) -> None:
        for path, data in site().items():
            assert "演示".encode() not in data or path.endswith((".css", ".svg")), path


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'


class TestEscaping:
    """Text from a list or from content is text, whatever it holds."""

    def test_hostile_entries(self) -> None:
        bad = {"name": HOSTILE, "honour": HOSTILE, "awarder": HOSTILE, "reference": HOSTILE}
        files = site(entries=(entry(1, **bad), noticed(2, **bad)))
        for path, document in documents(files).items():
            assert not document.all("script"), path
            assert not any("onerror" in e.attributes for e in document.elements), path
            assert "49" not in document.text.split("{{ 7*7 }}")[0][-3:], path
        assert parse(files["lists/a8/index.html"]).text.count(HOSTILE) == 4
        assert parse(files["notices/2026-01/index.html"]).text.count(HOSTILE) == 4

    def test_hostile_content(self) -> None:
        settings = replace(content().settings, name=HOSTILE, office=HOSTILE, description=HOSTILE)
        bad = content(
            settings=settings,
            pages=(Page("about", HOSTILE, HOSTILE, HOSTILE),),
            notices=(Notice("n", HOSTILE, AS_OF, BATCH, HOSTILE, HOSTILE),),
        )
        for path, document in documents(site(content=bad)).items():
            assert not document.all("script"), path
            assert not any("onerror" in e.attributes for e in document.elements), path

    def test_no_template_switches_it_off(self) -> None:
        for template in TEMPLATES.glob("*.html"):
            text = template.read_text(encoding="utf-8")
            assert not re.search(r"\|\s*safe\b|autoescape", text), template.name


class TestFaults:
    """What is wrong in texts and templates stops the site, all of it at once, with its place."""

    def test_an_undefined_name_in_a_template(self, tmp_path: Path) -> None:
        templates = shutil.copytree(TEMPLATES, tmp_path / "templates")
        (templates / "case.html").write_text("甲\n{{ nonsense }}", encoding="utf-8")
        (templates / "list.html").write_text("{% if %}", encoding="utf-8")
        with pytest.raises(InputFaultsError) as caught:
            render(edition(), templates)
        places = {str(fault.place) for fault in caught.value.faults}
        assert places == {"templates/case.html:2", "templates/list.html:1"}

    def test_links_to_nowhere_in_several_texts(self) -> None:
        pages = (Page("about", "甲", body="[一](page:nowhere)"), Page("privacy", "乙", body="字\n\n[二](scenario:no)"))
        with pytest.raises(InputFaultsError) as caught:
            site(content=content(pages=pages))
        assert [str(fault.place) for fault in caught.value.faults] == [
            "content/pages/about.md › 正文第1行",
            "content/pages/privacy.md › 正文第3行",
        ]

    @pytest.mark.parametrize("name", ["verify", "bundles", "measures/x"])
    def test_a_page_in_the_way_of_another(self, name: str) -> None:
        pages = (Page(name, "甲"), *((Page(name, "乙"),) if "/" in name else ()))
        with pytest.raises(InputFaultsError, match="地址"):
            plan(edition(content=content(pages=pages)))


class TestSameBytes:
    """Equal input gives equal bytes."""

    def test_twice(self) -> None:
        assert render(edition(), TEMPLATES) == render(edition(), TEMPLATES)

    def test_whatever_the_order_of_the_entries(self) -> None:
        assert site() == site(entries=tuple(reversed(edition().entries)))


def values(thing: object) -> Iterator[object]:
    """Yield a value and everything it is made of."""
    yield thing
    if is_dataclass(thing):
        for field in fields(thing):
            yield from values(getattr(thing, field.name))
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from values(key)
            yield from values(value)
    elif isinstance(thing, tuple | list):
        for value in thing:
            yield from values(value)


class TestPrivacy:
    """Of lists/ nothing but ``PublicEntry`` reaches a template."""

    PLAIN = (str, int, bool, date, Enum, type(None), tuple, list, Mapping)
    FORBIDDEN = (
        "Person",
        "Organisation",
        "Nomination",
        "Standing",
        "Facts",
        "Lists",
        "Snapshot",
        "Decision",
        "Objection",
    )

    def test_only_known_kinds_of_values(self) -> None:
        seen: set[str] = set()
        for planned in plan(edition()):
            for value in values(planned.context):
                if not isinstance(value, self.PLAIN):
                    seen.add(type(value).__qualname__)
        assert "PublicEntry" in seen
        assert not seen & set(self.FORBIDDEN)
        assert "Edition" not in seen

    def test_an_entry_has_no_field_for_a_number(self) -> None:
        names = {field.name for field in fields(PublicEntry)}
        assert names == {
            "batch", "reference", "name", "kind", "category", "honour", "awarder", "unit", "shown_as", "since", "until",
        }  # fmt: skip

    def test_the_edition_has_no_other_way_in(self) -> None:
        names = {field.name for field in fields(Edition)}
        assert names == {
            "content", "batches", "notices", "entries", "bundles", "root_fingerprint", "as_of", "demo",
        }  # fmt: skip


def test_entries_of_every_kind_are_shown() -> None:
    kinds = tuple(entry(n, kind=kind, name=f"示例{kind.name}") for n, kind in enumerate(SubjectKind))
    text = page("lists/a8/", entries=kinds)
    assert all(f"示例{kind.name}" in text for kind in SubjectKind)


def test_an_entry_of_another_batch_is_not_in_this_notice() -> None:
    other = noticed(5, batch=BatchId("2026-02"), name="别*批", category=A8, shown_as=Shown.IN_NOTICE)
    assert "别*批" not in page("notices/2026-01/", entries=(other,))
