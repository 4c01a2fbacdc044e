"""One TOML file, or the TOML head of a Markdown file, to a value of core; every fault in plain Chinese.

pydantic checks the values against the dataclasses of core. A number in quotation marks, a date in text or
an item nobody knows is a fault, never guessed at: these files decide who is told what.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator

from generator.core.characters import marks_of_hidden
from generator.errors import Faults, Place

T = TypeVar("T")
Loc = tuple[int | str, ...]
Explained = tuple[Loc, str, str]
"""Where pydantic stumbled, what is wrong there, what to do."""

BODY = ("body",)
"""The text of a page: the only one of several lines."""
NOTHING: Mapping[str, object] = MappingProxyType({})
SAVE_AS_UTF8 = "在记事本或 WPS 里选“另存为”，编码选 UTF-8，再放回原处"
CHECK_TOML = "检查等号两边、引号和方括号是否成对；文字要加引号，日期写成 2026-11-16，不加引号"
CHECK_HEAD = "第一行写 +++，接着写各项，再单独写一行 +++，正文放在后面"


def parse_toml(
    data: bytes, path: str, type_: type[T], faults: Faults, given: Mapping[str, object] = NOTHING
) -> T | None:
    """Return the value a TOML file holds, or None with its faults noted.

    ``given`` holds values the file may leave out, such as the id that a folder's name gives.
    """
    text = parse_text(data, path, faults)
    values = None if text is None else _parse_values(text, path, 0, faults)
    return None if values is None else parse_value({**given, **values}, type_, Place(path), faults)


def parse_page(
    data: bytes, path: str, type_: type[T], faults: Faults, given: Mapping[str, object] = NOTHING
) -> T | None:
    """Return the value of a Markdown file, TOML between two ``+++`` lines and then the body; else as above."""
    text = parse_text(data, path, faults)
    if text is None:
        return None
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == "+++"][:2]
    if len(ends) < 2 or ends[0] != 0:
        faults.add(Place(path, line=1), "开头没有用两行 +++ 围起来的说明项", CHECK_HEAD)
        return None
    values = _parse_values("\n".join(lines[1 : ends[1]]), path, 1, faults)
    if values is None:
        return None
    if "body" in values:
        faults.add(Place(path, field="body"), "正文不写在说明项里", CHECK_HEAD)
        return None
    body = "\n".join(lines[ends[1] + 1 :]).strip("\n")
    return parse_value({**given, **values, "body": body}, type_, Place(path), faults)


def parse_text(data: bytes, path: str, faults: Faults) -> str | None:
    """Return UTF-8 text with plain line ends and no byte order mark, or None with a fault."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add(Place(path, line=line), "文件的编码不是 UTF-8", SAVE_AS_UTF8)
        return None


def parse_value(value: object, type_: type[T], place: Place, faults: Faults) -> T | None:
    """Return the value as the type, or None with every fault noted.

    Every text but a page's own is one line of characters that can be seen: it goes into bundles, pages, terminals.
    """
    before = len(faults.found)
    for loc, text in _texts(value, ()):
        if loc != BODY and (marks := marks_of_hidden(text)):
            faults.add(replace(place, field=_field(value, loc, {})), *hidden(marks))
    validator, classes = _checker(cast("Hashable", type_))
    try:
        found = cast("T", validator.validate_python(value))
        return None if len(faults.found) > before else found
    except ValidationError as error:
        for loc, message, advice in _explained(error.errors(include_url=False), classes, 0):
            faults.add(replace(place, field=_field(value, loc, classes)), message, advice)
        return None


def hidden(marks: Sequence[str]) -> tuple[str, str]:
    """Return what to say of a text with characters that nobody sees, and what to do."""
    return (
        f"有看不见的字符（{'、'.join(marks)}），会让显示出来的和写的不一样",
        "删掉它们，写成一行；粘贴来的请重新打一遍",
    )


def similar(word: str, known: Iterable[str]) -> str:
    """Return advice that names the known word most like this one, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"是不是想写 {close[0]}" if close else ""


def _parse_values(text: str, path: str, lines_before: int, faults: Faults) -> dict[str, object] | None:
    """Return the values of a TOML text that starts some lines into its file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
        twice = re.search(r"overwrite|twice|already|Cannot declare|Cannot mutate", str(error))
        message = "这一项写了两次" if twice else "这一行不合 TOML 的写法"
        faults.add(Place(path, line=line + lines_before), message, "只留一处" if twice else CHECK_TOML)
        return None


def _texts(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Yield every text in a value of TOML with its place; a name of an item stands where its item does."""
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*loc, key), key
            yield from _texts(item, (*loc, key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, (*loc, number))


@cache
def _checker(type_: type) -> tuple[SchemaValidator, Mapping[str, tuple[str, ...]]]:
    """Return what checks a type, and the classes the type is made of, each with the items it knows."""
    schema = TypeAdapter(type_).core_schema
    return SchemaValidator(cast("CoreSchema", _exact(schema))), dict(_classes_in(schema))


def _exact(schema: object) -> object:
    """Return a pydantic core schema that takes TOML's scalars as they are and wants required text not empty.

    pydantic's own strict mode is no help: it wants ready-made dataclasses, tuples and enum members.
    """
    if isinstance(schema, list):
        return [_exact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    exact = {key: _exact(part) for key, part in schema.items()}
    if exact.get("type") in {"str", "int", "bool", "float", "date"}:
        exact["strict"] = True
    if exact.get("type") == "dataclass-field" and exact["schema"] == {"type": "str", "strict": True}:
        exact["schema"] = {"type": "str", "strict": True, "min_length": 1, "strip_whitespace": True}
    return exact


def _classes_in(schema: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(schema, list):
        for part in schema:
            yield from _classes_in(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "dataclass-args":
            yield schema["dataclass_name"], tuple(item["name"] for item in schema["fields"])
        for part in schema.values():
            yield from _classes_in(part)


def _explained(
    errors: Sequence[ErrorDetails], classes: Mapping[str, tuple[str, ...]], start: int
) -> Iterator[Explained]:
    """Yield what to tell about pydantic's errors; where a value may be of several classes, only one is meant.

    For such a value pydantic lists what each class misses, and its ``loc`` names the class.
    """
    choices: dict[Loc, list[ErrorDetails]] = defaultdict(list)
    for details in errors:
        loc = details["loc"]
        branch = next((n for n in range(start, len(loc)) if loc[n] in classes), None)
        if branch is None:
            yield loc, *_explain(details, classes)
        else:
            choices[loc[:branch]].append(details)
    for loc, found in choices.items():
        tried = {str(details["loc"][len(loc)]) for details in found}
        meant = tried - {str(details["loc"][len(loc)]) for details in found if _rules_out(details, len(loc))}
        if len(meant) == 1:
            inner = [details for details in found if details["loc"][len(loc)] in meant]
            yield from _explained(inner, classes, len(loc) + 1)
        else:
            items = "、".join(item for name in classes if name in tried for item in classes[name])
            yield loc, "这里要写一种条件，只写一种", f"可以用 {items}"


def _rules_out(details: ErrorDetails, branch: int) -> bool:
    """Return whether an error shows that the class at that place is not the one meant."""
    depth = len(details["loc"]) - branch
    return depth == 1 or (depth == 2 and details["type"] == "missing")


SIMPLE = {
    "missing": ("缺少这一项", "请补上"),
    "string_type": ("应当是文字", "两边加上引号"),
    "string_too_short": ("不能空着", "请补上"),
    "int_type": ("应当是整数", "只写数字，不加引号"),
    "bool_type": ("应当是 true 或 false", "不加引号"),
    "date_type": ("应当是日期", "写成 2026-11-16，不加引号，也不带钟点"),
    "tuple_type": ("应当是一组值", "用方括号括起来，中间用逗号隔开"),
    "dataclass_type": ("应当是一组带名字的项", "写成 { 名字 = 值 }，或单开一节"),
    "dict_type": ("应当是一组带名字的项", "写成 { 名字 = 值 }，或单开一节"),
    "mapping_type": ("应当是一组带名字的项", "写成 { 名字 = 值 }，或单开一节"),
}
"""What to say of the errors of pydantic that need no detail."""


def _explain(details: ErrorDetails, classes: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """Return in Chinese what one error of pydantic means and what to do."""
    if details["type"] == "unexpected_keyword_argument":
        known = [item for items in classes.values() for item in items]
        return "不认识的项", similar(str(details["loc"][-1]), known) or "删掉它，或改成这里能用的项"
    if details["type"] in {"literal_error", "enum"}:
        known = re.findall(r"'([^']*)'", str(details["ctx"]["expected"]))
        return f"只能是 {'、'.join(known)} 之一", similar(str(details["input"]), known)
    return SIMPLE.get(details["type"], ("这个值不能用", "请核对"))


def _field(value: object, loc: Loc, classes: Mapping[str, tuple[str, ...]]) -> str:
    """Return a place in a file as staff read it: ``unit[fs-minzhengju].aliases[2]``, counted from one."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list | tuple) else None
            text += f"[{_label(value) or part + 1}]"
        elif part in classes and not (isinstance(value, dict) and part in value):
            continue
        else:
            value = value.get(part) if isinstance(value, dict) else None
            text += f".{part}" if text else part
    return text


def _label(value: object) -> str:
    """Return what names an entry of a list: its id, or its code."""
    names = [value.get(key) for key in ("id", "code")] if isinstance(value, dict) else []
    return next((name for name in names if isinstance(name, str) and name), "")
