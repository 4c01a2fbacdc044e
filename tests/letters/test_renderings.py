"""The page and the Word file: the same words, in the same order, readable by those who read such files."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docx import Document
from docx.shared import Mm
from docx.table import Table

from generator.core.wording import day
from generator.letters.letter import Copied, Letter, Text, lines
from generator.letters.page import page
from generator.letters.word import word
from tests.browser import CHROMIUM, FLAGS, require_chromium
from tests.letters.samples import OFFICE, SAMPLES, TODAY


class _Words(HTMLParser):
    """Collects the text of each cell, paragraph and line of the body."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "body"
        if tag in ("p", "h1", "h2", "th", "td", "b", "code"):
            self.found.append("")
        assert tag not in ("script", "link", "img", "iframe")
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.found[-1] += data


def words_of_page(data: bytes) -> list[str]:
    parser = _Words()
    parser.feed(data.decode())
    return parser.found


def words_of_docx(data: bytes) -> list[str]:
    found: list[str] = []
    for part in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(part, Table):
            found += [cell.text for row in part.rows for cell in row.cells]
        else:
            found.append(part.text)
    return found


def words(letter: Letter) -> list[str]:
    return [cell for line in lines(letter) for cell in line.split("\t")]


@pytest.mark.parametrize("name", SAMPLES)
def test_both_say_what_the_letter_says(name: str) -> None:
    letter = SAMPLES[name]
    assert words_of_page(page(letter)) == words(letter)
    assert words_of_docx(word(letter)) == words(letter)


HOSTILE = "<script>alert(1)</script> & \x00\x0b]]> 甲\n乙"


def test_what_is_written_in_a_field_stays_text() -> None:
    letter = Letter(HOSTILE, HOSTILE, (Text(HOSTILE), Copied(HOSTILE, (HOSTILE,))), "甲", TODAY, contact=HOSTILE)
    assert words_of_page(page(letter)) == words(letter) == words_of_docx(word(letter))
    assert b"<script" not in page(letter)


def test_a_page_fetches_nothing() -> None:
    text = page(SAMPLES["merchant"]).decode()
    assert "default-src 'none'" in text
    assert not re.search(r"https?:|url\(|@import", text)


def test_equal_letters_have_equal_bytes() -> None:
    for letter in SAMPLES.values():
        assert (page(letter), word(letter)) == (page(letter), word(letter))


def test_a_word_file_says_nothing_of_when_and_by_whom_it_was_made() -> None:
    letter = SAMPLES["apology"]
    with zipfile.ZipFile(io.BytesIO(word(letter))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
    properties = Document(io.BytesIO(word(letter))).core_properties
    assert (properties.author, properties.last_modified_by, properties.comments) == ("", "", "")
    assert properties.created == properties.modified
    assert properties.created
    assert properties.created.date() == letter.day


def test_a_word_file_is_a4_with_the_margins_of_an_official_letter() -> None:
    (section,) = Document(io.BytesIO(word(SAMPLES["apology"]))).sections
    sizes = (section.page_width, section.page_height, section.top_margin, section.left_margin)
    assert [round(size / Mm(1)) for size in sizes if size] == [210, 297, 37, 28]


@pytest.mark.browser
@pytest.mark.parametrize(("name", "pages"), [("reporter-upheld", 1), ("apology", 2), ("merchant", 2)])
def test_a_page_prints_on_a4(name: str, pages: int, tmp_path: Path) -> None:
    require_chromium()
    (tmp_path / "letter.html").write_bytes(page(SAMPLES[name]))
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    printed = tmp_path / "letter.pdf"
    subprocess.run(
        [*command, f"--print-to-pdf={printed}", (tmp_path / "letter.html").as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pdf = printed.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == pages
    (width, height), *_ = (tuple(map(float, box)) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert (round(width), round(height)) == (595, 842)


def test_signature_and_date_stand_at_the_end() -> None:
    letter = SAMPLES["returned"]
    assert words(letter)[-3:] == [OFFICE.unit, day(letter.day), OFFICE.contact]
