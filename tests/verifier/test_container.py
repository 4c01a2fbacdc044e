"""The container, its limits, and what any bytes at all lead to (docs/spec/bundle.md, 2 and 5.1)."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.verifier import verify
from tests.verifier import issuer
from tests.verifier.issuer import NOON, Issuer, pack, refusal

ISSUER = Issuer()
MEMBERS = list(ISSUER.container().items())
BUNDLE = pack(MEMBERS)
NAMES = [name for name, _ in MEMBERS]


def with_member(name: str, data: bytes = b"x") -> bytes:
    return pack([*MEMBERS, (name, data)])


def without(name: str) -> bytes:
    return pack([member for member in MEMBERS if member[0] != name])


def patched(place: int, value: bytes) -> bytes:
    return BUNDLE[:place] + value + BUNDLE[place + len(value) :]


UNHURRIED = settings(deadline=None)  # other programs may be running
END = len(BUNDLE) - 22
FIRST = int.from_bytes(BUNDLE[-6:-2], "little")  # where the directory begins


def both(offset: int, value: bytes) -> bytes:
    """Change a field of the first member in its local header and in the directory."""
    return patched(4 + offset, value)[:FIRST] + patched(FIRST + 6 + offset, value)[FIRST:]


def ended(start: int, more: int = 0) -> bytes:
    """Return an end record for a directory that begins elsewhere or has something behind it."""
    size = END - FIRST + more
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(MEMBERS), len(MEMBERS), size, start, 0)


CASES: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"P",
    "words": "这不是名单包".encode() * 10,
    "an empty zip": pack([]),
    "a page of the web": b"<html>" + b" " * 2000 + b"</html>",
    "cut at the end": BUNDLE[:-1],
    "cut in the middle": BUNDLE[: len(BUNDLE) // 2],
    "bytes before": b"x" + BUNDLE,
    "bytes behind": BUNDLE + b"x",
    "a comment": BUNDLE[:-2] + b"\1\0x",
    "twice": BUNDLE + BUNDLE,
    "compressed": pack(MEMBERS, zipfile.ZIP_DEFLATED),
    "method changed": both(4, b"\x08"),
    "encryption flag": both(2, b"\x01"),
    "data descriptor flag": both(2, b"\x08"),
    "utf-8 flag": both(3, b"\x08"),
    "sizes that differ": both(18, b"\x01"),
    "headers that differ": patched(6, b"\x01"),
    "an extra field": both(24, b"\x01"),
    "a comment on a member": patched(FIRST + 32, b"\x01"),
    "another disk": patched(FIRST + 34, b"\x01"),
    "the first member's place": patched(FIRST + 42, b"\x01"),
    "a size beyond the end": both(14, struct.pack("<2L", 1 << 30, 1 << 30)),
    "no directory signature": patched(FIRST, b"PK\1\3"),
    "fewer members than there are": patched(END + 8, struct.pack("<2H", len(MEMBERS) - 1, len(MEMBERS) - 1)),
    "more members than there are": patched(END + 8, struct.pack("<2H", len(MEMBERS) + 1, len(MEMBERS) + 1)),
    "no end signature": patched(END, b"PK\5\7"),
    "an end on another disk": patched(END + 4, b"\1"),
    "a directory on another disk": patched(END + 6, b"\1"),
    "two counts": patched(END + 8, b"\1"),
    "a comment that is not there": patched(END + 20, b"\1"),
    "bytes before the directory": BUNDLE[:FIRST] + b"xx" + BUNDLE[FIRST:END] + ended(FIRST + 2),
    "bytes behind the directory": BUNDLE[:END] + b"xx" + ended(FIRST, 2),
    "a directory": with_member("metadata/"),
    "a name that is not ASCII": with_member("metadata/名单"),
    "a name with a space": with_member("READ ME.txt"),
    "a second target": with_member(f"targets/{'0' * 64}.other.zip"),
    "no target": pack(MEMBERS[:-1]),
    "a target in a strange place": pack([*MEMBERS[:-1], ("targets/x.zip", MEMBERS[-1][1])]),
    "a merchant that climbs": pack([*MEMBERS[:-1], (f"targets/{'0' * 64}.../../x.zip", MEMBERS[-1][1])]),
    "no first root": without("metadata/1.root.json"),
    "no timestamp": without("metadata/timestamp.json"),
    "metadata above 1 MiB": with_member("metadata/9.targets.json", bytes((1 << 20) + 1)),
    "257 roots": pack([*MEMBERS, *((f"metadata/{n}.root.json", b"x") for n in range(2, 258))]),
    "301 members": pack([*MEMBERS, *((f"x{n}", b"") for n in range(301 - len(MEMBERS)))]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_a_bundle_is_malformed(case: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, CASES[case], ISSUER.pin) == "malformed"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("index", range(len(NAMES)))
def test_a_name_that_stands_twice_is_malformed(index: int, tmp_path: Path) -> None:
    """So nobody can show one content to one program and another to the next."""
    assert refusal(tmp_path, with_member(NAMES[index]), ISSUER.pin) == "malformed"


def test_members_that_overlap_are_malformed(tmp_path: Path) -> None:
    bundle = bytearray(pack([("a", b"x"), *MEMBERS]))
    second = int.from_bytes(bundle[-6:-2], "little") + 47
    bundle[second + 42 : second + 46] = bytes(4)
    assert refusal(tmp_path, bytes(bundle), ISSUER.pin) == "malformed"


def test_a_file_above_64_mib_is_malformed() -> None:
    with pytest.raises(verify.Refused):
        verify.read_container(bytes((64 << 20) + 1))


def test_what_stands_at_the_limits_is_read() -> None:
    fill = [(f"x{n}", b"") for n in range(300 - len(MEMBERS) - 1)]
    members, merchant = verify.read_container(pack([*MEMBERS, *fill, ("metadata/9.x.json", bytes(1 << 20))]))
    assert (len(members), merchant) == (300, "canyin")


@pytest.mark.parametrize("index", range(len(NAMES)))
def test_a_member_whose_checksum_is_wrong_is_damaged(index: int, tmp_path: Path) -> None:
    place = BUNDLE.index(NAMES[index].encode()) + len(NAMES[index])
    assert refusal(tmp_path, patched(place, bytes([BUNDLE[place] ^ 1])), ISSUER.pin) == "damaged"


def test_one_flipped_byte_anywhere_never_changes_an_answer(tmp_path: Path) -> None:
    """Every position of the file: the right answer, or a refusal."""
    opened = 0
    for place in range(len(BUNDLE)):
        bundle = patched(place, bytes([BUNDLE[place] ^ (1 << place % 8)]))
        try:
            result = issuer.open_at(tmp_path, bundle, ISSUER.pin)
        except verify.Refused:
            continue
        opened += 1
        assert result.people.keys() == {token for _, tokens in ISSUER.classes for token in tokens}
        assert result.organisations.keys() == {issuer.COMPANY[0]}
    assert opened < len(BUNDLE) // 5  # dates and attributes of the zip, which nobody reads


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize("index", range(1, len(NAMES)))
def test_one_changed_byte_with_its_checksum_mended_is_refused(index: int, remembered: bool, tmp_path: Path) -> None:
    """White space that the signature does not cover included: what is trusted is the very bytes."""
    if remembered:
        issuer.open_at(tmp_path, BUNDLE, ISSUER.pin)
    name, data = MEMBERS[index]
    for place in range(0, len(data), 1 + len(data) // 60):
        changed = data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :]
        code = refusal(tmp_path, pack((n, changed if n == name else d) for n, d in MEMBERS), ISSUER.pin)
        assert code == ("damaged" if name.startswith("targets/") else "not-trusted"), place


def nested(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(children) | st.dictionaries(st.sampled_from(["signed", "signatures", "_type", "version"]), children)


class TestAnyBytes:
    """A verifier MUST NOT judge after any failure; any bytes at all end in a bundle or a refusal (5.1)."""

    @UNHURRIED
    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        """Noise."""
        assert self.code(data) == "malformed"

    @UNHURRIED
    @given(st.binary(max_size=60), st.integers(0, len(BUNDLE)), st.integers(0, 60))
    def test_any_bytes_somewhere_in_a_bundle(self, data: bytes, place: int, cut: int) -> None:
        """Noise in the place of something."""
        changed = BUNDLE[:place] + data + BUNDLE[place + cut :]
        assert changed == BUNDLE or self.code(changed) in {"malformed", "damaged", "state"}

    @UNHURRIED
    @given(st.lists(st.tuples(st.sampled_from([*NAMES, "metadata/2.root.json"]), st.binary(max_size=60)), max_size=9))
    def test_any_members(self, members: list[tuple[str, bytes]]) -> None:
        """Noise in every member."""
        assert self.code(pack(dict(members).items())) in {"malformed", "not-trusted"}

    @UNHURRIED
    @given(st.sampled_from(NAMES[1:-1]), st.recursive(st.none() | st.integers() | st.text() | st.floats(), nested))
    def test_any_json(self, name: str, content: object) -> None:
        """JSON that is not metadata."""
        changed = {**dict(MEMBERS), name: issuer.encoded(content)}
        assert self.code(pack(changed.items())) == "not-trusted"

    @UNHURRIED
    @given(st.binary(max_size=60), st.data())
    def test_any_bytes_in_some_metadata(self, data: bytes, draw: st.DataObject) -> None:
        """Noise in metadata, the checksum mended."""
        name = draw.draw(st.sampled_from(NAMES[1:-1]))
        old = dict(MEMBERS)[name]
        place = draw.draw(st.integers(0, len(old)))
        changed = old[:place] + data + old[place + draw.draw(st.integers(0, 60)) :]
        if changed != old:
            assert self.code(pack({**dict(MEMBERS), name: changed}.items())) == "not-trusted"

    def code(self, data: bytes) -> str:
        """Return the code of the refusal, which there must be."""
        state = verify.State(Path("/nonexistent/xinyi-state"), ISSUER.pin)
        with pytest.raises(verify.Refused) as refused:
            verify.open_bundle(data, state, issuer.PASSPHRASE, NOON)
        return str(refused.value.code)
