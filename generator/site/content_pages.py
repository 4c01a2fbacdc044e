"""The pages made of content alone: scenarios, measures, policies, cases, categories, plain pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from generator.core.model import BenefitKind, Case, Content, Measure, Policy, Scenario, Unit
from generator.site.edition import PagePlan, section_page, text
from generator.site.sections import (
    CASES,
    CATEGORIES,
    HOME,
    MEASURES,
    POLICIES,
    SCENARIOS,
    page_url,
    plain_pages,
    policy_url,
    scenario_url,
)
from generator.site.words import phrase


def scenarios(content: Content) -> Iterator[PagePlan]:
    """Yield the list of scenarios and a page for each active one."""
    active = [scenario for scenario in content.scenarios.values() if scenario.status == "active"]
    planned = [scenario for scenario in content.scenarios.values() if scenario.status == "planned"]
    yield section_page(SCENARIOS, "scenarios.html", content, groups=_by_kind(active), planned=_by_area(planned))
    titles = {policy.id: policy.title for policy in content.policies}
    for scenario in active:
        yield PagePlan(
            url=scenario_url(scenario),
            template="scenario.html",
            title=scenario.name,
            context={
                "scenario": scenario,
                "body": text(scenario.body, f"content/scenarios/{scenario.id}.md"),
                "policy_title": titles[scenario.policy] if scenario.policy else "",
                "merchants": tuple(m for m in content.merchants if scenario.id in m.scenarios and m.status == "active"),
                "cases": tuple(case for case in content.cases if case.scenario == scenario.id),
            },
            section=SCENARIOS,
            description=f"{scenario.name}：{scenario.provider}，{scenario.benefit}。"
            + (phrase(scenario.audience, content) if scenario.audience else ""),
            source=scenario.provider,
            crumbs=(HOME, SCENARIOS),
            keywords=tuple(kind.value for kind in scenario.benefit_kinds),
        )


def _by_kind(scenarios: Iterable[Scenario]) -> tuple[tuple[str, tuple[Scenario, ...]], ...]:
    """Group scenarios by their first kind of benefit, in the policy's order of kinds."""
    groups: dict[str, list[Scenario]] = {kind.value: [] for kind in BenefitKind}
    for scenario in scenarios:
        first = scenario.benefit_kinds[0].value if scenario.benefit_kinds else "其他优惠和便利"
        groups.setdefault(first, []).append(scenario)
    return tuple((kind, tuple(found)) for kind, found in groups.items() if found)


def _by_area(scenarios: Iterable[Scenario]) -> tuple[tuple[str, tuple[Scenario, ...]], ...]:
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        groups.setdefault(scenario.area, []).append(scenario)
    return tuple((area, tuple(found)) for area, found in groups.items())


def measures(content: Content) -> PagePlan:
    """Return the page of all measures, by unit, with the numbers of each field."""
    by_unit: dict[Unit, list[Measure]] = {}
    by_field: dict[str, list[int]] = {}
    for measure in sorted(content.measures, key=lambda measure: measure.number):
        by_unit.setdefault(content.units[measure.unit], []).append(measure)
        by_field.setdefault(measure.field or "未分领域", []).append(measure.number)
    numbers = {measure.number for measure in content.measures}
    return section_page(
        MEASURES,
        "measures.html",
        content,
        groups=tuple((unit, tuple(measures)) for unit, measures in by_unit.items()),
        fields=tuple((name, tuple(found)) for name, found in by_field.items()),
        count=len(numbers),
        last=max(numbers, default=0),
        missing=tuple(number for number in range(1, max(numbers, default=0)) if number not in numbers),
    )


def newest_policies(content: Content) -> tuple[Policy, ...]:
    """Return the policies, newest first, those without a date last."""
    return tuple(sorted(content.policies, key=lambda p: (p.published or p.made or date.min, p.id), reverse=True))


def policies(content: Content) -> Iterator[PagePlan]:
    """Yield the list of policies and a page for each."""
    newest = newest_policies(content)
    yield section_page(POLICIES, "policies.html", content, policies=newest)
    for policy in newest:
        yield PagePlan(
            url=policy_url(policy.id),
            template="policy.html",
            title=policy.title,
            context={
                "policy": policy,
                "parts": tuple(
                    (part, text(part.body, f"content/policies/{policy.id}/{part.file}", f"part-{number}-", 3))
                    for number, part in enumerate(policy.parts, 1)
                ),
                "scenarios": tuple(s for s in content.scenarios.values() if s.policy == policy.id),
            },
            section=POLICIES,
            description=policy.summary,
            published=policy.published or policy.made,
            source=policy.issuer,
            crumbs=(HOME, POLICIES),
        )


def cases(content: Content) -> Iterator[PagePlan]:
    """Yield the list of cases and a page for each, newest first."""
    newest = sorted(content.cases, key=lambda case: (case.published, case.id), reverse=True)
    yield section_page(CASES, "cases.html", content, cases=tuple(newest))
    for case in newest:
        yield _case(case, content)


def _case(case: Case, content: Content) -> PagePlan:
    return PagePlan(
        url=f"cases/{case.id}/",
        template="case.html",
        title=case.title,
        context={
            "case": case,
            "body": text(case.body, f"content/cases/{case.id}.md"),
            "scenario": content.scenarios[case.scenario] if case.scenario else None,
        },
        section=CASES,
        description=case.summary,
        published=case.published,
        source=content.settings.office,
        crumbs=(HOME, CASES),
    )


def categories(content: Content) -> PagePlan:
    """Return the page that says who can be honoured and who reports it."""
    kinds = (("可以列入的个人（A类）", "person"), ("可以列入的单位（B类）", "organisation"))
    groups = [(title, tuple(c for c in content.categories.values() if c.subject == kind)) for title, kind in kinds]
    return section_page(CATEGORIES, "categories.html", content, groups=tuple(groups))


def plain(content: Content) -> Iterator[PagePlan]:
    """Yield the pages of plain text."""
    for page in plain_pages(content):
        yield PagePlan(
            url=page_url(page),
            template="page.html",
            title=page.title,
            context={"body": text(page.body, f"content/pages/{page.id}.md"), "summary": page.summary},
            description=page.summary,
            crumbs=(HOME,),
        )
