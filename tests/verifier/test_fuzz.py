"""Spoilt input, every layer by itself: a short run of tests/benchmarks/fuzz_verify.py, led by hypothesis."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.verifier import verify
from tests.benchmarks import fuzz_verify
from tests.verifier.issuer import encrypt

SHORT = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("layer", range(len(fuzz_verify.LAYERS)), ids=[layer.__name__ for layer in fuzz_verify.LAYERS])
def test_any_fault_ends_in_an_answer_or_a_refusal(layer: int) -> None:
    """Any bytes at all MUST end in a bundle or in one of these codes (5)."""

    @SHORT
    @given(st.binary(max_size=120))
    def attempt(data: bytes) -> None:
        fuzz_verify.attempt(bytes([layer]) + data)

    attempt()


def test_every_layer_opens_when_nothing_is_spoilt() -> None:
    """So what is refused below is refused for its fault, not for what the harness forgot to mend."""
    members = dict(fuzz_verify.container())
    for name in [name for name in members if name.startswith("metadata/")]:
        seeds = ("one", "two", "four") if name.endswith("root.json") else ("office",)
        members[name] = fuzz_verify.resigned(json.loads(members[name])["signed"], *seeds)
    fuzz_verify.opened(members)
    contents = fuzz_verify.issuer().members()
    fuzz_verify.opened(fuzz_verify.retargeted(encrypt(contents.items())))
    state = fuzz_verify.folder() / "state"
    (state / "canyin" / "state.json").write_bytes(fuzz_verify.remembered())
    fuzz_verify.opened(fuzz_verify.container(), verify.State(state, ""))


def test_a_crash_would_be_seen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a fault of the program")

    monkeypatch.setattr(verify, "read_container", broken)
    with pytest.raises(KeyError):
        fuzz_verify.at_random(60, 0)
    shown = capsys.readouterr()
    assert "1 crashes" in shown.out
    assert "crashed on 00" in shown.err


def test_a_run_prints_its_figures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for counter in (fuzz_verify.reached, fuzz_verify.refused):
        counter.clear()
    assert fuzz_verify.at_random(0.5, 0) == 0
    assert "0 crashes" in capsys.readouterr().out
    assert sum(fuzz_verify.reached.values()) > 0
