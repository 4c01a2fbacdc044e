"""From something leaked to the merchant whose bundle it came out of: held against canaries, and put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from generator.build import bundles, leaks
from generator.build.leaks import Leak
from generator.build.merchants import read as read_merchants
from generator.build.office import entitle
from generator.build.office import read as read_office
from generator.bundle import canary, payload
from generator.bundle.canary import Suspect
from generator.core import lifecycle
from generator.core.model import MerchantId, Person
from generator.core.workdays import UncoveredYearError
from generator.errors import RefusedError
from generator.trust.keys import OfficeKeys

_MONTHS = 12
"""So far back classes are tried where nothing says which there were."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A leak, how many canaries it shows in how many classes, and how well each merchant fits, the best first.

    ``possible`` are the merchants that offer, as content/merchants.toml stands, all that these classes are for.
    """

    leak: Leak
    canaries: int
    classes: int
    suspects: tuple[Suspect, ...]
    possible: tuple[MerchantId, ...]
    names: Mapping[MerchantId, str]


def trace(root: Path, paths: Sequence[Path], keys: OfficeKeys, as_of: date, former: Collection[MerchantId]) -> Trace:
    """Return what the files tell; ``as_of`` is the last day to try.

    Tried are all merchants there are, and were, as far as the keys remember them; ``former`` are further ones.

    Raises ``RefusedError`` where the files hold nothing that can be traced.
    """
    secrets, passphrases = bundles.open_secrets(keys), keys.programme.passphrases
    merchants = read_merchants(root)
    names = {merchant.id: merchant.name for merchant in merchants}
    leak = leaks.read(paths, secrets, passphrases)
    if not leak.tokens and not leak.sealed and not leak.foreign:
        raise RefusedError(
            "这些文件里没有读到名单代码。能读的有：解开的名单包（manifest.json 和 classes）、代码的文本或 CSV"
        )
    labels = leak.labels | (labels_of_lists(root, as_of) if leak.loose else frozenset())
    shown = canary.shown(leak.tokens, labels, secrets)
    suspects = canary.trace(shown, {*names, *passphrases, *keys.programme.former, *leak.stated, *former}, secrets)
    benefits = {pair.partition("=")[0] for label in shown for pair in label.split(",")}
    possible = tuple(merchant.id for merchant in merchants if benefits and benefits.issubset(merchant.scenarios))
    return Trace(leak, sum(bits.bit_count() for bits in shown.values()), len(shown), suspects, possible, names)


def labels_of_lists(root: Path, as_of: date) -> frozenset[str]:
    """Return the labels of every class of every merchant on a day and on the first of each month of a year before it.

    Whoever is recognised is so for a year: hardly a class comes and goes between two of these days. Merchants struck
    out since are taken to have offered one scenario, or any two.
    """
    office = read_office(root, as_of)
    rules = office.content.settings.rules
    offers = {frozenset(s.id for s in office.content.scenarios_of(merchant)) for merchant in office.content.merchants}
    offers |= {frozenset(pair) for pair in combinations_with_replacement(office.content.scenarios, 2)}
    kinds = set()
    for day in (as_of, *_firsts(as_of)):
        with suppress(UncoveredYearError):
            standings = lifecycle.stand(office.lists, rules, day)
            entitled = entitle(replace(office, standings=standings, as_of=day))
            kinds |= {tuple(one.last_days.items()) for one in entitled if isinstance(one.subject, Person)}
    cuts = ({s: last for s, last in days if s in offered} for days in kinds for offered in offers)
    return frozenset(payload.spell(cut) for cut in cuts if cut)


def _firsts(as_of: date) -> Iterator[date]:
    month = as_of.year * 12 + as_of.month - 1
    for earlier in range(month, month - _MONTHS, -1):
        yield date(earlier // 12, earlier % 12 + 1, 1)


# -- saying -----------------------------------------------------------------------------------------------------


def values(found: Trace) -> dict[str, Any]:
    """Return a trace for programs."""
    return {
        "tokens": len(found.leak.tokens),
        "classes": found.classes,
        "canaries": found.canaries,
        "stated": sorted(found.leak.stated),
        "sealed": sorted(found.leak.sealed),
        "foreign": found.leak.foreign,
        "possible": list(found.possible),
        "merchants": [
            {
                "id": one.merchant,
                "name": found.names.get(one.merchant, ""),
                "named": one.named,
                "chance": one.chance,
                "carried": one.carried,
                "shown": one.shown,
                "agreeing": one.agreeing,
                "candidates": one.candidates,
            }
            for one in found.suspects
        ],
    }


def text(found: Trace) -> str:
    """Return a trace for staff: whose, how surely, and what it does not say."""
    leak = found.leak

    def called(merchant: MerchantId) -> str:
        return f"{merchant}（{found.names.get(merchant, '不在现在的商户里')}）"

    lines = [
        f"{called(merchant)}的名单包还没有打开。名单包谁都能从网站下载，拿到它不等于口令泄露。"
        for merchant in sorted(leak.sealed)
    ]
    if leak.foreign:
        lines.append(f"有{leak.foreign}份清单不是用现在这套密钥做的，认不出暗记。")
    if not leak.tokens:
        return "\n".join(lines)
    lines.append(f"读到代码{len(leak.tokens)}个，在{found.classes}组里认出暗记{found.canaries}个。")
    lines += [f"清单上写的商户是 {called(merchant)}，但清单可以改。" for merchant in sorted(leak.stated)]
    named = [one for one in found.suspects if one.named]
    lines += [
        f"出自 {called(one.merchant)}的名单包：{one.shown}个暗记里有{one.carried}个是它的，"
        f"无辜的商户碰巧也这样的机会不到{_rarely(one.chance)}。"
        for one in named
    ]
    lines += _advice(found, named)
    return "\n".join(lines)


def _advice(found: Trace, named: Sequence[Suspect]) -> list[str]:
    if named:
        several = ["不止一家：像是几家的名单包凑在一起的，没有点到的商户也可能在内。"] if len(named) > 1 else []
        return [
            *several,
            "这只说明内容出自谁的名单包，不说明是谁传出去的：也可能是口令被别人看到，或者电脑丢了。请先问清楚。",
            *(f"先换口令：xinyi merchants passphrase {one.merchant} --replace" for one in named),
        ]
    if found.canaries:
        only = [f"不过照现在的 content/merchants.toml，只有 {found.possible[0]} 参加这样的场景。"]
        return [
            "只看暗记分不清是哪一家的：认出的太少，碰巧这样的商户不止一家，不能凭暗记怀疑谁。多找一些泄露的内容再试。",
            *(only if len(found.possible) == 1 else []),
        ]
    return [
        "看不出是哪一家的：一个暗记也没有认出来。可能不是名单包里的内容；可能是一年以前的，请用 --as-of 写大约的日子；"
        "也可能优惠不同的几家互相对照，把暗记挑掉了。"
    ]


def _rarely(chance: float) -> str:
    """Return a bound in words that hold: one in ten thousand, a million, a hundred million."""
    return next(
        words for bound, words in ((1e-8, "一亿分之一"), (1e-6, "一百万分之一"), (1, "一万分之一")) if chance <= bound
    )
