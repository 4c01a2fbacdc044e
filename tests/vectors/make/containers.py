"""The container: every byte has its place (docs/spec/bundle.md, 2 and 5.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.vectors.make import zips
from tests.vectors.make.case import Case
from tests.vectors.make.office import Office, bundled, digest

MEMBERS = Office().container()
NAMES = list(MEMBERS)
BUNDLE = bundled(MEMBERS)
END = len(BUNDLE) - 22
DIRECTORY = int.from_bytes(BUNDLE[-6:-2], "little")
TARGET = NAMES[-1]


def patched(place: int, value: bytes, bundle: bytes = BUNDLE) -> bytes:
    """Return the bundle with some bytes replaced."""
    return bundle[:place] + value + bundle[place + len(value) :]


def both(offset: int, value: bytes) -> bytes:
    """Return the bundle with a field of its first member replaced, in the local header and in the directory."""
    return patched(DIRECTORY + offset + 2, value, patched(offset, value))


def ended(start: int, more: int = 0) -> bytes:
    """Return an end record for a directory that begins elsewhere or has something behind it."""
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(MEMBERS), len(MEMBERS), END - DIRECTORY + more, start, 0)


def besides(*more: tuple[str, bytes]) -> bytes:
    """Return the bundle with further members, which may have the name of another."""
    listed = [*MEMBERS.items(), *more]
    return zips.zipped(zips.stored(name, data) for name, data in listed)


def without(*names: str) -> bytes:
    """Return the bundle without some members."""
    return bundled({name: data for name, data in MEMBERS.items() if name not in names})


def changed(index: int, **fields: object) -> bytes:
    """Return the bundle with one member written otherwise, in both its headers alike."""
    members = [zips.stored(name, data) for name, data in MEMBERS.items()]
    members[index] = replace(members[index], **fields)  # type: ignore[arg-type]
    return zips.zipped(members)


def damaged(index: int) -> bytes:
    """Return the bundle with one bit of a member flipped."""
    place = BUNDLE.index(NAMES[index].encode()) + len(NAMES[index])
    return patched(place, bytes([BUNDLE[place] ^ 1]))


def overlapping() -> bytes:
    """Return a bundle with two entries for the bytes of one member."""
    bundle = besides(("a", b"x"), ("b", b"x"))
    last = bundle.rindex(b"PK\1\2")
    first = bundle.rindex(b"PK\1\2", 0, last)
    return patched(last + 42, bundle[first + 42 : first + 46], bundle)


def zip64() -> bytes:
    """Return the bundle as a zip64 archive."""
    extra = struct.pack("<2H2Q", 1, 16, len(MEMBERS[NAMES[0]]), len(MEMBERS[NAMES[0]]))
    bundle = changed(0, extra=extra)
    for place in (18, int.from_bytes(bundle[-6:-2], "little") + 20):
        bundle = patched(place, b"\xff" * 8, bundle)
    start, size = int.from_bytes(bundle[-6:-2], "little"), int.from_bytes(bundle[-10:-6], "little")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, len(MEMBERS), len(MEMBERS), size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(bundle) - 22, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bundle[:-22] + record + locator + end


def deflated() -> bytes:
    """Return the bundle with its first member compressed."""
    data = MEMBERS[NAMES[0]]
    return changed(0, body=zips.deflated(data), method=zips.DEFLATED)


def descriptor() -> bytes:
    """Return the bundle with a data descriptor behind its first member."""
    crc, size = zips.stored("", MEMBERS[NAMES[0]]).crc, len(MEMBERS[NAMES[0]])
    return changed(0, flags=8, tail=struct.pack("<4s3L", b"PK\7\x08", crc, size, size))


def renamed(old: str, new: str) -> bytes:
    """Return the bundle with a member under another name."""
    return bundled({new if name == old else name: data for name, data in MEMBERS.items()})


MALFORMED: Mapping[str, tuple[str, bytes]] = {
    "empty": ("a file without a byte", b""),
    "one-byte": ("a single byte", b"P"),
    "not-a-zip": ("words", "这不是名单包。".encode() * 10),
    "a-web-page": ("what a captive portal sends in the place of a download", b"<html>" + b" " * 2000 + b"</html>"),
    "no-members": ("a zip with nothing in it", zips.zipped([])),
    "cut-by-one-byte": ("the last byte is missing", BUNDLE[:-1]),
    "cut-in-half": ("a download that stopped", BUNDLE[: len(BUNDLE) // 2]),
    "byte-before": ("one byte before the first member", b"x" + BUNDLE),
    "byte-behind": ("one byte behind the end record", BUNDLE + b"x"),
    "comment": ("an archive comment", patched(END + 20, b"\1\0") + b"x"),
    "comment-not-there": ("a comment of one byte is announced", patched(END + 20, b"\1")),
    "two-bundles": ("two bundles in one file", BUNDLE + BUNDLE),
    "gap-before-directory": (
        "two bytes between the last member and the directory",
        BUNDLE[:DIRECTORY] + b"xx" + BUNDLE[DIRECTORY:END] + ended(DIRECTORY + 2),
    ),
    "gap-behind-directory": ("two bytes behind the directory", BUNDLE[:END] + b"xx" + ended(DIRECTORY, 2)),
    "gap-between-members": ("one byte between two members", changed(0, tail=b"x")),
    "deflated": ("a member is compressed", deflated()),
    "method-changed": ("method 8 over stored bytes", both(8, b"\x08")),
    "encryption-flag": ("flag bit 0", both(6, b"\x01")),
    "data-descriptor": ("flag bit 3, and a data descriptor behind the member", descriptor()),
    "utf8-flag": ("flag bit 11", both(7, b"\x08")),
    "sizes-differ": ("compressed and real size of a stored member differ", both(22, struct.pack("<L", 11))),
    "headers-differ": ("the local header has another flag than the directory", patched(6, b"\x02")),
    "names-differ": ("the local header has another name than the directory", patched(30, b"r")),
    "dates-differ": ("the local header has another date than the directory", patched(12, b"\x22")),
    "extra-field": ("an extra field in both headers", changed(0, extra=b"\x99\x99\0\0")),
    "member-comment": ("a comment on a member is announced", patched(DIRECTORY + 32, b"\1")),
    "member-on-another-disk": ("a member begins on disk 1", patched(DIRECTORY + 34, b"\1")),
    "member-elsewhere": ("the directory has another place for a member", patched(DIRECTORY + 42, b"\1")),
    "members-overlap": ("two entries of the directory share a member's bytes", overlapping()),
    "size-beyond-the-end": ("a member of 1 GiB is announced", both(18, struct.pack("<2L", 1 << 30, 1 << 30))),
    "no-directory-signature": ("the directory does not begin with its signature", patched(DIRECTORY + 2, b"\3")),
    "no-local-signature": ("a member does not begin with its signature", patched(2, b"\5")),
    "no-end-signature": ("the end record lacks its signature", patched(END + 2, b"\7")),
    "end-on-another-disk": ("the end record names disk 1", patched(END + 4, b"\1")),
    "counts-differ": ("the two counts of the end record differ", patched(END + 8, bytes([len(MEMBERS) - 1]))),
    "one-member-fewer": ("the end record counts one member fewer", patched(END + 8, bytes([len(MEMBERS) - 1, 0] * 2))),
    "one-member-more": ("the end record counts one member more", patched(END + 8, bytes([len(MEMBERS) + 1, 0] * 2))),
    "zip64": ("a zip64 archive", zip64()),
    "duplicate-timestamp": ("timestamp.json twice, equal", besides((NAMES[2], MEMBERS[NAMES[2]]))),
    "duplicate-target": ("the target twice, the second one other bytes", besides((TARGET, b"x"))),
    "duplicate-unknown": ("a member nobody reads, twice", besides(("x", b""), ("x", b""))),
    "directory-member": ("a member whose name ends with a slash", besides(("metadata/", b""))),
    "empty-name": ("a member without a name", besides(("", b"x"))),
    "name-not-ascii": ("a name that is not ASCII", besides(("metadata/名单", b"x"))),
    "name-with-space": ("a name with a space", besides(("READ ME.txt", b"x"))),
    "name-with-control": ("a name with a NUL", besides(("README\0.txt", b"x"))),
    "no-first-root": ("1.root.json is missing", without("metadata/1.root.json")),
    "no-timestamp": ("timestamp.json is missing", without("metadata/timestamp.json")),
    "no-target": ("the target is missing", without(TARGET)),
    "two-targets": ("a second target", besides((f"targets/{'0' * 64}.other.zip", b"x"))),
    "target-without-digest": ("a target under its plain name", renamed(TARGET, "targets/canyin.zip")),
    "target-digest-in-capitals": (
        "a target whose digest is written in capitals",
        renamed(TARGET, f"targets/{TARGET[8:72].upper()}.canyin.zip"),
    ),
    "merchant-traversal": (
        "a target whose merchant climbs out of its folder",
        renamed(TARGET, f"targets/{TARGET[8:72]}.../../x.zip"),
    ),
    "merchant-too-long": (
        "a merchant's id of 65 characters",
        renamed(TARGET, f"targets/{TARGET[8:72]}.{'a' * 65}.zip"),
    ),
    "257-roots": ("one root too many", besides(*((f"metadata/{n}.root.json", b"x") for n in range(2, 258)))),
    "301-members": ("one member too many", besides(*((f"x{n}", b"") for n in range(301 - len(MEMBERS))))),
}

OPENED: Mapping[str, tuple[str, bytes]] = {
    "valid": ("a bundle as the office makes it", BUNDLE),
    "300-members": (
        "as many members as there may be, most of them unknown: those are ignored",
        besides(*((f"x{n}", b"") for n in range(300 - len(MEMBERS)))),
    ),
    "other-order": ("the members in another order", bundled(dict(reversed(MEMBERS.items())))),
    "no-readme": ("README.txt is for people, and may be missing", without("README.txt")),
    "unknown-traversal": (
        "an unknown member that would climb out of a folder: ignored, and never written",
        besides(("../../evil.txt", b"x"), ("metadata/../../evil.json", b"x")),
    ),
    "other-attributes": (
        "who made a member, and its attributes, are not read",
        patched(DIRECTORY + 4, b"\0", patched(DIRECTORY + 38, b"\0\0\0\0")),
    ),
}


def cases() -> Iterator[Case]:
    """Yield the cases of the container."""
    for name, (shows, bundle) in OPENED.items():
        yield Case(f"container/{name}", shows, "2", bundle)
    for name, (shows, bundle) in MALFORMED.items():
        yield Case(f"container/{name}", shows, "2", bundle, "malformed")
    for index, role in ((0, "readme"), (1, "root"), (2, "timestamp"), (len(MEMBERS) - 1, "target")):
        shows = f"one bit of a member flipped, its CRC not: {NAMES[index].split('/')[-1][-20:]}"
        yield Case(f"container/crc-{role}", shows, "5.1", damaged(index), "damaged")
    swapped = renamed(TARGET, f"targets/{digest(b'another')}.canyin.zip")
    yield Case(
        "container/target-under-another-digest", "the target's name has another digest", "5.2", swapped, "damaged"
    )
