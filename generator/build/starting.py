"""A new office: from what came with the program to a folder in which ``xinyi check`` finds nothing wrong.

It holds the text of the two documents, with none of the example's notices, cases, merchants and invented units, and
no list. What only the office knows is asked for, never filled in with a placeholder that could go online.
Everything is written into a hidden folder first and then renamed into place, ``content`` last: without ``content`` no
command takes a folder for an office, so a start that was cut short is no office, and the next one takes it up.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from generator.build.shipped import STARTER, TEMPLATES, shipped
from generator.core.model import Unit
from generator.errors import Faults, InputFaultsError, RefusedError
from generator.sources import decisions
from generator.sources.content import UnitsFile
from generator.sources.settings import parse_toml
from generator.sources.units import unit_by_name
from generator.trust.saving import save, sync_folder

SITE = "content/site.toml"
UNITS = "content/units.toml"
SCENARIOS = "content/scenarios"
STAGING = ".xinyi-init"
KEPT = ("content/categories.toml", "content/measures.csv", "content/policies", SCENARIOS, "content/pages")
"""What is taken over as it is; pages/about.md is replaced."""
PRIVATE = ("lists", "keys")
EMPTY = ("lists/batches", "lists/snapshots", "lists/holidays")
_INVENTED_UNITS = "# ---- 示例县（虚构） ----\n"
_OWNER_ONLY = 0o700
_LONGEST = 60
_DOMAIN = re.compile(r"(?:(?!-)[\w-]{1,63}(?<!-)\.)+(?!-)[\w-]{2,63}(?<!-)", re.IGNORECASE)
_RESERVED = re.compile(r".*(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org))", re.IGNORECASE)
_INVENTED = re.compile("示例|虚构|演示")
LABELS = {
    "name": "网站名称",
    "office": "主办单位",
    "area": "地区",
    "domain": "域名",
    "address": "办公地址",
    "phone": "联系电话",
    "email": "电子邮箱",
    "hours": "办公时间",
}
OPTIONAL = ("address", "phone", "email", "hours")
"""What may stay empty: the pages leave it out."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What only the office knows; the first four are needed, an empty one of the others is left out of the pages."""

    name: str
    office: str
    area: str
    domain: str
    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """What there is now, and what of it is still to be looked at."""

    folder: Path
    own_unit: bool
    """Whether the office was added to the units, since none of those of the documents is it."""
    waiting: int
    """How many scenarios were switched off, since what they promise is another area's."""


def objection(item: str, text: str) -> str:
    """Return why a text cannot be what the office goes online with, or nothing; ``item`` is a field's name."""
    if not text.strip():
        return "" if item in OPTIONAL else "不能空着"
    if not text.isprintable() or len(text) > _LONGEST:
        return f"只能是一行文字，不超过{_LONGEST}个字"
    if _INVENTED.search(text):
        return "这里要写真的，不能写示例"
    if item == "domain" and (not _DOMAIN.fullmatch(text) or _RESERVED.fullmatch(text)):
        return "不是能用的域名。只写域名，不写 https:// 和斜杠，如 xinyi.mouxian.gov.cn"
    return ""


def start(folder: Path, given: Particulars, *, with_templates: bool = False) -> Started:
    """Make a folder an office's; raise ``RefusedError`` if it is not empty or what was given cannot go online."""
    for item, label in LABELS.items():
        if why := objection(item, text := getattr(given, item)):
            raise RefusedError(f"{label}“{text}”不能用：{why}")
    check_empty(folder)
    units, own_unit = _units(given)
    files = {
        **dict(_taken_over(with_templates=with_templates)),
        SITE: _site(given),
        UNITS: units,
        "content/merchants.toml": (STARTER / "merchants.toml").read_bytes(),
        "content/pages/about.md": (STARTER / "about.md").read_bytes(),
        "lists/README.md": _unlinked(shipped("lists/README.md")),
        decisions.PATH: b"",
        decisions.HEAD_PATH: decisions.encode_head(b""),
        "keys/README.md": _unlinked(shipped("keys/README.md")),
        ".gitignore": (STARTER / "gitignore").read_bytes(),
    }
    waiting = _switch_off(files, given.area)
    _put(folder, files)
    return Started(folder, own_unit, waiting)


# -- what goes in -----------------------------------------------------------------------------------------------


def _taken_over(*, with_templates: bool) -> Iterator[tuple[str, bytes]]:
    for name in (*KEPT, *([TEMPLATES] if with_templates else [])):
        top = shipped(name)
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not path.name.startswith("."):
                inside = path.relative_to(top).as_posix()
                yield (name if path == top else f"{name}/{inside}"), path.read_bytes()


def _site(given: Particulars) -> bytes:
    """Return the settings of the repository with its comments, every invented value replaced or emptied."""
    text = re.sub(r"^#.*编的.*\n", "", shipped(SITE).read_text(encoding="utf-8"), flags=re.MULTILINE)
    document = tomlkit.parse(text.replace("是示例，", "是常见的一种，"))
    described = f"{given.area}的守信激励：政策、信易+ 场景、公示、名单和商户核验办法。"
    changed = {"name": given.name, "office": given.office, "domain": given.domain, "description": described}
    document.update({**changed, "site_code": ""})
    contact = {"address": given.address, "phone": given.phone, "email": given.email, "hours": given.hours}
    document["contact"].update(contact)
    document["footer"].update(dict.fromkeys(("icp", "police", "party_mark", "error_report"), ""))
    for target in document["targets"].values():
        target.pop("allow_demo", None)
    return tomlkit.dumps(document).encode()


def _units(given: Particulars) -> tuple[bytes, bool]:
    """Return the units of the documents, and whether the office had to be added since it is none of them."""
    text = shipped(UNITS).read_text(encoding="utf-8")
    kept, mark, _ = text.partition(_INVENTED_UNITS)
    if not mark:
        raise AssertionError(f"{UNITS} has lost the line before its invented units")
    kept = kept.replace("，sl 示例县（虚构）", "").rstrip("\n") + "\n"
    faults = Faults()
    parsed = parse_toml(kept.encode(), UNITS, UnitsFile, faults)
    if parsed is None:
        raise InputFaultsError(faults.found)
    if _is_known(parsed.unit, given):
        return kept.encode(), False
    own = tomlkit.dumps({"unit": [{"id": "bd-xinyongban", "name": given.office, "area": given.area}]})
    return f"{kept}\n# ---- {given.area} ----\n\n{own}".encode(), True


def _is_known(units: tuple[Unit, ...], given: Particulars) -> bool:
    of_area = {unit.id: unit for unit in units if unit.area == given.area}
    return unit_by_name(of_area, given.office) is not None


def _switch_off(files: dict[str, bytes], area: str) -> int:
    """Make the active scenarios of other areas planned ones: nobody is promised what only another county gives."""
    ours, active = f'\narea = "{area}"\n'.encode(), b'\nstatus = "active"\n'
    planned = '\nstatus = "planned"  # 别的地区的：改成本地的以后，再写 active\n'.encode()
    found = [path for path, data in files.items() if path.startswith(SCENARIOS) and active in data and ours not in data]
    files.update({path: files[path].replace(active, planned, 1) for path in found})
    return len(found)


def _unlinked(path: Path) -> bytes:
    """Return a page of the repository without what is true only there: its invented lists, and links to others."""
    text = re.sub(r"仓库里自带的[^。]*。", "", path.read_text(encoding="utf-8"))
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"工作手册“\1”", text).encode()


# -- all or nothing ---------------------------------------------------------------------------------------------


def check_empty(folder: Path) -> None:
    """Raise ``RefusedError`` where there is anything but hidden files, or the leftovers of a start cut short."""
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{folder} 是一个文件，不是文件夹。请换一个名字")
    if not folder.absolute().parent.is_dir():
        raise RefusedError(f"没有 {folder.absolute().parent} 这个文件夹。请先建好，或者换一个地方")
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if STAGING in there:
        there -= {STAGING, TEMPLATES, ".gitignore", *PRIVATE}
    found = sorted(name for name in there if not name.startswith(".") or name == ".gitignore")
    if found:
        named = "、".join(found[:5]) + ("等" if len(found) > 5 else "")
        raise RefusedError(f"{folder} 不是空的，里面有：{named}。什么也没有动。请换一个空文件夹，或者新的名字")


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files into a folder, or leave it as it was; what an earlier start left in place stays.

    A folder that is not there appears by one rename. One that is may be somebody's present folder or a drive, which
    cannot be replaced, so its parts are moved in, ``content`` last.
    """
    fresh = not folder.exists()
    staging = folder.with_name(f".{folder.name}{STAGING}") if fresh else folder / STAGING
    if staging.exists():
        shutil.rmtree(staging)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        _write(staging, files)
        if fresh:
            staging.rename(folder)
        else:
            _move_in(staging, folder, undo)
        undo.pop_all()
    if not fresh:
        shutil.rmtree(staging)
    sync_folder(folder.absolute().parent if fresh else folder)


def _write(staging: Path, files: Mapping[str, bytes]) -> None:
    staging.mkdir()
    for name in PRIVATE:
        (staging / name).mkdir(mode=_OWNER_ONLY)
    for name in EMPTY:
        (staging / name).mkdir(parents=True)
    for name, data in files.items():
        save(staging / name, data)


def _move_in(staging: Path, folder: Path, undo: ExitStack) -> None:
    for part in sorted(staging.iterdir(), key=lambda path: (path.name == "content", path.name)):
        place = folder / part.name
        if not place.exists():
            undo.callback(_move_back, place, part)
            part.rename(place)


def _move_back(place: Path, part: Path) -> None:
    if place.exists() and not part.exists():
        place.rename(part)
