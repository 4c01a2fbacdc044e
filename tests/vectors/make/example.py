"""The worked example of docs/spec/bundle.md, 9: small, but made like every bundle; the page has all of its values."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping

from tests.vectors.make.case import Case, Question
from tests.vectors.make.metadata import into
from tests.vectors.make.office import (
    ABDULLA,
    LI,
    OUYANG,
    PASSPHRASE,
    T_KEY,
    U_SALT,
    ZHANG,
    Class,
    Office,
    canonical,
    manifest,
    token,
)

REF_KEY = hashlib.sha256(b"test REF_KEY").digest()
DAYS = {"canyin": "2027-01-14"}


def content(members: Mapping[str, bytes], said: Mapping[str, object]) -> str:
    """Return what tells one content from another (2.1)."""
    undated = canonical({key: value for key, value in said.items() if key != "made"})
    parts = [(name, undated if name == "manifest.json" else data) for name, data in members.items()]
    counted = b"".join(name.encode() + b"\0" + len(data).to_bytes(8, "big") + data for name, data in parts)
    return hmac.digest(REF_KEY, b"xinyi/content/1\0" + PASSPHRASE.encode() + b"\0" + counted, "sha256").hex()


def office() -> Office:
    """Return the office of the example: four people, one organisation, one scenario."""
    said = manifest() | {"scenarios": manifest()["scenarios"][:1]}
    class_ = Class(DAYS, [token(*who) for who in (ZHANG, OUYANG, ABDULLA, LI)])
    _, count, parameter = class_.parts()
    said["classes"] = [{"file": "classes/0.gr", "count": count, "parameter": parameter, "scenarios": DAYS}]
    made = Office(manifest=said, classes=[class_])
    programme = hmac.digest(REF_KEY, b"xinyi/programme/1\0" + U_SALT + T_KEY, "sha256").hex()
    made.edits = {
        "targets": into("targets", "canyin.zip", "custom", content=content(made.members(), said)),
        "timestamp": into(**{"x-xinyi-programme": programme}),
    }
    return made


def cases() -> Iterator[Case]:
    """Yield the example, asked about somebody typed carelessly."""
    typed = Question(" 李　四 ", "99062119770707101x")
    shows = "the worked example of the specification"
    yield Case("example/worked", shows, "9", office().bundle(), ask=typed, perks=DAYS, canonical=LI)
