"""The chain of our releases, and the note of what went out, as files and as rules."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import KeysError, RefusedError
from generator.trust import history
from generator.trust.history import Past, Published

ISSUED = "2026-11-19T16:00:00Z"


def stamp(version: int, by: str = "us") -> bytes:
    return json.dumps({"signed": {"version": version, "expires": "2026-12-29T16:00:00Z", "by": by}}).encode()


def chain(*versions: int) -> tuple[Past, ...]:
    return tuple(Past(version, hashlib.sha256(stamp(version)).hexdigest(), ISSUED) for version in versions)


def test_a_chain_is_read_back() -> None:
    for some in ((), chain(1), chain(1, 2, 3), chain(7, 8)):
        assert history.parse(history.encode(some)) == some


def test_a_chain_with_a_gap_is_none() -> None:
    for some in (chain(1, 3), chain(2, 1), chain(1, 1)):
        with pytest.raises(ValueError, match="missing"):
            history.parse(history.encode(some))


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(["format", "releases", "version", "sha256", "issued"]), x)
        ),
    ).map(lambda x: json.dumps(x).encode())
)
def test_any_bytes_are_a_chain_or_a_value_error(data: bytes) -> None:
    try:
        found = history.parse(data)
    except ValueError:
        return
    assert history.parse(history.encode(found)) == found


class TestOurs:
    """What went out must be in the chain; being lower than our version is not enough."""

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_of_the_chain(self, version: int) -> None:
        history.check_ours(stamp(version), chain(1, 2, 3), "there")

    @pytest.mark.parametrize(
        ("published", "ours", "said"),
        [
            (
                stamp(4),
                chain(1, 2, 3),
                r"^there：那里已经发布了更新的版本，可能是另一台电脑发布的.*那里第4版，这里第3版",
            ),
            (stamp(1), (), "那里第1版，这里第0版"),
            (stamp(3, "them"), chain(1, 2, 3), "^there：那里的第3版不是从这里的 keys 文件夹发布的：另一台电脑"),
            (stamp(2, "them"), chain(1, 2, 3), "那里的第2版不是从这里"),
            (stamp(1), chain(2, 3), "那里的第1版不是从这里"),
        ],
        ids=["ahead", "nothing here", "same version", "lower version", "from before the chain"],
    )
    def test_not_of_the_chain(self, published: bytes, ours: tuple[Past, ...], said: str) -> None:
        with pytest.raises(RefusedError, match=said):
            history.check_ours(published, ours, "there")

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b"{}", b"\xff", b'{"signed": 7}', b'{"signed": {"version": "x"}}', b"[" * 9999]
    )
    def test_no_timestamp(self, data: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the caller tells the place
            history.check_ours(data, chain(1), "there")


class TestPublished:
    """Noted for each target by itself."""

    def test_before_the_first_time(self, tmp_path: Path) -> None:
        assert history.read_published(tmp_path) == {}
        history.check_all_ours(tmp_path, ())

    def test_several_targets(self, tmp_path: Path) -> None:
        for target, version in (("disk", 1), ("web", 1), ("disk", 2)):
            history.note_published(tmp_path, target, stamp(version))
        at = datetime(2026, 12, 29, 16, tzinfo=UTC)
        first, second = chain(1, 2)
        assert history.read_published(tmp_path) == {
            "disk": Published(2, second.sha256, at),
            "web": Published(1, first.sha256, at),
        }
        history.check_all_ours(tmp_path, chain(1, 2, 3))
        with pytest.raises(RefusedError, match="发布目标“disk”：那里已经发布了更新的版本"):
            history.check_all_ours(tmp_path, chain(1))

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b"{}", b"\xff", b'{"format": 1, "targets": [1]}', b'{"format": 1, "targets": {"a": {}}}']
    )
    def test_damage(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "published.json").write_bytes(data)
        with pytest.raises(KeysError, match=r"published\.json 读不懂.*备份"):
            history.read_published(tmp_path)
