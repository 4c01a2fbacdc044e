"""What is remembered, what the clock says, and which fault comes first (docs/spec/bundle.md, 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vectors.make.case import PIN, Case, Question, Step, bundle_of
from tests.vectors.make.containers import BUNDLE, MEMBERS, damaged, patched, without
from tests.vectors.make.metadata import BINS, NEW, OLD_AND_NEW, edited, into
from tests.vectors.make.office import (
    DAY,
    ISSUED,
    LI,
    NOON,
    SHORT,
    Json,
    Office,
    bundled,
    canonical,
    digest,
    manifest,
    root,
    signed,
)

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
END = ISSUED + 40 * DAY
LAST_DAY_OVER = datetime(2026, 11, 25, 16, tzinfo=UTC)
"""The end of 25 November 2026 in Asia/Shanghai."""
LI_SI = Question(*LI)


def release(version: int, **fields: Any) -> Office:
    """Return the office some releases on, an hour further for each."""
    return Office(version=version, **({"issued": ISSUED + (version - 1) * HOUR} | fields))


FIRST, SECOND_ONE, THIRD = (release(version).bundle() for version in (1, 2, 3))


def another_merchant(**fields: Any) -> bytes:
    """Return the bundle of another merchant of the same office."""
    content = manifest() | {"merchant": {"id": "dian", "name": "示例小店"}}
    return Office(merchant="dian", manifest=content, **fields).bundle()


def another_office() -> Office:
    """Return an office with other root keys from the beginning."""
    return Office(chain=[canonical(signed(root(1, NEW), *NEW[:2]))])


def taken_back() -> bytes:
    """Return a release of version 4 whose snapshot leads to targets of version 2."""

    def older(snapshot: Json) -> None:
        snapshot["meta"]["targets.json"] = {"version": 2}

    members = release(4, edits={"snapshot": older}).container()
    return bundled({**members, "metadata/2.targets.json": release(2).container()["metadata/2.targets.json"]})


def memory() -> Iterator[Case]:
    """Yield the cases of what is remembered."""
    first, second = Step(FIRST), Step(SECOND_ONE)
    rotated = release(2).rotate(*OLD_AND_NEW, keys=NEW)
    stolen = Step(release(100, issued=ISSUED).bundle())
    rescued = release(3, issued=ISSUED + HOUR)

    def case(name: str, shows: str, bundle: bytes, *history: Step, code: str = "eligible", **more: Any) -> Case:
        return Case(f"state/{name}", shows, "5", bundle, code, history=history, **more)

    yield case("same-again", "the same bundle on the same day", FIRST, first)
    yield case("same-on-another-day", "the same bundle a day later", FIRST, first, at=NOON + DAY)
    yield case("newer", "a newer release", SECOND_ONE, first)
    yield case("much-newer", "versions may be left out", release(9).bundle(), first)
    yield case("older", "an older release", FIRST, second, code="rolled-back")
    yield case("older-and-expired", "older comes before expired", FIRST, second, code="rolled-back", at=NOON + 60 * DAY)
    yield case("expired-though-remembered", "a list withheld too long", FIRST, first, code="expired", at=END)
    other = bundle_of(days=41)
    yield case("same-version-other-bytes", "a version is signed only once", other, first, code="not-trusted")
    resigned = Office(edits={"timestamp": into(version=2), "snapshot": into(more=1)}).bundle()
    shows = "a newer timestamp with other bytes for the remembered version of the snapshot"
    yield case("snapshot-same-version-other-bytes", shows, resigned, first, code="not-trusted")
    shows = "timestamp and snapshot are new, the targets older than before"
    yield case("targets-taken-back", shows, taken_back(), Step(THIRD), code="rolled-back")
    binned = Step(release(1, bins=BINS).bundle())
    yield case("snapshot-leaves-roles-out", "the bins are gone again", SECOND_ONE, binned, code="not-trusted")
    leaping = Office(version=2, edits={"snapshot": into(version=3)}).bundle()
    shows = "a snapshot whose version is not the announced one is no rollback"
    yield case("snapshot-of-another-version", shows, leaping, first, code="not-trusted")
    leaping = Office(version=2, edits={"targets": into(version=3)}).bundle()
    shows = "targets whose version is not the announced one are no rollback"
    yield case("targets-of-another-version", shows, leaping, first, code="not-trusted")
    yield case("no-pin-at-first-use", "neither pin nor memory", FIRST, code="not-trusted", pin=None)
    yield case("no-pin-but-memory", "what is remembered is enough", SECOND_ONE, first, pin=None)
    yield case("wrong-pin-at-first-use", "another office's pin", FIRST, code="not-trusted", pin="0" * 64)
    yield case("wrong-pin-with-memory", "a pin that changed", SECOND_ONE, first, code="not-trusted", pin="0" * 64)
    theirs = another_office()
    pin = digest(theirs.chain[0])
    yield case("another-office", "another chain, and its pin", theirs.bundle(), first, code="not-trusted", pin=pin)
    yield case(
        "another-office-no-pin", "another chain, and no pin", theirs.bundle(), first, code="not-trusted", pin=None
    )
    yield case("another-office-first-use", "another chain, and its pin, at first use", theirs.bundle(), pin=pin)
    yield case("root-added", "a release with one root more", rotated.bundle(), first)
    yield case(
        "root-left-out", "a newer release without the last root", THIRD, Step(rotated.bundle()), code="rolled-back"
    )
    forked = release(3).rotate(keys=("one", "two", "nine")).bundle()
    shows = "another second root than the remembered one"
    yield case("root-forked", shows, forked, Step(rotated.bundle()), code="not-trusted")
    replaced = release(2).rotate(office=("other",)).bundle()
    yield case("office-key-replaced", "a new office key", replaced, first)
    yield case("before-the-new-office-key", "a bundle of the old key", FIRST, Step(replaced), code="rolled-back")
    recovered = replace(rescued, chain=list(rescued.chain)).rotate(office=("other",)).bundle()
    shows = "a thief of the office key raised the version to 100; a new key begins where the office was (TUF 5.3.11)"
    yield case("fast-forward-recovered", shows, recovered, stolen)
    kept = replace(rescued, chain=list(rescued.chain)).rotate().bundle()
    shows = "a new root with the same office key keeps the version that was seen"
    yield case("fast-forward-not-recovered", shows, kept, stolen, code="rolled-back")
    yield case("two-merchants", "each merchant has a memory of its own", FIRST, Step(another_merchant(version=5)))
    shows = "what is remembered for another merchant is no first root"
    yield case("memory-of-another-merchant", shows, FIRST, Step(another_merchant()), code="not-trusted", pin=None)
    broken = Step(damaged(len(MEMBERS) - 1), code="damaged")
    yield case("refused-before", "a download that broke spoils nothing", SECOND_ONE, first, broken)
    forgotten = Step(release(5).bundle(), code="wrong-passphrase", passphrase="F" * 16)
    yield case("refused-is-not-remembered", "what did not open is not remembered", FIRST, forgotten)
    late = Step(FIRST, at=END, code="expired")
    yield case("refused-day-is-not-remembered", "nor is the day on which it was tried", FIRST, late)
    yield case(
        "unreadable",
        "what is remembered cannot be read: not first use",
        FIRST,
        first,
        code="state",
        memory="unreadable",
    )


def clock() -> Iterator[Case]:
    """Yield the cases of days and instants."""

    def case(name: str, shows: str, at: datetime, code: str = "eligible", **more: Any) -> Case:
        return Case(f"clock/{name}", shows, "5.3", more.pop("bundle", FIRST), code, at=at, **more)

    yield case("before-issue", "the last second before the day of issue", ISSUED - SECOND, "clock")
    yield case("at-issue", "the first second of the day of issue", ISSUED)
    yield case("dead-battery", "a clock that begins anew in 2000", datetime(2000, 1, 1, tzinfo=UTC), "clock")
    perks = {"canyin": "2027-01-14"}
    yield case("last-second", "the last second of the list", END - SECOND, perks=perks)
    yield case("at-expiry", "the first second of refusal", END, "expired")
    yield case("long-after", "a year later", NOON + 365 * DAY, "expired")
    later = Step(FIRST, at=NOON + 5 * DAY)
    yield case("before-last-seen", "a day earlier than the last one", NOON + 4 * DAY, "clock", history=[later])
    yield case("same-day-earlier", "an earlier hour of the same day", NOON - 4 * HOUR, history=[Step(FIRST)])
    midnight = Step(FIRST, at=ISSUED + DAY)
    shows = "a second before the midnight of Asia/Shanghai at which it was last used"
    yield case("before-last-seen-by-a-second", shows, ISSUED + DAY - SECOND, "clock", history=[midnight])
    yield case("after-a-newer-list", "a day is seen with any list", NOON, "clock", bundle=SECOND_ONE, history=[later])
    last: dict[str, Any] = {"ask": LI_SI, "perks": SHORT}
    yield case("last-day-last-second", "a last day ends at midnight in Asia/Shanghai", LAST_DAY_OVER - SECOND, **last)
    yield case("last-day-over", "the second after", LAST_DAY_OVER, "not-found", ask=LI_SI)
    tomorrow = edited("targets", into("targets", "canyin.zip", "custom", issued="2026-11-21T16:00:00Z"))
    yield case("issued-tomorrow", "a list of the next day", NOON, "clock", bundle=tomorrow)
    short = bundle_of(days=1)
    yield case("short-lived", "the shortest of the lives decides", NOON, "expired", bundle=short)


def order() -> Iterator[Case]:
    """Yield cases with two faults, of which the first is the answer."""
    last = len(MEMBERS) - 1
    stranger = bundle_of(signers={"timestamp": ("stranger",)})
    unknown = manifest() | {"format": 2, "scenarios": 5}
    lost: dict[str, Any] = {"history": [Step(FIRST)], "memory": "unreadable"}
    forgotten: dict[str, Any] = {"passphrase": "F" * 16}
    entry = BUNDLE.rindex(b"PK\1\2")

    def case(name: str, bundle: bytes, code: str, **more: Any) -> Case:
        first, _, second = name.partition("-before-")
        shows = f"{first.replace('-', ' ')} comes before {second.replace('-', ' ')}"
        return Case(f"order/{name}", shows, "5", bundle, code, **more)

    both = patched(entry + 8, b"\1", damaged(0))
    yield case("crc-before-a-later-header", both, "damaged")
    yield case("header-before-a-later-crc", patched(6, b"\1", damaged(last)), "malformed")
    yield case("end-record-before-crc", damaged(0)[:-2] + b"\1\0x", "malformed")
    bare = patched(40, b"?", without("metadata/timestamp.json", "metadata/1.root.json"))
    yield case("crc-before-missing-members", bare, "damaged")
    yield case("malformed-before-state", b"x", "malformed", **lost)
    yield case("state-before-pin", FIRST, "state", pin="0" * 64, **lost)
    yield case("state-before-expired", FIRST, "state", at=END, **lost)
    yield case("pin-before-expired", FIRST, "not-trusted", pin="0" * 64, at=END)
    yield case("timestamp-signature-before-expired", stranger, "not-trusted", at=END)
    yield case("root-expired-before-timestamp-signature", stranger, "expired", at=NOON + 800 * DAY)
    behind = bundled({**MEMBERS, list(MEMBERS)[-1]: b"x"})
    yield case("expired-before-target-digest", behind, "expired", at=END)
    yield case("target-digest-before-clock", behind, "damaged", at=ISSUED - SECOND)
    custom = into("targets", "canyin.zip", custom=None, length=5)
    yield case("custom-before-target-digest", edited("targets", custom), "not-trusted")
    seen = Step(FIRST, at=END - DAY)
    brief = release(2, days=10).bundle()
    yield case("expired-before-clock", brief, "expired", at=NOON + 20 * DAY, history=[seen])
    yield case("clock-before-passphrase", FIRST, "clock", at=ISSUED - SECOND, **forgotten)
    yield case("expired-before-passphrase", FIRST, "expired", at=END, **forgotten)
    yield case("passphrase-before-format", bundle_of(manifest=unknown), "wrong-passphrase", **forgotten)
    yield case("format-before-other-fields", bundle_of(manifest=unknown), "unknown-format")
    wrong = Question("", "990621199001011234")
    yield case("name-before-number", FIRST, "bad-name", ask=wrong)
    yield case("expired-before-number", FIRST, "expired", ask=wrong, at=END)
    yield case("pin-before-roots", bundle_of(chain=[MEMBERS["metadata/1.root.json"], b"x"]), "not-trusted", pin=PIN)


def cases() -> Iterator[Case]:
    """Yield the cases of memory, of the clock, and of the order of faults."""
    yield from memory()
    yield from clock()
    yield from order()
