"""How long a release for many merchants takes when one of them has changed: in all, encrypting, and the rest.

    python -m tests.benchmarks.bench_release [--merchants 1000] [--people 2000]

Everything from the release on disk to the new one saved and the bundles written, as a build does it; reading lists and
rendering pages are not counted. Prints the median of some runs, by steps; the people are invented, and their u is drawn
instead of derived.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from generator.build import bundles, writing
from generator.build.bundles import Collapsed
from generator.build.office import Entitled, Office
from generator.bundle import archive, collapse
from generator.bundle.collapse import U
from generator.core.identifiers import Number
from generator.core.model import Lists, Merchant, MerchantId, Person, ScenarioId
from generator.core.workdays import Calendar
from generator.trust import keys as trust
from generator.trust import releases, repository, sealing
from generator.trust.keys import OfficeKeys
from tests.site.builders import content, edition, scenario

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 19, 16, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
RUNS, SCENARIOS, GROUPS = 5, 20, 10
ENCRYPTION, CONTENT = "encrypting what changed", "saying who is in which bundle"


@dataclass(frozen=True)
class Clock:
    """Adds up the seconds spent on each step."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.spent[what] += perf_counter() - start

    def measured(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same, measured."""

        def run(*arguments: Any) -> Any:
            with self.measure(what):
                return function(*arguments)

        return run


@dataclass(frozen=True)
class World:
    """An office with many merchants, its keys, and everybody's u."""

    office: Office
    entitled: tuple[Entitled, ...]
    keys: OfficeKeys
    collapsed: Collapsed


def world(folder: Path, merchants: int, people: int) -> World:
    """Return an invented office: merchants with one or two of 20 scenarios, people with ten honours in three batches.

    Each honour opens ten scenarios, and each batch has its own last day.
    """
    random = Random(8)  # noqa: S311 - the same figures every time
    scenarios = {ScenarioId(f"s{number}"): scenario(id=ScenarioId(f"s{number}")) for number in range(SCENARIOS)}
    shops = tuple(
        Merchant(
            MerchantId(f"m{number}"), f"示例{number}店", tuple(random.sample(sorted(scenarios), random.randint(1, 2)))
        )
        for number in range(merchants)
    )
    everyone = [Person(f"示例{number}", Number(f"99062219{number:010d}")) for number in range(people)]
    last = [date(2027, month, 14) for month in (1, 2, 3)]
    groups = [(random.sample(sorted(scenarios), SCENARIOS // 2), day) for day in last for _ in range(GROUPS)]
    entitled = tuple(
        Entitled(person, dict.fromkeys(open_to, day))
        for person, (open_to, day) in zip(everyone, random.choices(groups, k=people), strict=True)
    )
    phrase = trust.DEMO_PASSPHRASE
    trust.init(folder / "keys", (folder / "keys",) * 3, trust.Passphrases((phrase,) * 3, phrase), 29, AT)
    keys = trust.open_office(folder / "keys", phrase)
    keys = trust.add_passphrases(folder / "keys", keys, {shop.id: archive.new_passphrase() for shop in shops})
    secrets = bundles.open_secrets(keys)
    drawn = {collapse.cache_key(person, secrets): U(random.getrandbits(12)) for person in everyone}
    lists = Lists({}, (), (), (), (), Calendar({}))
    office = Office(content(scenarios=scenarios, merchants=shops), lists, (), {}, DAY)
    return World(office, entitled, keys, Collapsed(drawn, secrets, 0))


def release(folder: Path, world: World, clock: Clock) -> int:
    """Release as a build does and return how many targets were made anew."""
    store, shops = folder / "keys/repository", world.office.content.merchants
    programme = collapse.programme_digest(world.collapsed.secrets)
    with clock.measure("reading the release before"):
        current = repository.read_release(store)
    with (
        clock.measure(CONTENT),
        patch.object(archive, "encrypt", clock.measured(ENCRYPTION, archive.encrypt)),
    ):
        targets = bundles.make_targets(world.office, shops, world.entitled, world.keys, current, world.collapsed)
    with clock.measure("signing"):
        roots = repository.read_roots(store)
        made = releases.next_release(current, roots, targets.sealed, AT, world.keys.signer, programme)
    with clock.measure("packing bundles"):
        packed = {m.id: archive.container(bundles.container_members(made, m, world.keys.demo)) for m in shops}
        records = tuple(bundles.record(m, packed[m.id], made, ZONE) for m in shops)
    with clock.measure("saving the release"):
        repository.save_release(store, made)
    with clock.measure("writing what is published"):
        shown = edition(content=world.office.content, bundles=records)
        writing.swap_in(folder / "site", writing.downloads(made, shown, packed))
    return len(targets.remade)


def run(merchants: int, people: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name, patch.object(sealing, "_SCRYPT_N", 16):
        folder = Path(name)
        office = world(folder, merchants, people)
        release(folder, office, Clock())
        clocks = []
        for _ in range(RUNS):
            changed = {office.office.content.merchants[merchants // 2].id: archive.new_passphrase()}
            keys = trust.add_passphrases(folder / "keys", office.keys, changed)
            clock = Clock()
            with clock.measure("all"):
                remade = release(folder, replace(office, keys=keys), clock)
            if remade != 1:
                raise AssertionError(f"{remade} targets were made anew")
            clocks.append(clock.spent)
        size = sum(path.stat().st_size for path in (folder / "site/bundles").iterdir())
    spent = {what: median(one[what] for one in clocks) for what in clocks[0]}
    spent[CONTENT] -= spent[ENCRYPTION]
    print(
        f"{merchants} merchants, {people} people, one passphrase replaced; bundles of {size / merchants / 1024:.0f} KiB"
    )
    for what, seconds in spent.items():
        print(f"  {seconds * 1000:7.1f} ms  {what}")
    print(f"  {(spent['all'] - spent[ENCRYPTION]) * 1000:7.1f} ms  all but encrypting")
    releasing = spent["all"] - spent[ENCRYPTION] - spent[CONTENT]
    print(f"  {releasing * 1000:7.1f} ms  releasing: all but encrypting and saying who is in which bundle")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--merchants", type=int, default=1000)
    parser.add_argument("--people", type=int, default=2000)
    options = parser.parse_args()
    run(options.merchants, options.people)


if __name__ == "__main__":
    main()
