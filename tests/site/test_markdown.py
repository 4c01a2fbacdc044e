"""Markdown made for Chinese: goldens, links by name, faults."""

import pytest

from generator.errors import Faults, Place
from generator.site.markdown import Heading, Links, Rendered, Text, render_markdown

PLACE = Place("content/pages/a.md")
LINKS = Links({"policy:x": "policies/x/", "measures": "measures/"}, lambda url: f"../{url}")


def rendered(source: str, *, level: int = 2, prefix: str = "") -> Rendered:
    faults = Faults()
    result = render_markdown(Text(source, PLACE, prefix, level), LINKS, faults)
    assert not faults.found
    return result


def html(source: str) -> str:
    return str(rendered(source).html).strip()


GOLDENS = {
    "emphasis before a Han character": ("**通知：**各单位", "<p><strong>通知：</strong>各单位</p>"),
    "emphasis after a Han character": ("本站**“信易+”**场景", "<p>本站<strong>“信易+”</strong>场景</p>"),
    "emphasis between brackets": (
        "（**试行**）方案**（试行）**。",
        "<p>（<strong>试行</strong>）方案<strong>（试行）</strong>。</p>",
    ),
    "emphasis that ends in a half-width bracket": ("**甲(试行)**乙", "<p><strong>甲(试行)</strong>乙</p>"),
    "nothing to emphasise": ("甲 ** 乙 ** 丙", "<p>甲 ** 乙 ** 丙</p>"),
    "latin as ever": ("a*b*c **d**", "<p>a<em>b</em>c <strong>d</strong></p>"),
    "a line break between Han characters": ("第一行\n第二行", "<p>第一行第二行</p>"),
    "a line break between words": ("one\ntwo", "<p>one\ntwo</p>"),
    "raw HTML": ("<b onclick=x>甲</b>", "<p>&lt;b onclick=x&gt;甲&lt;/b&gt;</p>"),
    "a link by name": ("[甲](policy:x)", '<p><a href="../policies/x/">甲</a></p>'),
    "a link to a place on a page": ("[甲](measures#m-1)", '<p><a href="../measures/#m-1">甲</a></p>'),
    "a link to this page": ("[甲](#b)", '<p><a href="#b">甲</a></p>'),
    "mail": ("[甲](mailto:a@b.example)", '<p><a href="mailto:a@b.example">甲</a></p>'),
    "a link outside": (
        "[甲](https://a.example/b)",
        '<p><a href="https://a.example/b" rel="noopener noreferrer" class="external">甲（外部链接）</a></p>',
    ),
    "no link to a script": ("[甲](javascript:alert(1))", "<p>[甲](javascript:alert(1))</p>"),
}


@pytest.mark.parametrize(("source", "expected"), GOLDENS.values(), ids=GOLDENS)
def test_golden(source: str, expected: str) -> None:
    assert html(source) == expected


def test_headings_start_at_the_level_of_the_page_and_ids_differ() -> None:
    result = rendered("# 一、总则\n\n## 范围\n\n# 范围", level=3, prefix="part-1-")
    assert result.headings == (
        Heading(3, "part-1-一-总则", "一、总则"),
        Heading(4, "part-1-范围", "范围"),
        Heading(3, "part-1-范围-2", "范围"),
    )
    assert '<h4 id="part-1-范围">范围</h4>' in result.html


def test_table_cells_know_their_column() -> None:
    table = html("| 甲 | 乙 |\n|---|---|\n| 一 | [二](measures) |\n| 三 | 四 |")
    assert table.count('<th scope="col">') == 2
    assert '<td data-label="甲">一</td>' in table
    assert '<td data-label="乙"><a href="../measures/">二</a></td>' in table
    assert '<td data-label="甲">三</td>' in table


def test_a_link_to_nothing_and_an_image_are_faults_with_their_line() -> None:
    faults = Faults()
    render_markdown(Text("一\n\n看[甲](polcy:x)和![图](a.png)", PLACE), LINKS, faults)
    assert [str(fault.place) for fault in faults.found] == ["content/pages/a.md › 正文第3行"] * 2
    assert faults.found[0].message == "链接指向不存在的页面 polcy:x"
    assert faults.found[0].advice == "是不是想写 policy:x"
    assert faults.found[1].message == "正文里暂时不能放图片"


def test_relative_paths_and_other_sites_of_the_web_are_not_pages() -> None:
    faults = Faults()
    render_markdown(Text("[甲](../measures/) [乙](//a.example/) [丙](ftp://a.example/)", PLACE), LINKS, faults)
    assert len(faults.found) == 3
