"""Every role of TUF: the chain of roots, timestamp, snapshot, targets, bins (docs/spec/bundle.md, 2.1 and 5.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.vectors.make.case import Case, Step
from tests.vectors.make.office import (
    DAY,
    ISSUED,
    NOON,
    Edit,
    Json,
    Office,
    bin_name,
    bundled,
    canonical,
    digest,
    instant,
    key_id,
    private,
    public,
    signed,
)

NEW = ("four", "five", "six")
OLD_AND_NEW = ("one", "two", "four", "five")
BINS = (8, "bins")
BIN = bin_name("canyin.zip", *BINS)


def into(*path: str, **changes: object) -> Edit:
    """Return an edit that sets fields of a part of the metadata."""

    def edit(content: Json) -> None:
        part: Any = content
        for step in path:
            part = part[step]
        part.update(changes)

    return edit


def lacking(*path: str) -> Edit:
    """Return an edit that takes a field away."""

    def edit(content: Json) -> None:
        part: Any = content
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return edit


def flipped(envelope: Json) -> None:
    """Flip a bit of the first signature."""
    sig = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = f"{int(sig[0], 16) ^ 1:x}{sig[1:]}"


def unsigned(envelope: Json) -> None:
    """Take the signatures away."""
    envelope["signatures"] = []


def twice(envelope: Json) -> None:
    """Let one key sign twice."""
    envelope["signatures"] = [envelope["signatures"][0]] * 2


def relabelled(envelope: Json) -> None:
    """Add the first key's signature again, under the id of the third."""
    envelope["signatures"][1] = {**envelope["signatures"][0], "keyid": key_id("three")}


def stranger_too(envelope: Json) -> None:
    """Let somebody sign who is not asked."""
    message = canonical(envelope["signed"])
    envelope["signatures"].append({"keyid": key_id("stranger"), "sig": private("stranger").sign(message).hex()})


def after_signing(**changes: object) -> Edit:
    """Return a change of what has been signed."""
    return into("signed", **changes)


def with_members(change: Callable[[dict[str, bytes]], object], **fields: Any) -> bytes:
    """Return a bundle whose members were changed after signing."""
    members = Office(**fields).container()
    change(members)
    return bundled(members)


def without(name: str, **fields: Any) -> bytes:
    """Return a bundle without a member."""
    return with_members(lambda members: members.pop(f"metadata/{name}"), **fields)


def edited(role: str, edit: Edit, **fields: Any) -> bytes:
    """Return a bundle in which a role says something else, rightly signed and described."""
    return Office(edits={role: edit}, **fields).bundle()


def mixed(*ends: str) -> bytes:
    """Return a bundle with some files of the next release."""
    later = Office(version=2, issued=ISSUED + DAY).container()
    return with_members(lambda members: members.update({n: d for n, d in later.items() if n.endswith(ends)}))


def spaced(members: dict[str, bytes]) -> None:
    """Write the second root with white space and its fields in another order."""
    content = json.loads(members["metadata/2.root.json"])
    backwards = {key: content[key] for key in reversed(content)}
    members["metadata/2.root.json"] = json.dumps(backwards, indent=2).encode()


def many(count: int) -> Office:
    """Return an office that has renewed its root often."""
    office = Office()
    for _ in range(count - 1):
        office.rotate()
    return office


def renamed(old: str, new: str, office: Office) -> bytes:
    """Return a bundle with a member under another name."""
    members = office.container()
    return bundled({new if name == old else name: data for name, data in members.items()})


def second_root(old: str) -> bytes:
    """Return a bundle in which the second root is a copy of another member."""
    members = Office().rotate().container()
    return bundled({**members, "metadata/2.root.json": members[old]})


def ranked(*, office: tuple[str, ...] = ("office",), **role: object) -> Edit:
    """Return an edit of a root's timestamp role."""
    return into("roles", "timestamp", **role)


def another_target(targets: Json) -> None:
    """Name another merchant's target before ours."""
    targets["targets"] = {"aaa.zip": targets["targets"]["canyin.zip"], **targets["targets"]}


def elsewhere(targets: Json) -> None:
    """Name only another merchant's target."""
    targets["targets"] = {"dian.zip": targets["targets"]["canyin.zip"]}


ROOTS: Mapping[str, tuple[str, str, bytes]] = {
    "root-rotated": (
        "eligible",
        "new root keys, signed by two old and two new",
        Office().rotate(*OLD_AND_NEW, keys=NEW).bundle(),
    ),
    "root-rotated-twice": (
        "eligible",
        "new root keys, then a new office key",
        Office().rotate(*OLD_AND_NEW, keys=NEW).rotate("five", "six", keys=NEW, office=("other",)).bundle(),
    ),
    "root-other-pair": ("eligible", "any two of the three sign", Office().rotate("two", "three").bundle()),
    "root-all-three": ("eligible", "more signatures than needed", Office().rotate("one", "two", "three").bundle()),
    "root-office-key-replaced": ("eligible", "a new office key", Office().rotate(office=("other",)).bundle()),
    "root-chain-of-12": ("eligible", "twelve roots", many(12).bundle()),
    "root-expired-before-the-last": (
        "eligible",
        "an expired root with a fresh one behind it: only the last must be fresh",
        Office().rotate(expires=ISSUED).rotate().bundle(),
    ),
    "root-with-unknown-fields": (
        "eligible",
        "fields that are not known are signed with the rest, and ignored",
        Office().rotate(edit=into(more={"x": [1, "二", None, True]}), envelope=into(more=1)).bundle(),
    ),
    "root-with-white-space": (
        "eligible",
        "another order and white space: what is signed is the canonical form",
        with_members(spaced, chain=Office().rotate().chain),
    ),
    "root-signed-by-a-stranger-too": (
        "eligible",
        "a signature that nobody asked for is ignored",
        Office().rotate(envelope=stranger_too).bundle(),
    ),
    "root-threshold-raised": (
        "eligible",
        "a root that asks for three signatures, and has them",
        Office().rotate("one", "two", "three", threshold=3).bundle(),
    ),
    "root-threshold-not-reached": (
        "not-trusted",
        "a root that asks for three signatures, and has two",
        Office().rotate(threshold=3).bundle(),
    ),
    "root-one-old-signature": (
        "not-trusted",
        "new keys, signed by one old and three new",
        Office().rotate("one", *NEW, keys=NEW).bundle(),
    ),
    "root-one-new-signature": (
        "not-trusted",
        "new keys, signed by two old and one new",
        Office().rotate("one", "two", "four", keys=NEW).bundle(),
    ),
    "root-new-signatures-only": (
        "not-trusted",
        "new keys that only they themselves sign",
        Office().rotate(*NEW, keys=NEW).bundle(),
    ),
    "root-old-signatures-only": (
        "not-trusted",
        "new keys that only the old ones sign",
        Office().rotate("one", "two", "three", keys=NEW).bundle(),
    ),
    "root-signed-by-the-office-key": (
        "not-trusted",
        "the office key counts for no root",
        Office().rotate("one", "office").bundle(),
    ),
    "root-signed-twice-by-one-key": (
        "not-trusted",
        "two signatures of one key: the file is refused",
        Office().rotate(envelope=twice).bundle(),
    ),
    "root-signature-under-another-id": (
        "not-trusted",
        "one key's signature again, under another key's id",
        Office().rotate(envelope=relabelled).bundle(),
    ),
    "root-signature-flipped": ("not-trusted", "one bit of a signature", Office().rotate(envelope=flipped).bundle()),
    "root-unsigned": ("not-trusted", "no signatures", Office().rotate(envelope=unsigned).bundle()),
    "root-changed-after-signing": (
        "not-trusted",
        "a longer life than was signed",
        Office().rotate(envelope=after_signing(expires="2099-01-01T00:00:00Z")).bundle(),
    ),
    "root-with-the-next-number": (
        "not-trusted",
        "2.root.json has version 3",
        Office().rotate(edit=into(version=3)).bundle(),
    ),
    "root-with-the-same-number": (
        "not-trusted",
        "2.root.json is 1.root.json again",
        second_root("metadata/1.root.json"),
    ),
    "root-gap": (
        "not-trusted",
        "2.root.json is missing between 1 and 3",
        without("2.root.json", chain=many(3).chain),
    ),
    "root-number-with-a-zero": (
        "not-trusted",
        "a root in the name 02.root.json",
        renamed("metadata/2.root.json", "metadata/02.root.json", many(2)),
    ),
    "root-of-another-type": (
        "not-trusted",
        "the second root says it is a timestamp",
        Office().rotate(edit=into(_type="timestamp")).bundle(),
    ),
    "root-is-a-timestamp": (
        "not-trusted",
        "a timestamp in the place of a root",
        second_root("metadata/timestamp.json"),
    ),
    "root-of-spec-version-2": (
        "not-trusted",
        "another major version of TUF",
        Office().rotate(edit=into(spec_version="2.0.0")).bundle(),
    ),
    "root-with-a-fifth-role": (
        "not-trusted",
        "a role beside the four",
        Office().rotate(edit=into("roles", mirrors={"keyids": [], "threshold": 1})).bundle(),
    ),
    "root-without-a-role": (
        "not-trusted",
        "no role snapshot",
        Office().rotate(edit=lacking("roles", "snapshot")).bundle(),
    ),
    "root-threshold-zero": (
        "not-trusted",
        "a role with threshold 0",
        Office().rotate(edit=ranked(threshold=0)).bundle(),
    ),
    "root-key-id-twice": (
        "not-trusted",
        "a role that counts one key twice",
        Office().rotate(edit=ranked(keyids=[key_id("office")] * 2)).bundle(),
    ),
    "root-key-of-another-kind": (
        "not-trusted",
        "a key that is not Ed25519",
        Office()
        .rotate(edit=into("keys", unknown={"keytype": "sm2", "scheme": "sm2", "keyval": {"public": "00"}}))
        .bundle(),
    ),
    "root-expiry-that-is-no-time": (
        "not-trusted",
        "expires: soon",
        Office().rotate(edit=into(expires="soon")).bundle(),
    ),
    "root-expired": ("expired", "the last root has expired", Office().rotate(expires=NOON).bundle()),
}

ROLES: Mapping[str, tuple[str, str, bytes]] = {
    "timestamp-by-a-root-key": (
        "not-trusted",
        "root keys sign no timestamp",
        Office(signers={"timestamp": ("one",)}).bundle(),
    ),
    "timestamp-by-a-stranger": (
        "not-trusted",
        "a key that is not in the root",
        Office(signers={"timestamp": ("stranger",)}).bundle(),
    ),
    "timestamp-by-the-old-office-key": (
        "not-trusted",
        "the key that was replaced",
        Office(signers={"timestamp": ("office",)}).rotate(office=("other",)).bundle(),
    ),
    "timestamp-signed-by-a-stranger-too": (
        "eligible",
        "a signature that nobody asked for is ignored",
        Office(envelopes={"timestamp": stranger_too}).bundle(),
    ),
    "timestamp-unsigned": ("not-trusted", "no signatures", Office(envelopes={"timestamp": unsigned}).bundle()),
    "timestamp-signature-flipped": (
        "not-trusted",
        "one bit of the signature",
        Office(envelopes={"timestamp": flipped}).bundle(),
    ),
    "timestamp-changed-after-signing": (
        "not-trusted",
        "a longer life than was signed",
        Office(envelopes={"timestamp": after_signing(expires="2099-01-01T00:00:00Z")}).bundle(),
    ),
    "timestamp-threshold-of-two": (
        "not-trusted",
        "the root asks for two office keys, one has signed",
        Office().rotate(office=("office", "second"), edit=ranked(threshold=2)).bundle(),
    ),
    "timestamp-by-two-office-keys": (
        "eligible",
        "the root asks for two office keys, both have signed",
        Office(signers={"timestamp": ("office", "second")})
        .rotate(office=("office", "second"), edit=ranked(threshold=2))
        .bundle(),
    ),
    "timestamp-expired": (
        "expired",
        "the timestamp alone has expired",
        edited("timestamp", into(expires=instant(NOON))),
    ),
    "timestamp-without-expiry": ("not-trusted", "no field expires", edited("timestamp", lacking("expires"))),
    "timestamp-version-zero": ("not-trusted", "versions begin with 1", edited("timestamp", into(version=0))),
    "timestamp-version-of-its-own": (
        "eligible",
        "its version need not be that of the snapshot",
        edited("timestamp", into(version=7)),
    ),
    "timestamp-with-a-fraction": (
        "not-trusted",
        "canonical JSON has no fractions",
        edited("timestamp", into(more=1.5)),
    ),
    "timestamp-not-json": (
        "not-trusted",
        "words in the place of JSON",
        with_members(lambda members: members.update({"metadata/timestamp.json": b"words"})),
    ),
    "timestamp-nested-deeply": (
        "not-trusted",
        "a hundred thousand brackets",
        with_members(lambda members: members.update({"metadata/timestamp.json": b"[" * 100_000})),
    ),
    "timestamp-of-the-next-release": ("not-trusted", "the rest is of the release before", mixed("timestamp.json")),
    "timestamp-describes-less": (
        "eligible",
        "length and digests are optional in TUF",
        edited("timestamp", into("meta", **{"snapshot.json": {"version": 1}})),
    ),
    "snapshot-missing": ("not-trusted", "no snapshot", without("1.snapshot.json")),
    "snapshot-by-a-stranger": (
        "not-trusted",
        "a key that is not in the root",
        Office(signers={"snapshot": ("stranger",)}).bundle(),
    ),
    "snapshot-unsigned": ("not-trusted", "no signatures", Office(envelopes={"snapshot": unsigned}).bundle()),
    "snapshot-expired": ("expired", "the snapshot alone has expired", edited("snapshot", into(expires=instant(NOON)))),
    "snapshot-of-another-version": (
        "not-trusted",
        "the timestamp names version 1",
        edited("snapshot", into(version=2)),
    ),
    "snapshot-of-another-length": (
        "not-trusted",
        "the timestamp names another length",
        edited("timestamp", lambda content: content["meta"]["snapshot.json"].update(length=10)),
    ),
    "snapshot-of-another-digest": (
        "not-trusted",
        "the timestamp names another digest",
        edited("timestamp", lambda content: content["meta"]["snapshot.json"].update(hashes={"sha256": "0" * 64})),
    ),
    "snapshot-without-targets": (
        "not-trusted",
        "it does not name targets.json",
        edited("snapshot", lacking("meta", "targets.json")),
    ),
    "snapshot-of-the-next-release": (
        "not-trusted",
        "timestamp and snapshot of the next release, targets of this one",
        mixed("timestamp.json", "snapshot.json"),
    ),
    "targets-missing": ("not-trusted", "no targets", without("1.targets.json")),
    "targets-by-a-stranger": (
        "not-trusted",
        "a key that is not in the root",
        Office(signers={"targets": ("stranger",)}).bundle(),
    ),
    "targets-unsigned": ("not-trusted", "no signatures", Office(envelopes={"targets": unsigned}).bundle()),
    "targets-expired": ("expired", "the targets alone have expired", edited("targets", into(expires=instant(NOON)))),
    "targets-of-another-version": ("not-trusted", "the snapshot names version 1", edited("targets", into(version=2))),
    "targets-of-another-length": (
        "not-trusted",
        "the snapshot names another length",
        edited("snapshot", lambda content: content["meta"]["targets.json"].update(length=10)),
    ),
    "targets-of-another-digest": (
        "not-trusted",
        "the snapshot names another digest",
        edited("snapshot", lambda content: content["meta"]["targets.json"].update(hashes={"sha256": "0" * 64})),
    ),
    "targets-of-several-merchants": (
        "eligible",
        "another merchant's target beside ours",
        edited("targets", another_target),
    ),
    "targets-of-others": ("not-trusted", "our target is not named", edited("targets", elsewhere)),
    "targets-of-none": ("not-trusted", "no target is named", edited("targets", into(targets={}))),
    "targets-with-unknown-fields": (
        "eligible",
        "fields that are not known are ignored",
        edited("targets", into("targets", "canyin.zip", "custom", more=[1])),
    ),
    "target-of-another-length": (
        "damaged",
        "one byte fewer is announced",
        edited("targets", lambda c: c["targets"]["canyin.zip"].update(length=10)),
    ),
    "target-without-sha256": (
        "damaged",
        "only a digest that nobody asked for",
        edited("targets", into("targets", "canyin.zip", hashes={"md5": "0" * 32})),
    ),
    "target-changed": (
        "damaged",
        "one byte behind the target, under its name",
        with_members(
            lambda members: members.update(
                {name: data + b"x" for name, data in members.items() if name.endswith(".zip")}
            )
        ),
    ),
    "custom-missing": ("not-trusted", "no custom", edited("targets", lacking("targets", "canyin.zip", "custom"))),
    "custom-that-is-a-list": (
        "not-trusted",
        "custom is a list",
        edited("targets", into("targets", "canyin.zip", custom=[1])),
    ),
    "custom-of-another-merchant": (
        "not-trusted",
        "a target under the path of another merchant",
        edited("targets", into("targets", "canyin.zip", "custom", merchant="dian")),
    ),
    "custom-without-issued": (
        "not-trusted",
        "no instant of issue",
        edited("targets", lacking("targets", "canyin.zip", "custom", "issued")),
    ),
    "custom-issued-no-instant": (
        "not-trusted",
        "an instant of issue that is none",
        edited("targets", into("targets", "canyin.zip", "custom", issued="2026-11-20")),
    ),
    "custom-without-content": (
        "eligible",
        "the office's own fields are not read",
        edited("targets", lacking("targets", "canyin.zip", "custom", "content")),
    ),
}


def another_bin(members: dict[str, bytes]) -> None:
    """Carry a bin that does not cover the target."""
    members["metadata/1.bins-00.json"] = members.pop(f"metadata/1.{BIN}.json")


def directly(targets: Json) -> None:
    """Name the target in targets.json itself."""
    info = json.loads(Office(bins=BINS).container()[f"metadata/1.{BIN}.json"])["signed"]["targets"]
    targets["targets"] = info


BINNED: Mapping[str, tuple[str, str, bytes]] = {
    "bins": ("eligible", "above 200 merchants: the target is in its bin", Office(bins=BINS).bundle()),
    "bins-of-four-bits": (
        "eligible",
        "sixteen bins of another name: the metadata decide",
        Office(bins=(4, "part")).bundle(),
    ),
    "bins-of-ten-bits": (
        "eligible",
        "a number that fills no whole digit: three digits",
        Office(bins=(10, "bins")).bundle(),
    ),
    "bins-missing": ("not-trusted", "the bin is not carried", without(f"1.{BIN}.json", bins=BINS)),
    "bins-another-bin": (
        "not-trusted",
        "the bin carried is not the one that covers the target",
        with_members(another_bin, bins=BINS),
    ),
    "bins-not-in-snapshot": (
        "not-trusted",
        "the snapshot does not name the bin",
        edited("snapshot", lacking("meta", f"{BIN}.json"), bins=BINS),
    ),
    "bins-by-a-stranger": (
        "not-trusted",
        "a key that targets.json does not name",
        Office(bins=BINS, signers={"bin": ("stranger",)}).bundle(),
    ),
    "bins-unsigned": ("not-trusted", "no signatures", Office(bins=BINS, envelopes={"bin": unsigned}).bundle()),
    "bins-expired": ("expired", "the bin alone has expired", edited("bin", into(expires=instant(NOON)), bins=BINS)),
    "bins-of-another-version": (
        "not-trusted",
        "the snapshot names version 1",
        edited("bin", into(version=2), bins=BINS),
    ),
    "bins-of-another-digest": (
        "not-trusted",
        "the snapshot names another digest",
        edited("snapshot", lambda c: c["meta"][f"{BIN}.json"].update(hashes={"sha256": "0" * 64}), bins=BINS),
    ),
    "bins-without-the-target": (
        "not-trusted",
        "the bin does not name the target",
        edited("bin", into(targets={}), bins=BINS),
    ),
    "bins-and-the-target-above": (
        "eligible",
        "targets.json names the target itself: that comes first",
        edited("targets", directly, bins=BINS),
    ),
    "bins-threshold-of-two": (
        "not-trusted",
        "targets.json asks for two keys, one has signed",
        edited(
            "targets",
            lambda c: (
                c["delegations"]["keys"].update({key_id("second"): public("second")}),
                c["delegations"]["succinct_roles"].update(keyids=[key_id("office"), key_id("second")], threshold=2),
            ),
            bins=BINS,
        ),
    ),
}


def cases() -> Iterator[Case]:
    """Yield the cases of TUF."""
    for name, (code, shows, bundle) in {**ROOTS, **ROLES, **BINNED}.items():
        yield Case(f"tuf/{name}", shows, "5.2", bundle, code)
    late = Office(days=900, issued=ISSUED).bundle()
    yield Case(
        "tuf/root-expires-first",
        "an expired root ends what else would hold",
        "5.2",
        late,
        "expired",
        at=ISSUED + 730 * DAY,
    )
    step = Step(Office().bundle())
    yield Case(
        "tuf/bins-come-later",
        "bins after a release without",
        "5.2",
        Office(version=2, bins=BINS).bundle(),
        history=[step],
    )
    changed = digest(canonical(signed({"_type": "x"}, "one")))
    yield Case(
        "tuf/pin-of-another-root", "the pin is of another office", "5.2", step.bundle, "not-trusted", pin=changed
    )
    soon = edited("targets", into("targets", "canyin.zip", "custom", issued=instant(NOON - timedelta(hours=1))))
    yield Case("tuf/issued-within-a-day", "issued an hour before it is asked", "5.3", soon)
