"""A letter as a printable page: one HTML file for A4 paper that fetches nothing, in the manner of GB/T 9704 (公文格式).

Margins and sizes are those of that standard: 37, 26, 35 and 28 mm; the title in 22 pt, the text in 16 pt with 28 pt
from line to line.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from generator.core.wording import day
from generator.letters.letter import Copied, Grid, Heading, Letter, Part, Text, plain

_STYLE = """
@page {
  size: A4; margin: 37mm 26mm 35mm 28mm;
  @bottom-center { content: "— " counter(page) " —"; font: 14pt SimSun, 宋体, "Noto Serif CJK SC", serif; }
}
:root {
  --song: SimSun, 宋体, STSong, "Noto Serif CJK SC", serif;
  --fang: FangSong, 仿宋_GB2312, STFangsong, "Noto Serif CJK SC", serif;
  --hei: SimHei, 黑体, STHeiti, "Noto Sans CJK SC", sans-serif;
  --mono: Consolas, "DejaVu Sans Mono", "Courier New", monospace;
}
* { box-sizing: border-box; }
html { background: #fff; color: #000; }
body { margin: 0 auto; font: 16pt/28pt var(--fang); overflow-wrap: anywhere; }
h1 { margin: 0 0 28pt; font: bold 22pt/34pt var(--song); text-align: center; text-wrap: balance; }
h2 { margin: 0; font: normal 16pt/28pt var(--hei); text-indent: 2em; break-after: avoid; }
p { margin: 0; text-align: justify; }
.text { text-indent: 2em; orphans: 2; widows: 2; }
.marking { margin-bottom: 12pt; font-family: var(--hei); }
table { width: 100%; margin: 10pt 0; border-collapse: collapse; table-layout: fixed; font-size: 12pt; }
th, td { line-height: 18pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { padding: 3pt 5pt; border: 0.75pt solid #000; text-align: left; vertical-align: top; }
th { font-family: var(--hei); font-weight: normal; text-align: center; }
.copied { margin: 8pt 0; padding: 8pt; border: 1pt solid #000; text-align: center; break-inside: avoid; }
.copied b { display: block; font-weight: normal; font-size: 14pt; }
.copied code { display: block; font: 20pt/30pt var(--mono); letter-spacing: 0.05em; white-space: pre; }
.copied.long code { font-size: 15pt; line-height: 22pt; }
.end { margin-top: 42pt; break-inside: avoid; break-before: avoid; }
.signed { width: max-content; max-width: 100%; margin-left: auto; margin-right: 4em; text-align: center; }
.contact { margin-top: 14pt; padding-top: 6pt; border-top: 0.75pt solid #000; font-size: 12pt; line-height: 20pt; }
@media screen {
  body { width: 210mm; min-height: 297mm; padding: 37mm 26mm 35mm 28mm; box-shadow: 0 0 6pt #999; }
}
@media screen and (max-width: 215mm) {
  body { width: auto; padding: 10mm; box-shadow: none; }
}
"""


def page(letter: Letter) -> bytes:
    """Return a letter as an HTML file; nothing in it comes from anywhere else."""
    body = "\n".join(_body(letter))
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="robots" content="noindex, nofollow">\n'
        f"<title>{_text(letter.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _body(letter: Letter) -> Iterator[str]:
    if letter.marking:
        yield f'<p class="marking">{_text(letter.marking)}</p>'
    yield f"<h1>{_text(letter.title)}</h1>"
    yield f"<p>{_text(letter.salutation)}</p>"
    yield from map(_part, letter.parts)
    yield f'<div class="end">\n<p class="signed">{_text(letter.signature)}</p>\n<p class="signed">{day(letter.day)}</p>'
    if letter.contact:
        yield f'<p class="contact">{_text(letter.contact)}</p>'
    yield "</div>"


def _part(part: Part) -> str:
    match part:
        case Heading(text):
            return f"<h2>{_text(text)}</h2>"
        case Text(text):
            return f'<p class="text">{_text(text)}</p>'
        case Grid(header, rows, widths):
            columns = "".join(f'<col style="width: {100 * width / sum(widths):.1f}%">' for width in widths)
            head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in header)
            body = "\n".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
            return (
                f"<table><colgroup>{columns}</colgroup>\n<thead><tr>{head}</tr></thead>\n"
                f"<tbody>\n{body}\n</tbody></table>"
            )
        case Copied(label, copied):
            kind = "copied long" if len(copied) > 1 else "copied"
            codes = "".join(f"<code>{_text(line)}</code>" for line in copied)
            return f'<div class="{kind}"><b>{_text(label)}</b>{codes}</div>'


def _text(text: str) -> str:
    return escape(plain(text))
