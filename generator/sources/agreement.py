"""Whether the parts of content/ fit one another: ids that exist, names used once, scenarios that can be checked.

What could not be read is not blamed again: a part that is None is not looked into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from generator.core.audience import is_bounded
from generator.core.model import (
    AllOf,
    AnyOf,
    Audience,
    Case,
    Category,
    Honour,
    KindIs,
    Measure,
    Merchant,
    Notice,
    Page,
    Policy,
    RatingAtLeast,
    Rules,
    Scenario,
    ScoreAtLeast,
    Settings,
    TaxClass,
    Unit,
)
from generator.errors import Faults, Place
from generator.sources.screening import check_sources
from generator.sources.settings import similar
from generator.sources.units import names_of

TAX_CLASSES = ("A", "B", "M", "C", "D")
"""The classes of the tax administration."""
_DEVICE = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z"
"""Names of devices: Windows makes no file of such a name, whatever its ending."""
ID = re.compile(rf"(?!{_DEVICE})[a-z0-9][a-z0-9-]*")
MERCHANT_ID = re.compile(rf"(?!{_DEVICE})[a-z0-9][a-z0-9-]{{1,31}}")
CATEGORY_CODE = re.compile(r"[A-Z][1-9][0-9]*")


@dataclass(frozen=True)
class Parsed:
    """The parts of content/ as they were read, before anyone knows whether they fit."""

    settings: Settings | None
    units: tuple[Unit, ...] | None
    categories: tuple[Category, ...] | None
    merchants: tuple[Merchant, ...]
    measures: tuple[Measure, ...]
    policies: tuple[Policy, ...]
    scenarios: tuple[Scenario, ...]
    notices: tuple[Notice, ...]
    cases: tuple[Case, ...]
    pages: tuple[Page, ...]
    policy_names: frozenset[str]
    """Every policy there is a folder for, read or not."""
    scenario_names: frozenset[str]


def check_agreement(parsed: Parsed, faults: Faults) -> None:
    """Note every place where the parts do not fit."""
    if parsed.settings:
        _check_settings(parsed.settings, faults)
    _check_units(parsed.units or (), faults)
    _check_categories(parsed, faults)
    _check_measures(parsed, faults)
    for policy in parsed.policies:
        _check_policy(policy, parsed, faults)
    for scenario in parsed.scenarios:
        _check_scenario(scenario, parsed, faults)
    _check_numbers(parsed.scenarios, faults)
    _check_merchants(parsed, faults)
    for case in parsed.cases:
        place = Place(f"content/cases/{case.id}.md", field="scenario")
        if case.scenario:
            _check_known([case.scenario], parsed.scenario_names, place, "场景", faults)
    paths = [
        *(("notices", notice.id) for notice in parsed.notices),
        *(("cases", case.id) for case in parsed.cases),
        *(("pages", page.id) for page in parsed.pages),
    ]
    for folder, id_ in paths:
        _check_id(id_, Place(f"content/{folder}/{id_}.md"), faults)


def _check_settings(settings: Settings, faults: Faults) -> None:
    path = "content/site.toml"
    if settings.timezone not in available_timezones():
        faults.add(Place(path, field="timezone"), f"没有 {settings.timezone} 这个时区", "写成 Asia/Shanghai")
    check_rules(settings.rules, path, faults)


def check_rules(rules: Rules, path: str, faults: Faults) -> None:
    """Note every rule that cannot be, in content/site.toml or in the file of a batch."""
    counts = {
        "notice_working_days": rules.notice_working_days,
        "objection_working_days": rules.objection_working_days,
        "validity_years": rules.validity_years,
        "dishonesty_years": rules.dishonesty_years,
    }
    for name, count in counts.items():
        if count < 1:
            faults.add(Place(path, field=f"rules.{name}"), "应当是从 1 起的整数", "请核对")
    if not rules.reference_days:
        place = Place(path, field="rules.reference_days")
        faults.add(place, "至少要写一个日子", "写 screening（筛查日）或 recognition（认定日），也可以都写")
    _check_once(rules.rating_scale, Place(path, field="rules.rating_scale"), "等级", faults)
    _check_once(rules.screening_sources, Place(path, field="rules.screening_sources"), "来源", faults)
    check_sources(rules, path, faults)


def _check_units(units: Sequence[Unit], faults: Faults) -> None:
    """Check ids, and that within an area no name or alias means two units."""
    path = "content/units.toml"
    _check_once([unit.id for unit in units], Place(path), "单位编号", faults)
    owners: dict[tuple[str, str], Unit] = {}
    for unit in units:
        place = Place(path, field=f"unit[{unit.id}]")
        _check_id(unit.id, place, faults)
        for name in sorted(names_of(unit)):
            other = owners.setdefault((unit.area, name), unit)
            if other.id != unit.id:
                faults.add(place, f"名称 {name} 已经用在 {other.id} 上", "同一地区内一个名称只能指一个单位")


def _check_categories(parsed: Parsed, faults: Faults) -> None:
    path = "content/categories.toml"
    categories = parsed.categories or ()
    _check_once([category.code for category in categories], Place(path), "类别代码", faults)
    for category in categories:
        where = f"category[{category.code}]"
        if not CATEGORY_CODE.fullmatch(category.code):
            faults.add(Place(path, field=f"{where}.code"), "类别代码写得不对", "一个大写字母加数字，如 A1")
        _check_unit_ids(category.units, Place(path, field=f"{where}.units"), parsed, faults)
        if not category.units and not category.open:
            message = "没有哪个单位可以报送这一类"
            faults.add(Place(path, field=where), message, "写上 units，或写 open = true 表示各单位都可以")


def _check_measures(parsed: Parsed, faults: Faults) -> None:
    for measure in parsed.measures:
        place = Place("content/measures.csv", field=f"序号 {measure.number} 的开发单位")
        _check_unit_ids([measure.unit], place, parsed, faults)


def _check_policy(policy: Policy, parsed: Parsed, faults: Faults) -> None:
    path = f"content/policies/{policy.id}/policy.toml"
    _check_id(policy.id, Place(path), faults)
    if not policy.parts:
        faults.add(Place(path, field="parts"), "不能空着", "至少写一个部分")
    _check_once([part.file for part in policy.parts], Place(path, field="parts"), "文件", faults)
    cited = [basis.policy for basis in policy.bases if basis.policy]
    _check_known(cited, parsed.policy_names, Place(path, field="bases"), "政策", faults)


def _check_scenario(scenario: Scenario, parsed: Parsed, faults: Faults) -> None:
    path = f"content/scenarios/{scenario.id}.md"
    _check_id(scenario.id, Place(path), faults)
    _check_unit_ids(scenario.units, Place(path, field="units"), parsed, faults)
    _check_unit_ids(scenario.cooperating, Place(path, field="cooperating"), parsed, faults)
    if scenario.policy:
        _check_known([scenario.policy], parsed.policy_names, Place(path, field="policy"), "政策", faults)
    if scenario.audience:
        _check_audience(scenario.audience, Place(path, field="audience"), parsed, faults)
    if scenario.status == "planned":
        return
    needed = {
        "audience": scenario.audience,
        "benefit": scenario.benefit,
        "provider": scenario.provider,
        "units": scenario.units,
    }
    for name, value in needed.items():
        if not value:
            advice = '请补上；还没有定下来的场景，写 status = "planned"'
            faults.add(Place(path, field=name), "已启用的场景要写明这一项", advice)


def _check_audience(audience: Audience, place: Place, parsed: Parsed, faults: Faults) -> None:
    """Check every condition of an audience; an empty group is a fault, for an empty ``all`` would mean everyone."""
    found_before = len(faults.found)
    for condition in _conditions(audience):
        match condition:
            case ScoreAtLeast(score) if score < 1:
                faults.add(place, "分数应当是从 1 起的整数", "否则人人都符合")
            case TaxClass(()) | Honour(()) | KindIs(()) | AnyOf(()) | AllOf(()):
                faults.add(place, "条件里有空的一组", "写上内容，或删掉这个条件")
            case TaxClass(classes):
                _check_known(classes, TAX_CLASSES, place, "纳税信用级别", faults)
            case RatingAtLeast(grade) if parsed.settings:
                _check_known([grade], parsed.settings.rules.rating_scale, place, "评价等级", faults)
            case Honour(codes) if parsed.categories is not None:
                known = [category.code for category in parsed.categories]
                _check_known(codes, {*known, *(code[:1] for code in known)}, place, "类别", faults)
    if len(faults.found) == found_before and not is_bounded(audience):
        advice = "加上分数、纳税信用级别、评价等级或荣誉的条件"
        faults.add(place, "只写了主体类型，没有写凭什么享受，也就没有期限", advice)


def _conditions(audience: Audience) -> Iterator[Audience]:
    yield audience
    if isinstance(audience, AnyOf | AllOf):
        for part in audience.any if isinstance(audience, AnyOf) else audience.all:
            yield from _conditions(part)


def _check_numbers(scenarios: Iterable[Scenario], faults: Faults) -> None:
    """Check that no two scenarios of a policy share a number."""
    seen: dict[tuple[str, int], Scenario] = {}
    for scenario in scenarios:
        if scenario.number:
            other = seen.setdefault((scenario.policy or "", scenario.number), scenario)
            if other is not scenario:
                place = Place(f"content/scenarios/{scenario.id}.md", field="number")
                faults.add(place, f"序号 {scenario.number} 已经用在 {other.id} 上", "改成各不相同")


def _check_merchants(parsed: Parsed, faults: Faults) -> None:
    path = "content/merchants.toml"
    _check_once([merchant.id for merchant in parsed.merchants], Place(path), "商户编号", faults)
    planned = {scenario.id for scenario in parsed.scenarios if scenario.status == "planned"}
    for merchant in parsed.merchants:
        where = f"merchant[{merchant.id}]"
        if not MERCHANT_ID.fullmatch(merchant.id):
            faults.add(Place(path, field=f"{where}.id"), "商户编号写得不对", merchant_id_advice(merchant.id))
        place = Place(path, field=f"{where}.scenarios")
        if not merchant.scenarios:
            faults.add(place, "不能空着", "写上这家商户参加的场景")
        _check_once(merchant.scenarios, place, "场景", faults)
        _check_known(merchant.scenarios, parsed.scenario_names, place, "场景", faults)
        for id_ in sorted(planned.intersection(merchant.scenarios)):
            faults.add(place, f"场景 {id_} 还没有启用", "等场景启用后再写上")


def _check_unit_ids(ids: Iterable[str], place: Place, parsed: Parsed, faults: Faults) -> None:
    if parsed.units is not None:
        _check_known(ids, [unit.id for unit in parsed.units], place, "单位", faults)


def _check_known(ids: Iterable[str], known: Collection[str], place: Place, what: str, faults: Faults) -> None:
    """Note each id that nothing has."""
    for id_ in ids:
        if id_ not in known:
            faults.add(place, f"没有 {id_} 这个{what}", similar(id_, known) or "请核对")


def _check_once(words: Iterable[str], place: Place, what: str, faults: Faults) -> None:
    """Note each word that stands more than once."""
    for word, times in Counter(words).items():
        if times > 1:
            faults.add(place, f"{what} {word} 用了 {times} 次", "改成各不相同")


def _check_id(id_: str, place: Place, faults: Faults) -> None:
    """Note an id that cannot be part of an address, or the name of a file on every system."""
    if not ID.fullmatch(id_):
        advice = "编号就是网址的一部分，只用小写字母、数字和连字符，如 canyin"
        faults.add(place, f"编号 {id_} 写得不对", _device_advice(id_) or advice)


def merchant_id_advice(id_: str) -> str:
    """Return how to write the id of a merchant, whose bundle is a file of that name."""
    return _device_advice(id_) or "用小写字母、数字和连字符，2 到 32 个，不以连字符开头"


def _device_advice(id_: str) -> str:
    return f"Windows 不让文件叫 {id_}。请换一个，如 {id_}-1" if re.match(_DEVICE, id_) else ""
