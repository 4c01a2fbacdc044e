"""``make screenshot``: README's picture of the demo site, home page on a desk and on a phone side by side."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, FLAGS

REPOSITORY = Path(__file__).parent.parent
HOME = (REPOSITORY / "build" / "site" / "index.html").as_uri()
HEIGHT = 844


def main() -> None:
    """Take both pictures and lay them side by side on one canvas."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        shots = []
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            page.goto(HOME)
            shots.append((width, base64.b64encode(page.screenshot()).decode()))
        canvas = browser.new_page(viewport={"width": 1280 + 390 + 60, "height": HEIGHT + 40})
        images = "".join(
            f'<img width="{width}" src="data:image/png;base64,{shot}" style="border:1px solid #bbb;margin-left:20px">'
            for width, shot in shots
        )
        canvas.set_content(f'<body style="margin:20px 0;display:flex;background:#e8e8e4">{images}</body>')
        target = REPOSITORY / "docs" / "images" / "home.png"
        target.parent.mkdir(exist_ok=True)
        canvas.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    main()
