"""The style sheet: nothing from outside, and colours that can be read (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

import pytest

from tests.site.builders import TEMPLATES

CSS = (TEMPLATES / "assets" / "site.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", CSS.partition("}")[0]))
ON_PAPER = [(text, ground) for text in ("ink", "muted", "link", "deep", "gold") for ground in ("paper", "card", "wash")]
PAIRS = [*ON_PAPER, ("ink", "gold-wash"), ("gold", "gold-wash"), ("link", "gold-wash"), ("green", "card")]
ON_DARK = [("#ffffff", ground) for ground in ("green", "deep", "red")] + [("#dcebe3", "green"), ("#e6efe9", "deep")]


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("text", "ground"), [*PAIRS, *ON_DARK])
def test_text_can_be_read_on_its_ground(text: str, ground: str) -> None:
    assert contrast(COLOURS.get(text, text), COLOURS[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["paper", "card", "gold-wash"])
def test_the_focus_ring_can_be_seen(ground: str) -> None:
    assert contrast(COLOURS["focus"], COLOURS[ground]) >= 3


def test_nothing_is_fetched() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:", CSS)
