"""The site in Chromium, opened from disk: it fits a phone, breaks no policy, has its style, works by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, sync_playwright

from generator.site.render import render
from tests.browser import CHROMIUM, FLAGS, require_chromium
from tests.site.builders import TEMPLATES, edition, entry

pytestmark = pytest.mark.browser
GREEN = "rgb(20, 82, 63)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    entries = (*edition().entries, *(entry(n, honour="很长的荣誉名称" * 4) for n in range(10, 130)))
    for path, data in render(edition(demo=True, entries=entries), TEMPLATES).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_every_page_fits_and_has_its_style_without_a_word_on_the_console(
    browser: Browser, site: Path, width: int
) -> None:
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    page = browser.new_page(viewport={"width": width, "height": 844}, java_script_enabled=True)
    page.on("console", note)
    page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
    for file in sorted(site.rglob("*.html")):
        page.goto(file.as_uri())
        name = file.relative_to(site).as_posix()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate("getComputedStyle(document.querySelector('header.site')).backgroundColor") == GREEN, name
        assert page.evaluate("document.querySelector('header.site img').naturalWidth") > 0, name
        assert page.locator(".demo").is_visible(), name
        assert not said, (name, said)
    page.close()


def test_type_is_large_and_lines_have_room(browser: Browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((site / "about" / "index.html").as_uri())
    size, height = page.evaluate(
        "(s => [parseFloat(s.fontSize), parseFloat(s.lineHeight)])(getComputedStyle(document.querySelector('main p')))"
    )
    assert size >= 18
    assert height / size >= 1.7
    page.close()


def test_the_menu_can_be_hit_with_a_thumb(browser: Browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((site / "index.html").as_uri())
    for selector in (".menu a", ".button"):
        for box in (item.bounding_box() for item in page.locator(selector).all()):
            assert box
            assert min(box["width"], box["height"]) >= 44, selector
    page.close()


def test_the_keyboard_finds_the_text_first_and_sees_where_it_is(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_links_work_from_disk(browser: Browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="看公示名单").click()
    assert page.url.endswith("notices/2026-01/index.html#entries")
    page.get_by_role("navigation", name="当前位置").get_by_role("link", name="首页").click()
    assert page.url == (site / "index.html").as_uri()
    page.close()
