"""A case, and how it stands in its folder (tests/vectors/README.md)."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache

from tests.vectors.make.office import COMPANY, LONG, NOON, PASSPHRASE, ZHANG, Json, Office, digest, first_root

PIN = digest(first_root()[0])
OPENED = {"eligible", "not-found", "bad-name", "bad-number"}
"""The codes that come of a bundle which opens; after every other the state is as it was."""
SHANGHAI = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked about: as it is typed, and in the canonical form where it has one."""

    name: str = ZHANG[0]
    number: str = ZHANG[1]
    code: str | None = None

    def json(self) -> Json:
        """Return what stands in the case."""
        return {"organisation": self.code} if self.code is not None else {"name": self.name, "number": self.number}


ZHANG_SAN = Question()
THE_COMPANY = Question(code=COMPANY[0])


@dataclass(frozen=True, slots=True)
class Step:
    """A bundle that was opened before, when, and what came of it."""

    bundle: bytes
    at: datetime = NOON
    code: str = "opened"
    pin: str | None = PIN
    passphrase: str = PASSPHRASE


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle, one day, one question, one answer."""

    name: str
    shows: str
    spec: str
    bundle: bytes
    code: str = "eligible"
    ask: Question = ZHANG_SAN
    perks: Mapping[str, str] | None = None
    at: datetime = NOON
    pin: str | None = PIN
    passphrase: str = PASSPHRASE
    history: Sequence[Step] = ()
    memory: str = "whole"
    canonical: tuple[str, str] | None = None
    organisation: str | None = None
    demo: bool = False

    def files(self, shared: dict[bytes, str]) -> dict[str, bytes]:
        """Return the files of the case by path; a bundle that another case has is only referred to."""
        new: dict[str, bytes] = {}

        def place(bundle: bytes, file: str) -> str:
            if bundle not in shared:
                shared[bundle] = f"{self.name}/{file}"
                new[shared[bundle]] = bundle
            folder, _, name = shared[bundle].rpartition("/")
            return name if folder == self.name else f"../../{shared[bundle]}"

        history = [
            {
                "bundle": place(step.bundle, f"before-{number}.zip"),
                "at": instant(step.at),
                "pin": step.pin,
                "passphrase": step.passphrase,
                "expect": step.code,
            }
            for number, step in enumerate(self.history, 1)
        ]
        about = {
            "name": self.name,
            "shows": self.shows,
            "spec": self.spec,
            "history": history,
            "memory": self.memory,
            "bundle": place(self.bundle, "bundle.zip"),
            "at": instant(self.at),
            "pin": self.pin,
            "passphrase": self.passphrase,
            "question": self.ask.json(),
            "canonical": dict(zip(("name", "number"), self.canonical, strict=True)) if self.canonical else None,
            "expect": self.expected(),
            "after": self.after(),
        }
        return {**new, f"{self.name}/case.json": legible(about)}

    def expected(self) -> Json:
        """Return the answer."""
        if self.code not in OPENED:
            return {"code": self.code}
        perks = dict(self.perks if self.perks is not None else LONG) if self.code == "eligible" else {}
        listed = [{"scenario": scenario, "last_day": last} for scenario, last in perks.items()]
        answer = {"code": self.code, "perks": listed, "demo": self.demo, **facts(self.bundle)}
        return answer if self.organisation is None else answer | {"organisation": self.organisation}

    def after(self) -> Json | str:
        """Return what is remembered afterwards."""
        if self.code not in OPENED:
            return "unchanged"
        members = opened(self.bundle)
        names = ("timestamp", "snapshot")
        files = {name: next(data for path, data in members.items() if path.endswith(f"{name}.json")) for name in names}
        roots = [members[f"metadata/{n}.root.json"] for n in range(1, 1 + sum("root.json" in m for m in members))]
        seen = self.at.astimezone(SHANGHAI).date().isoformat()
        return {"seen": seen, "roots": list(map(digest, roots)), **{n: digest(data) for n, data in files.items()}}


@cache
def opened(bundle: bytes) -> dict[str, bytes]:
    """Return the members of a good bundle."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def facts(bundle: bytes) -> Json:
    """Return what an answer says about the list: version, first and last instant."""
    members = {
        name: data for name, data in opened(bundle).items() if name.startswith("metadata/") and name.count("/") == 1
    }
    roots = [json.loads(members.pop(name)) for name in list(members) if name.endswith("root.json")]
    roles = [max(roots, key=lambda role: int(role["signed"]["version"])), *map(json.loads, members.values())]
    version = json.loads(members["metadata/timestamp.json"])["signed"]["version"]
    infos = [info for role in roles for info in role["signed"].get("targets", {}).values()]
    (issued,) = {info["custom"]["issued"] for info in infos}
    return {"version": version, "issued": issued, "expires": min(role["signed"]["expires"] for role in roles)}


def instant(at: datetime) -> str:
    """Return an instant in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def legible(content: object) -> bytes:
    """Return JSON that people can read: what cannot be seen is escaped."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    shown = (c if c in "\n " or seen(c) else json.dumps(c)[1:-1] for c in text)
    return "".join(shown).encode() + b"\n"


def seen(character: str) -> bool:
    """Return whether a character can be told from others by looking at it."""
    return character.isprintable() and unicodedata.category(character) != "Mn"


def bundle_of(**changes: object) -> bytes:
    """Return the bundle of an office with changes."""
    return Office(**changes).bundle()  # type: ignore[arg-type]
