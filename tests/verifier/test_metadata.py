"""What is trusted, in which order, and what is remembered (docs/spec/bundle.md, 2.1, 5.2, 5.3, 5.5)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp

from generator.verifier import verify
from tests.verifier.issuer import (
    COMPANY,
    ISSUED,
    NOON,
    PASSPHRASE,
    ZHANG,
    Issuer,
    eligible,
    open_at,
    pack,
    refusal,
    signed,
    signer,
    tree,
)

DAY = timedelta(days=1)


def test_a_bundle_opens_and_is_remembered(tmp_path: Path) -> None:
    issuer = Issuer()
    bundle = open_at(tmp_path, issuer.bundle(), issuer.pin)
    assert eligible(bundle, ZHANG) == ["canyin", "guanying"]
    assert (bundle.about["version"], bundle.about["issued"], bundle.about["age_days"]) == (1, "2026-11-20", 1)
    assert datetime.fromisoformat(bundle.about["expires"]) == ISSUED + 40 * DAY
    assert (bundle.about["last_day"], bundle.about["days_left"]) == ("2026-12-29", 38)
    assert list(tree(tmp_path)) == ["canyin/state.json"]
    assert json.loads(tree(tmp_path)["canyin/state.json"])["seen"] == "2026-11-21"


def test_a_second_look_on_the_same_day_writes_nothing(tmp_path: Path) -> None:
    """So a stick that has become read-only still serves until the day is over."""
    issuer = Issuer()
    bundle = issuer.bundle()
    open_at(tmp_path, bundle, issuer.pin)
    written = (tmp_path / "canyin" / "state.json").stat()
    open_at(tmp_path, bundle, issuer.pin, NOON + timedelta(hours=3))
    again = (tmp_path / "canyin" / "state.json").stat()
    assert (written.st_ino, written.st_mtime_ns) == (again.st_ino, again.st_mtime_ns)


def test_the_state_alone_is_enough_to_trust_the_next_bundle(tmp_path: Path) -> None:
    issuer = Issuer()
    open_at(tmp_path, issuer.bundle(), issuer.pin)
    assert refusal(tmp_path, issuer.later().bundle(), "") == "opened"


def test_without_pin_and_state_nothing_is_trusted(tmp_path: Path) -> None:
    assert refusal(tmp_path, Issuer().bundle(), "") == "not-trusted"


def test_two_merchants_on_one_device_do_not_disturb_one_another(tmp_path: Path) -> None:
    """A shop with two bundles of different age can use both (5)."""
    first, second = Issuer(version=5), Issuer(merchant="dian", version=2)
    second.manifest["merchant"]["id"] = "dian"
    for issuer in (first, second, first):
        assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "opened"
    assert list(tree(tmp_path)) == ["canyin/state.json", "dian/state.json"]


# -- one release after the other: histories as tables -----------------------------------------------------------


@dataclass
class Step:
    """One bundle that a merchant opens: how the issuer changed, on which day, and what comes of it."""

    expect: str = "opened"
    version: int = 1
    issued: datetime = ISSUED
    at: datetime = NOON
    rotations: list[dict[str, Any]] = field(default_factory=list)
    drop: tuple[str, ...] = ()


NEW = ("four", "five", "six")
TO_NEW = {"root_keys": NEW}
HISTORIES: dict[str, list[Step]] = {
    "the same again": [Step(), Step()],
    "a newer one": [Step(), Step(version=2), Step(version=7)],
    "an older one": [Step(version=2), Step("rolled-back", version=1)],
    "an older one that has expired too": [
        Step(version=2, issued=ISSUED + 60 * DAY, at=NOON + 60 * DAY),
        Step("rolled-back", version=1, at=NOON + 60 * DAY),
    ],
    "on its last day": [Step(at=ISSUED + 40 * DAY - timedelta(seconds=1))],
    "at its end": [Step("expired", at=ISSUED + 40 * DAY)],
    "long after": [Step(), Step("expired", at=NOON + 400 * DAY)],
    "expired, then a newer one": [
        Step(),
        Step("expired", at=NOON + 50 * DAY),
        Step(version=2, issued=ISSUED + 50 * DAY, at=NOON + 50 * DAY),
    ],
    "the root has expired": [Step("expired", rotations=[{"years": 0}])],
    "an expired root with a fresh one after it": [Step(rotations=[{"years": 0}, {}])],
    "the day before the issue": [Step("clock", at=ISSUED - timedelta(seconds=1))],
    "the first second of the day of issue": [Step(at=ISSUED)],
    "a clock that went back": [Step(at=NOON + 5 * DAY), Step("clock", at=NOON + 4 * DAY), Step(at=NOON + 5 * DAY)],
    "earlier on the same day": [Step(at=NOON), Step(at=NOON - timedelta(hours=4))],
    "a dead battery": [Step(), Step("clock", at=datetime(2000, 1, 1, tzinfo=UTC))],
    "new keys": [Step(), Step(version=2, rotations=[TO_NEW])],
    "new keys, and again": [Step(), Step(version=2, rotations=[TO_NEW, {"office": "other"}, {}])],
    "a new office key": [Step(), Step(version=2, rotations=[{"office": "other"}])],
    "new keys seen at first use": [Step(rotations=[TO_NEW, {}])],
    "new keys that only new keys signed": [Step("not-trusted", rotations=[TO_NEW | {"signed_by": NEW}])],
    "new keys that only old keys signed": [
        Step("not-trusted", rotations=[TO_NEW | {"signed_by": ("one", "two", "three")}])
    ],
    "one old signature is not enough": [Step("not-trusted", rotations=[TO_NEW | {"signed_by": ("one", *NEW)}])],
    "one new signature is not enough": [
        Step("not-trusted", rotations=[TO_NEW | {"signed_by": ("one", "two", "four")}])
    ],
    "the office key cannot sign roots": [Step("not-trusted", rotations=[{"signed_by": ("office", "one")}])],
    "a root with the wrong number": [Step("not-trusted", rotations=[{"version": 3}])],
    "a root with the wrong number, later": [Step(), Step("not-trusted", version=2, rotations=[{"version": 3}])],
    "an older bundle from before the rotation": [
        Step(version=2, rotations=[{}]),
        Step("rolled-back", version=1),
    ],
    "a newer one that leaves the last root out": [
        Step(version=2, rotations=[{}]),
        Step("rolled-back", version=3, rotations=[{}], drop=("metadata/2.root.json",)),
    ],
    "a gap in the chain": [Step("not-trusted", rotations=[{}, {}], drop=("metadata/2.root.json",))],
    "a gap in the part that is remembered": [
        Step(rotations=[{}, {}]),
        Step("not-trusted", version=2, rotations=[{}, {}], drop=("metadata/2.root.json",)),
    ],
    "another root where one is remembered": [
        Step(rotations=[{}]),
        Step("not-trusted", version=2, rotations=[{"root_keys": ("one", "two", "nine")}]),
    ],
    "no snapshot": [Step("not-trusted", drop=("metadata/1.snapshot.json",))],
    "no snapshot, where it is remembered": [Step(), Step("not-trusted", drop=("metadata/1.snapshot.json",))],
    "no targets": [Step("not-trusted", drop=("metadata/1.targets.json",))],
    "no README": [Step(drop=("README.txt",))],
}


@pytest.mark.parametrize("history", HISTORIES)
def test_history(history: str, tmp_path: Path) -> None:
    for step in HISTORIES[history]:
        issuer = Issuer(version=step.version, issued=step.issued)
        for rotation in step.rotations:
            issuer.rotate(**rotation)
        # the first root is dated by the first step, or the pin would change from step to step
        issuer.chain[0] = Issuer().chain[0]
        members = {name: data for name, data in issuer.container().items() if name not in step.drop}
        assert refusal(tmp_path, pack(members.items()), Issuer().pin, step.at) == step.expect


# -- what does not belong together ------------------------------------------------------------------------------


def test_another_programme_is_not_trusted(tmp_path: Path) -> None:
    ours, theirs = Issuer(), Issuer(chain=[])
    theirs.chain.clear()
    theirs.rotate(root_keys=NEW)
    assert refusal(tmp_path, theirs.bundle(), ours.pin) == "not-trusted"
    open_at(tmp_path, ours.bundle(), ours.pin)
    for pin in ("", ours.pin, theirs.pin):  # the remembered root must be the pinned one
        assert refusal(tmp_path, theirs.bundle(), pin) == "not-trusted"
    assert refusal(tmp_path, ours.bundle(), theirs.pin) == "not-trusted"


def change(role: str, changer: Callable[[Any], None], *, sign: str = "office") -> Callable[[Issuer], dict[str, bytes]]:
    """Return a container whose role was changed and signed again."""

    def made(issuer: Issuer) -> dict[str, bytes]:
        members = issuer.container()
        name = next(name for name in members if name.endswith(f"{role}.json") and name.startswith("metadata/"))
        metadata: Metadata[Any] = Metadata.from_bytes(members[name])
        changer(metadata.signed)
        return {**members, name: signed(metadata.signed, sign)}

    return made


def retargeted(changer: Callable[[TargetFile], None]) -> Callable[[Issuer], dict[str, bytes]]:
    return change("targets", lambda targets: changer(targets.targets["canyin.zip"]))


def custom(value: object) -> Callable[[Issuer], dict[str, bytes]]:
    return retargeted(lambda info: info.unrecognized_fields.update({"custom": value}))


def target_changed(data: Callable[[bytes], bytes]) -> Callable[[Issuer], dict[str, bytes]]:
    def made(issuer: Issuer) -> dict[str, bytes]:
        members = issuer.container()
        name = next(name for name in members if name.startswith("targets/"))
        return {**members, name: data(members[name])}

    return made


def target_of_another_day(issuer: Issuer) -> dict[str, bytes]:
    members = issuer.container()
    return {name: data for name, data in members.items() if not name.startswith("targets/")} | {
        name: data for name, data in issuer.container().items() if name.startswith("targets/")
    }


def mixed(*roles: str) -> Callable[[Issuer], dict[str, bytes]]:
    """Return a container with some roles of the next release."""

    def made(issuer: Issuer) -> dict[str, bytes]:
        later = issuer.later().container()
        return issuer.container() | {name: later[name] for name in later if name.endswith(roles)}

    return made


def too_late(signed_part: Any) -> None:
    signed_part.expires = datetime(9999, 12, 31, 23, tzinfo=UTC)


def expired(signed_part: Any) -> None:
    signed_part.expires = NOON


def version_two(signed_part: Any) -> None:
    signed_part.version = 2


CHANGES: dict[str, tuple[str, Callable[[Issuer], dict[str, bytes]]]] = {
    "a timestamp by a root key": ("not-trusted", change("timestamp", lambda _: None, sign="one")),
    "a snapshot by a stranger": ("not-trusted", change("snapshot", lambda _: None, sign="stranger")),
    "targets by a stranger": ("not-trusted", change("targets", lambda _: None, sign="stranger")),
    "an expired timestamp": ("expired", change("timestamp", expired)),
    "an expired snapshot": ("expired", change("snapshot", expired)),
    "expired targets": ("expired", change("targets", expired)),
    "a snapshot of another version": ("not-trusted", change("snapshot", version_two)),
    "targets of another version": ("not-trusted", change("targets", version_two)),
    "a timestamp of another version": ("opened", change("timestamp", version_two)),
    "a timestamp that wants the next snapshot": (
        "not-trusted",
        change("timestamp", lambda timestamp: setattr(timestamp, "snapshot_meta", MetaFile(2))),
    ),
    "a snapshot with other digests": (
        "not-trusted",
        change("timestamp", lambda timestamp: setattr(timestamp, "snapshot_meta", MetaFile(1, 10, {"sha256": "00"}))),
    ),
    "the timestamp of the next release": ("not-trusted", mixed("timestamp.json")),
    "another merchant's targets": ("not-trusted", change("targets", lambda targets: targets.targets.clear())),
    "a target of another length": ("damaged", retargeted(lambda info: setattr(info, "length", info.length - 1))),
    "a target without SHA-256": ("damaged", retargeted(lambda info: setattr(info, "hashes", {"md5": "0" * 32}))),
    "a target cut short": ("damaged", target_changed(lambda data: data[:-1])),
    "a target with something behind": ("damaged", target_changed(lambda data: data + b"x")),
    "a target replaced": ("damaged", target_changed(lambda _: b"")),
    "a target of another day": ("damaged", target_of_another_day),
    "no custom": ("not-trusted", custom(None)),
    "custom that is a list": ("not-trusted", custom([1])),
    "custom of another merchant": ("not-trusted", custom({"issued": "2026-11-19T16:00:00Z", "merchant": "dian"})),
    "custom without issued": ("not-trusted", custom({"merchant": "canyin"})),
    "issued that is no time": ("not-trusted", custom({"issued": "yesterday", "merchant": "canyin"})),
    "issued that is a number": ("not-trusted", custom({"issued": 20261120, "merchant": "canyin"})),
    "issued past the calendar": ("not-trusted", custom({"issued": "9999-12-31T23:00:00Z", "merchant": "canyin"})),
    "issued tomorrow": ("clock", custom({"issued": "2026-11-21T16:00:00Z", "merchant": "canyin"})),
    "targets that hold for ever": ("opened", change("targets", too_late)),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_changed_and_signed_again(case: str, tmp_path: Path) -> None:
    expect, changed = CHANGES[case]
    issuer = Issuer()
    assert refusal(tmp_path, pack(changed(issuer).items()), issuer.pin) == expect


def test_metadata_that_all_hold_past_the_calendar_are_not_trusted(tmp_path: Path) -> None:
    issuer = Issuer(days=(datetime(9999, 12, 31, 23, tzinfo=UTC) - ISSUED).days)
    issuer.root.expires = ISSUED + timedelta(days=issuer.days)
    issuer.chain = [signed(issuer.root, "one", "two")]
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "not-trusted"


def test_one_version_is_signed_only_once(tmp_path: Path) -> None:
    """With another content under a version that is remembered, somebody else has the office's key."""
    issuer = Issuer()
    open_at(tmp_path, issuer.bundle(), issuer.pin)
    assert refusal(tmp_path, Issuer(days=41).bundle(), issuer.pin) == "not-trusted"
    for role in ("timestamp", "snapshot"):
        longer = change(role, lambda signed_part: setattr(signed_part, "expires", ISSUED + 41 * DAY))
        assert refusal(tmp_path, pack(longer(issuer).items()), issuer.pin) == "not-trusted"


def test_a_snapshot_that_takes_targets_back_is_rolled_back(tmp_path: Path) -> None:
    """Timestamp and snapshot of a new version may not lead to older targets than before."""
    issuer = Issuer(version=3)
    open_at(tmp_path, issuer.bundle(), issuer.pin)
    old, end = Issuer(version=2).container(), ISSUED + 40 * DAY
    snapshot = Snapshot(4, expires=end, meta={"targets.json": MetaFile(2)})
    members = {name: data for name, data in old.items() if "snapshot" not in name} | {
        "metadata/4.snapshot.json": signed(snapshot, "office"),
        "metadata/timestamp.json": signed(Timestamp(4, expires=end, snapshot_meta=MetaFile(4)), "office"),
    }
    assert refusal(tmp_path, pack(members.items()), issuer.pin) == "rolled-back"


# -- hash bins --------------------------------------------------------------------------------------------------


def binned(**changes: Any) -> Issuer:
    keyid = signer("office").public_key.keyid
    return Issuer(bins=SuccinctRoles([keyid], 1, 4, "bin"), **changes)


def test_a_bundle_above_two_hundred_merchants_has_its_bin(tmp_path: Path) -> None:
    issuer = binned()
    assert any(name.startswith("metadata/1.bin-") for name in issuer.container())
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "opened"
    assert refusal(tmp_path, issuer.later(bins=issuer.bins).bundle(), issuer.pin) == "opened"


def test_bins_may_come_later(tmp_path: Path) -> None:
    issuer = Issuer()
    open_at(tmp_path, issuer.bundle(), issuer.pin)
    assert refusal(tmp_path, binned(version=2).bundle(), issuer.pin) == "opened"


@pytest.mark.parametrize("change_bin", ["gone", "by a stranger", "expired"])
def test_a_bin_is_held_to_the_same_rules(change_bin: str, tmp_path: Path) -> None:
    issuer = binned()
    members = issuer.container()
    name = next(name for name in members if name.startswith("metadata/1.bin-"))
    targets: Metadata[Targets] = Metadata.from_bytes(members.pop(name))
    if change_bin == "expired":
        targets.signed.expires = NOON
    if change_bin != "gone":
        members[name] = signed(targets.signed, "stranger" if change_bin == "by a stranger" else "office")
    expect = "expired" if change_bin == "expired" else "not-trusted"
    assert refusal(tmp_path, pack(members.items()), issuer.pin) == expect


# -- the state --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"{}",
        b'{"seen": "2026-11-21"}',
        b'{"roots": ["x"], "timestamp": "", "snapshot": "", "seen": "soon"}',
        b'{"roots": ["x"], "timestamp": "", "snapshot": "", "seen": 5}',
        b'{"roots": [5], "timestamp": "", "snapshot": "", "seen": "2026-11-21"}',
        b'{"roots": 5, "timestamp": "", "snapshot": "", "seen": "2026-11-21"}',
        b'{"roots": ["x"], "timestamp": 5, "snapshot": "", "seen": "2026-11-21"}',
        b'{"roots": ["x"], "timestamp": "", "snapshot": "", "seen": "2026-11-21", "more": 1}',
        b"[" * 100_000,
        b'{"roots": ["\\udc80"], "timestamp": "", "snapshot": "", "seen": "2026-11-21"}',
        b'{"roots": [""], "timestamp": "\\udc80", "snapshot": "", "seen": "2026-11-21"}',
    ],
)
def test_a_state_that_cannot_be_read_is_not_taken_for_first_use(kept: bytes, tmp_path: Path) -> None:
    issuer = Issuer()
    (tmp_path / "canyin").mkdir()
    (tmp_path / "canyin" / "state.json").write_bytes(kept)
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "state"


def test_remembered_metadata_that_is_broken_does_not_open_the_door(tmp_path: Path) -> None:
    """Where only the remembered timestamp is lost, the chain of roots still decides."""
    issuer = Issuer()
    open_at(tmp_path, issuer.bundle(), issuer.pin)
    path = tmp_path / "canyin" / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"timestamp": "", "snapshot": ""}))
    issuer.office = "stranger"
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "not-trusted"
    issuer.office = "office"
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "opened"


def test_a_state_that_cannot_be_written_is_a_refusal(tmp_path: Path) -> None:
    issuer = Issuer()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(verify.Refused) as refused:
        open_at(tmp_path / "file", issuer.bundle(), issuer.pin)
    assert refused.value.code == "state"
    (tmp_path / "canyin" / "state.json" / "folder").mkdir(parents=True)
    known = {"roots": ["root"], "timestamp": "", "snapshot": "", "seen": "2026-11-21"}
    with pytest.raises(verify.Refused) as refused:
        verify.State(tmp_path).write("canyin", known)
    assert refused.value.code == "state"
    assert [path.name for path in (tmp_path / "canyin").iterdir()] == ["state.json"]  # nothing is left beside it


def test_nothing_is_written_but_the_state_and_nothing_is_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick has no symbolic links, no modes, and perhaps the only room there is: no temporary folder, no lock."""
    issuer = Issuer()
    bundle = issuer.bundle()
    for name in ("symlink", "link", "chmod", "lchmod", "fchmod"):
        monkeypatch.delattr(f"os.{name}", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert refusal(tmp_path / "state", bundle, issuer.pin) == "opened"
    assert list(tree(tmp_path)) == ["state/canyin/state.json"]


WRITES = ("mkdir", "write", "flush", "fsync", "replace", "unlink")


class KilledError(BaseException):
    """The power goes."""


@pytest.mark.parametrize("first_use", [True, False])
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_write_the_old_state_or_the_new_one_is_there(
    write: str, after: bool, first_use: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It MUST be replaced as a whole: a crash leaves the old one or the new one (5.5)."""
    issuer = Issuer()
    if not first_use:
        open_at(tmp_path, issuer.bundle(), issuer.pin)
    before, later = tree(tmp_path), issuer.later(issued=ISSUED).bundle()
    with monkeypatch.context() as patch:
        kill_at(patch, write, after)
        with pytest.raises(KilledError):
            open_at(tmp_path, later, issuer.pin)
    kept = {name: data for name, data in tree(tmp_path).items() if name.endswith("state.json")}
    assert kept == before or json.loads(kept["canyin/state.json"])["seen"] == "2026-11-21"
    assert refusal(tmp_path, later, issuer.pin) == "opened"
    assert refusal(tmp_path, issuer.bundle(), issuer.pin) == "rolled-back"


def kill_at(patch: pytest.MonkeyPatch, write: str, after: bool) -> None:
    """Let the program die before or after what it does to the disk."""
    owner: Any = {"fsync": "os.fsync", "write": "json.dump", "flush": "io.TextIOWrapper.flush"}.get(write)
    if write == "flush":  # between what is written and what is on the disk
        patch.setattr("os.fsync", dying(lambda _: None, after=False))
        return
    target = owner or f"pathlib.Path.{write}"
    module, name = target.rsplit(".", 1)
    holder: Any = {"os": os, "json": json, "pathlib.Path": Path}[module]
    patch.setattr(holder, name, dying(getattr(holder, name), after))
    if write != "unlink":  # what is dead does not tidy up
        patch.setattr(Path, "unlink", lambda *_, **__: None)


def dying(act: Callable[..., Any], after: bool) -> Callable[..., Any]:
    """Return an act in which the power goes."""

    def acted(*words: Any, **more: Any) -> Any:
        if after:
            act(*words, **more)
        raise KilledError

    return acted


def test_a_really_killed_program_leaves_a_whole_state(tmp_path: Path) -> None:
    """SIGKILL, at moments that differ from run to run."""
    issuer = Issuer()
    (tmp_path / "b.zip").write_bytes(issuer.bundle())
    words = ["--state", "state", "--root", issuer.pin, "--org", COMPANY[0], "--as-of"]
    for day in range(6):
        at = (NOON + day * DAY).isoformat()
        with subprocess.Popen(
            [sys.executable, "-I", verify.__file__, "b.zip", *words, at],
            cwd=tmp_path,
            env={"XINYI_PASSPHRASE": PASSPHRASE},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            if day:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.15 + 0.06 * day)
                process.kill()
        if (tmp_path / "state").exists() or not day:
            assert verify.State(tmp_path / "state").read("canyin")["roots"]


def test_a_bad_download_spoils_nothing(tmp_path: Path) -> None:
    """A download that fails or is refused spoils nothing (5.5): the file from before serves on."""
    issuer = Issuer()
    good, fresh = issuer.bundle(), issuer.later(issued=ISSUED).bundle()
    open_at(tmp_path, good, issuer.pin)
    for bad in (
        b"",
        fresh[:-1],
        fresh[: len(fresh) // 2],
        fresh + b"x",
        b"<html>",
        fresh.replace(b"canyin", b"canyim"),
    ):
        assert refusal(tmp_path, bad, issuer.pin) != "opened"
        assert refusal(tmp_path, good, issuer.pin) == "opened"
    assert refusal(tmp_path, fresh, issuer.pin, passphrase="0" * 16) == "wrong-passphrase"
    assert refusal(tmp_path, good, issuer.pin) == "opened"
    assert refusal(tmp_path, fresh, issuer.pin) == "opened"


def test_the_state_holds_nothing_but_metadata_and_a_day(tmp_path: Path) -> None:
    """A verifier MUST NOT keep a digit of the number (5)."""
    issuer = Issuer()
    bundle = open_at(tmp_path, issuer.bundle(), issuer.pin)
    assert eligible(bundle, ZHANG)
    kept = json.loads(tree(tmp_path)["canyin/state.json"])
    assert kept.keys() == {"roots", "timestamp", "snapshot", "seen"}
    assert hashlib.sha256(kept["roots"][0].encode()).hexdigest() == issuer.pin
    assert COMPANY[0] in bundle.organisations
