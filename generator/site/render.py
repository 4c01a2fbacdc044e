"""Planned pages to bytes: Jinja2 with autoescape always on, undefined names an error, every link relative."""

from __future__ import annotations

import posixpath
import traceback
from datetime import date
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from markupsafe import Markup

from generator.core.model import Content, UnitId
from generator.core.wording import day
from generator.errors import Faults, Place
from generator.site import words
from generator.site.assets import read_assets
from generator.site.edition import Edition, PagePlan, published
from generator.site.feeds import absolute, feed, lists_json, robots, sitemap
from generator.site.markdown import OUTSIDE, Links, Rendered, Text, render_markdown
from generator.site.plan import plan
from generator.site.rolls import roll_url
from generator.site.sections import SECTIONS, link_targets, page_url, plain_pages, policy_url, scenario_url


def render(edition: Edition, templates: Path) -> dict[str, bytes]:
    """Return every file of the website but bundles/, tuf/ and verify/verify.py, by its path.

    Raises ``InputFaultsError`` with every fault of the texts and templates.
    """
    pages = plan(edition)
    faults = Faults()
    environment = _environment(edition, templates)
    targets = link_targets(published(edition.content, edition.as_of))
    files = {page.path: _page(page, environment, targets, faults) for page in pages}
    faults.stop_if_any()
    settings = edition.content.settings
    return {
        **files,
        **read_assets(templates),
        "lists/index.json": lists_json(edition),
        "feed.xml": feed(edition, pages),
        "sitemap.xml": sitemap(settings, pages),
        "robots.txt": robots(settings, demo=edition.demo),
    }


def relative(source: str, url: str) -> str:
    """Return how the page at ``source`` writes a link to ``url``: relative, and to the very file.

    >>> relative("notices/2026-01/", "policies/")
    '../../policies/index.html'
    """
    path, mark, fragment = url.partition("#")
    file = f"{path}index.html" if path.endswith("/") or not path else path
    return quote(posixpath.relpath(file, posixpath.dirname(source) or ".")) + mark + quote(fragment)


def _environment(edition: Edition, templates: Path) -> Environment:
    content = edition.content
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "day": lambda value: _time(value, day(value)),
        "weekday": lambda value: _time(value, words.day_and_weekday(value)),
        "size": words.size,
        "in_fours": words.in_fours,
        "breakable": _breakable,
        "flag": words.flag,
        "told": lambda audience: words.told(audience, content),
        "unit": lambda unit: _unit_name(unit, content),
        "status": words.POLICY_STATUS.__getitem__,
        "part_kind": words.POLICY_PART.__getitem__,
    }
    environment.globals |= {
        "settings": content.settings,
        "as_of": edition.as_of,
        "demo": edition.demo,
        "sections": SECTIONS,
        "plain_pages": plain_pages(content),
        "page_url": page_url,
        "policy_url": policy_url,
        "scenario_url": scenario_url,
        "roll_url": roll_url,
        "absolute": lambda url: absolute(content.settings, url),
        "is_outside": lambda text: text.startswith(OUTSIDE),
    }
    return environment


def _unit_name(unit: UnitId, content: Content) -> str:
    return content.units[unit].name


def _breakable(digits: str) -> Markup:
    """Return a digest that may be broken every 16 digits and is copied without a gap."""
    return Markup("<wbr>").join(digits[start : start + 16] for start in range(0, len(digits), 16))


def _time(value: date, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


def _page(page: PagePlan, environment: Environment, targets: dict[str, str], faults: Faults) -> bytes:
    """Return a page's bytes; what is wrong with its texts or its template is noted."""

    def link(url: str) -> str:
        return relative(page.url, url)

    def markdown(text: Text) -> Rendered:
        return render_markdown(text, Links(targets, link), faults)

    try:
        template = environment.get_template(page.template)
        text = template.render({**page.context, "plan": page, "link": link, "markdown": markdown})
    except (AttributeError, LookupError, TypeError, UnicodeDecodeError, ValueError) as error:
        faults.add(Place(f"templates/{page.template}"), f"模板有误：{error}", f"改好后再生成（页面 {page.path}）")
        return b""
    except TemplateError as error:
        faults.add(_place(error, page.template), f"模板有误：{error}", f"改好后再生成（页面 {page.path}）")
        return b""
    return text.encode()


def _place(error: TemplateError, template: str) -> Place:
    """Return where in the templates an error arose: where it says so, or the last template on its way."""
    if isinstance(error, TemplateSyntaxError):
        return Place(f"templates/{error.name or template}", line=error.lineno)
    way = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".html")]
    return (
        Place(f"templates/{Path(way[-1].filename).name}", line=way[-1].lineno or 0)
        if way
        else Place(f"templates/{template}")
    )
