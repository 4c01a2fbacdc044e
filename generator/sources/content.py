"""content/: what the public reads, from files to one value; every fault named, nothing half read.

The names of files and folders are the ids. ``agreement`` then checks that the parts fit one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from generator.core.model import (
    Case,
    Category,
    Content,
    Merchant,
    Notice,
    Page,
    Policy,
    PolicyPart,
    Scenario,
    Settings,
    Strict,
    Unit,
)
from generator.errors import Faults, Place
from generator.sources.agreement import Parsed, check_agreement
from generator.sources.measures import parse_measures
from generator.sources.settings import parse_page, parse_text, parse_toml

IGNORED = {"thumbs.db", "desktop.ini"}
"""Files that Windows leaves in folders."""


class Identified(Protocol):
    """Anything that has an id."""

    @property
    def id(self) -> str:
        """The id, which is also the name of its file."""


T = TypeVar("T")
Text = TypeVar("Text", bound=Identified)


@dataclass(frozen=True)
class UnitsFile(Strict):
    """units.toml."""

    unit: tuple[Unit, ...]


@dataclass(frozen=True)
class CategoriesFile(Strict):
    """categories.toml."""

    category: tuple[Category, ...]


@dataclass(frozen=True)
class MerchantsFile(Strict):
    """merchants.toml; a new office has none yet."""

    merchant: tuple[Merchant, ...] = ()


def read_content(root: Path, faults: Faults) -> Content | None:
    """Return what could be read under content/ of the site's root, with every fault noted.

    With faults the content is good for one thing only: to go on and find those of the lists. None where not even
    that is possible, because site.toml, units.toml or categories.toml could not be read.
    """
    parsed = _read_parts(root, faults)
    check_agreement(parsed, faults)
    if parsed.settings is None or parsed.units is None or parsed.categories is None:
        return None
    return Content(
        settings=parsed.settings,
        units={unit.id: unit for unit in parsed.units},
        categories={category.code: category for category in parsed.categories},
        measures=parsed.measures,
        policies=parsed.policies,
        scenarios={scenario.id: scenario for scenario in sorted(parsed.scenarios, key=_in_policy_order)},
        merchants=parsed.merchants,
        notices=tuple(sorted(parsed.notices, key=lambda notice: (notice.published, notice.id), reverse=True)),
        cases=tuple(sorted(parsed.cases, key=lambda case: (case.published, case.id), reverse=True)),
        pages=parsed.pages,
    )


def parse_policy(files: Mapping[str, bytes], folder: str, faults: Faults) -> Policy | None:
    """Return the policy of one folder: policy.toml, and beside it the Markdown file of each part."""
    path = f"{folder}/policy.toml"
    if "policy.toml" not in files:
        faults.add(Place(path), "缺少这个文件", "每份政策文件夹里要有一个 policy.toml")
        return None
    id_ = PurePosixPath(folder).name
    policy = parse_toml(files["policy.toml"], path, Policy, faults, {"id": id_})
    if policy is None:
        return None
    _check_id(policy.id, id_, path, faults)
    parts = tuple(_with_body(part, files, folder, faults) for part in policy.parts)
    for name in sorted(files.keys() - {part.file for part in parts} - {"policy.toml"}):
        faults.add(Place(f"{folder}/{name}"), "policy.toml 没有提到这个文件", "写进 parts，或把文件移走")
    return replace(policy, parts=parts)


def _read_parts(root: Path, faults: Faults) -> Parsed:
    units = _read_toml(root, "content/units.toml", UnitsFile, faults)
    categories = _read_toml(root, "content/categories.toml", CategoriesFile, faults)
    merchants = _read_toml(root, "content/merchants.toml", MerchantsFile, faults)
    measures = _read(root, "content/measures.csv", faults)
    folders = _folders(root, "content/policies")
    policies = (parse_policy(_read_folder(root, folder, faults), folder, faults) for folder in folders)
    return Parsed(
        settings=_read_toml(root, "content/site.toml", Settings, faults),
        units=units.unit if units else None,
        categories=categories.category if categories else None,
        merchants=merchants.merchant if merchants else (),
        measures=parse_measures(measures, "content/measures.csv", faults) if measures is not None else (),
        policies=tuple(policy for policy in policies if policy),
        scenarios=_read_texts(root, "content/scenarios", Scenario, faults),
        notices=_read_texts(root, "content/notices", Notice, faults),
        cases=_read_texts(root, "content/cases", Case, faults),
        pages=_read_texts(root, "content/pages", Page, faults),
        policy_names=frozenset(PurePosixPath(folder).name for folder in folders),
        scenario_names=frozenset(PurePosixPath(path).stem for path in _files(root, "content/scenarios")),
    )


def _read_toml(root: Path, path: str, type_: type[T], faults: Faults) -> T | None:
    data = _read(root, path, faults)
    return None if data is None else parse_toml(data, path, type_, faults)


def _read_texts(root: Path, folder: str, type_: type[Text], faults: Faults) -> tuple[Text, ...]:
    """Return the Markdown files of a folder, by name; a file of another kind is a fault, as it would be lost."""
    texts = []
    for path in _files(root, folder):
        if not path.endswith(".md"):
            faults.add(Place(path), "这里只放 .md 文件", "改文件名，或把文件移走；留意被隐藏的 .txt 后缀")
            continue
        data = _read(root, path, faults)
        id_ = PurePosixPath(path).stem
        text = None if data is None else parse_page(data, path, type_, faults, {"id": id_})
        if text is not None:
            _check_id(text.id, id_, path, faults)
            texts.append(text)
    return tuple(texts)


def _read_folder(root: Path, folder: str, faults: Faults) -> Mapping[str, bytes]:
    files = {PurePosixPath(path).name: _read(root, path, faults) for path in _files(root, folder)}
    return {name: data for name, data in files.items() if data is not None}


def _with_body(part: PolicyPart, files: Mapping[str, bytes], folder: str, faults: Faults) -> PolicyPart:
    """Return the part with the text of its file."""
    path = f"{folder}/{part.file}"
    if part.body:
        faults.add(Place(f"{folder}/policy.toml", field="parts"), "正文不写在这里", f"写进 {path}")
    if part.file not in files:
        faults.add(Place(path), "缺少这个文件", "policy.toml 的 parts 提到了它")
        return part
    body = (parse_text(files[part.file], path, faults) or "").strip("\n")
    if not body.strip():
        faults.add(Place(path), "文件里没有文字", "请补上正文")
    return replace(part, body=body)


def _check_id(id_: str, expected: str, path: str, faults: Faults) -> None:
    """Note a fault where the id written inside is not the one the name gives."""
    if id_ != expected:
        faults.add(Place(path, field="id"), f"写的是 {id_}，文件或文件夹却叫 {expected}", "改成一致，或删掉 id")


def _in_policy_order(scenario: Scenario) -> tuple[str, bool, int, str]:
    """Numbered scenarios first, by number, policy by policy."""
    return scenario.policy or "", scenario.number == 0, scenario.number, scenario.id


def _folders(root: Path, folder: str) -> list[str]:
    """Return the paths of a folder's visible folders, from the root, in order of name."""
    return sorted(f"{folder}/{item.name}" for item in _visible(root / folder) if item.is_dir())


def _files(root: Path, folder: str) -> list[str]:
    """Return the paths of a folder's visible files, from the root, in order of name."""
    return sorted(f"{folder}/{item.name}" for item in _visible(root / folder) if item.is_file())


def _visible(folder: Path) -> Iterator[Path]:
    """Yield what staff put into a folder, not what systems and editors left there."""
    for item in folder.iterdir() if folder.is_dir() else ():
        if not item.name.startswith((".", "~")) and item.name.lower() not in IGNORED:
            yield item


def _read(root: Path, path: str, faults: Faults) -> bytes | None:
    """Return the bytes of a file, or None and a fault."""
    try:
        return (root / path).read_bytes()
    except FileNotFoundError:
        faults.add(Place(path), "缺少这个文件", "请补上；可以照着手册里的例子写")
    except OSError as error:
        faults.add(Place(path), f"读不出来（{error.strerror}）", "关掉正在打开它的程序，检查权限，再试一次")
    return None
