"""A new root: what may be proposed, signed and accepted, and that python-tuf's own client walks the chain (TUF 5.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Timestamp
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from generator.errors import GeneratorError, KeysError, RefusedError
from generator.trust import roots
from generator.trust.roots import Proposal

AT = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
LATER = AT + timedelta(days=300)
OFFICERS = tuple(CryptoSigner.generate_ed25519() for _ in range(3))
OFFICE, FRESH, STRANGER = (CryptoSigner.generate_ed25519() for _ in range(3))
FIRST = roots.first(OFFICERS, OFFICE.public_key, AT)


def signed(proposal: Proposal, *signers: CryptoSigner) -> Proposal:
    for signer in signers:
        proposal = roots.sign(proposal, signer)
    return proposal


def walk(chain: Sequence[bytes], at: datetime, office: CryptoSigner) -> int:
    """Return the version at which a client arrives that starts from the first root, and accepts the office's timestamp.

    The client is python-tuf's; what it thinks of expired or badly signed roots is what the world thinks.
    """
    client = TrustedMetadataSet(chain[0], EnvelopeType.METADATA)
    client.reference_time = at
    for root in chain[1:]:
        client.update_root(root)
    timestamp = Metadata(Timestamp(1, expires=at + timedelta(days=1)))
    timestamp.sign(office)
    client.update_timestamp(timestamp.to_bytes())
    return client.root.version


class TestRenewal:
    """The same keys, two more years, signed by two root keys."""

    def test_what_it_says(self) -> None:
        change = roots.check(roots.renewal([FIRST], LATER), LATER)
        assert (change.version, change.replaced, change.signed) == (2, (), ())
        assert change.expires == datetime(2029, 9, 15, 1, 2, 3, tzinfo=UTC)
        assert change.expires_now == datetime(2028, 11, 19, 1, 2, 3, tzinfo=UTC)
        assert (change.lacking, change.lacking_old, change.lacking_new) == (2, 2, 2)
        assert change.fingerprint == roots.fingerprint([FIRST])

    @pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2), (2, 0)])
    def test_any_two_officers(self, pair: tuple[int, int]) -> None:
        proposal = signed(roots.renewal([FIRST], LATER), *(OFFICERS[n] for n in pair))
        change = roots.check_acceptable(proposal, [FIRST], LATER)
        assert change.signed == tuple(f"root-{n + 1}" for n in pair)
        assert walk([FIRST, proposal.following], LATER, OFFICE) == 2

    @pytest.mark.parametrize("signers", [(), (0,)])
    def test_fewer_are_refused(self, signers: tuple[int, ...]) -> None:
        proposal = signed(roots.renewal([FIRST], LATER), *(OFFICERS[n] for n in signers))
        with pytest.raises(RefusedError, match=f"至少还差{2 - len(signers)}位"):
            roots.check_acceptable(proposal, [FIRST], LATER)

    @pytest.mark.parametrize("years", [1, 2, 3, 10])
    def test_also_long_after_the_root_has_expired(self, years: int) -> None:
        late = AT + timedelta(days=366 * years)
        proposal = signed(roots.renewal([FIRST], late), OFFICERS[0], OFFICERS[2])
        roots.check_acceptable(proposal, [FIRST], late)
        assert walk([FIRST, proposal.following], late, OFFICE) == 2

    def test_root_after_root(self) -> None:
        chain, at = [FIRST], AT
        for version in range(2, 8):
            at += timedelta(days=700)
            proposal = signed(roots.renewal(chain, at), *OFFICERS[:2])
            assert roots.check_acceptable(proposal, chain, at).version == version
            chain.append(proposal.following)
        assert roots.check_chain(chain).version == walk(chain, at, OFFICE) == 7


class TestRootReplacement:
    """A fresh key takes the place of one; the old and the new threshold sign."""

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_the_two_who_stay_and_the_new_one(self, number: int) -> None:
        stay = [officer for n, officer in enumerate(OFFICERS, 1) if n != number]
        proposal = signed(roots.root_replacement([FIRST], number, FRESH.public_key, LATER), FRESH, *stay)
        change = roots.check_acceptable(proposal, [FIRST], LATER)
        (replaced,) = change.replaced
        assert replaced.place == f"root-{number}"
        assert (replaced.old, replaced.new) == (OFFICERS[number - 1].public_key.keyid, FRESH.public_key.keyid)
        assert change.signed[0] == f"新的 root-{number}"
        assert walk([FIRST, proposal.following], LATER, OFFICE) == 2
        names = roots.names(roots.check_chain([FIRST, proposal.following]))
        assert names[FRESH.public_key.keyid] == f"root-{number}"
        assert OFFICERS[number - 1].public_key.keyid not in names

    def test_the_new_key_does_not_count_as_an_old_one(self) -> None:
        proposal = signed(roots.root_replacement([FIRST], 1, FRESH.public_key, LATER), FRESH, OFFICERS[1])
        change = roots.check(proposal, LATER)
        assert (change.lacking_old, change.lacking_new, change.lacking, roots.lacking(proposal)) == (1, 0, 1, 1)
        with pytest.raises(RefusedError, match="至少还差1位"):
            roots.check_acceptable(proposal, [FIRST], LATER)

    def test_the_leaving_key_does_not_count_as_a_new_one(self) -> None:
        proposal = signed(roots.root_replacement([FIRST], 1, FRESH.public_key, LATER), OFFICERS[0], OFFICERS[1])
        change = roots.check(proposal, LATER)
        assert change.signed == ("旧的 root-1", "root-2")
        assert (change.lacking_old, change.lacking_new, roots.lacking(proposal)) == (0, 1, 1)
        roots.check_acceptable(signed(proposal, FRESH), [FIRST], LATER)

    def test_the_replaced_key_signs_nothing_any_more(self) -> None:
        accepted = signed(roots.root_replacement([FIRST], 1, FRESH.public_key, LATER), *OFFICERS[1:]).following
        with pytest.raises(RefusedError, match="不在根证书里"):
            roots.sign(roots.renewal([FIRST, accepted], LATER), OFFICERS[0])

    @pytest.mark.parametrize("key", [OFFICE, OFFICERS[1]])
    def test_a_key_that_has_a_place_already_is_refused(self, key: CryptoSigner) -> None:
        with pytest.raises(RefusedError, match="不合规矩"):
            roots.root_replacement([FIRST], 1, key.public_key, LATER)

    def test_all_three_and_the_office_one_after_the_other(self) -> None:
        chain, now, office = [FIRST], list(OFFICERS), OFFICE
        for number in (1, 2, 3):
            fresh = CryptoSigner.generate_ed25519()
            stay = [officer for n, officer in enumerate(now, 1) if n != number]
            proposal = signed(roots.root_replacement(chain, number, fresh.public_key, LATER), *stay)
            roots.check_acceptable(proposal, chain, LATER)
            chain.append(proposal.following)
            now[number - 1] = fresh
        office = CryptoSigner.generate_ed25519()
        proposal = signed(roots.office_replacement(chain, office.public_key, LATER), *now[:2])
        chain.append(proposal.following)
        assert walk(chain, LATER, office) == 5


class TestOfficeReplacement:
    def test_the_new_key_signs_and_the_old_one_no_longer(self) -> None:
        proposal = signed(roots.office_replacement([FIRST], FRESH.public_key, LATER), *OFFICERS[:2])
        change = roots.check_acceptable(proposal, [FIRST], LATER)
        assert change.office
        assert (change.office.old, change.office.new) == (OFFICE.public_key.keyid, FRESH.public_key.keyid)
        assert walk([FIRST, proposal.following], LATER, FRESH) == 2
        with pytest.raises(Exception, match="timestamp was signed by 0/1 keys"):
            walk([FIRST, proposal.following], LATER, OFFICE)

    def test_the_office_keys_have_no_say(self) -> None:
        proposal = roots.office_replacement([FIRST], FRESH.public_key, LATER)
        for signer in (OFFICE, FRESH, STRANGER):
            with pytest.raises(RefusedError, match="不在根证书里"):
                roots.sign(proposal, signer)


class TestSigning:
    def test_nobody_signs_twice(self) -> None:
        proposal = signed(roots.renewal([FIRST], LATER), OFFICERS[0])
        with pytest.raises(RefusedError, match="已经签过"):
            roots.sign(proposal, OFFICERS[0])

    def test_a_carried_file_holds_all_of_it(self) -> None:
        proposal = signed(roots.renewal([FIRST], LATER), OFFICERS[0])
        again = roots.parse(roots.encode(proposal))
        assert again == proposal
        roots.check_acceptable(signed(again, OFFICERS[1]), [FIRST], LATER)

    def test_a_carried_file_holds_no_secret(self) -> None:
        carried = roots.encode(signed(roots.renewal([FIRST], LATER), OFFICERS[0]))
        for signer in OFFICERS:
            assert signer.private_bytes.splitlines()[1] not in carried


def forge(change: Callable[[dict[str, Any]], object], *signers: CryptoSigner) -> Proposal:
    """Return a proposal whose root was changed by hand and then rightly signed."""
    proposal = roots.renewal([FIRST], LATER)
    values = json.loads(proposal.following)
    change(values["signed"])
    metadata = Metadata[Root].from_bytes(json.dumps(values).encode())
    for signer in signers:
        metadata.sign(signer, append=True)
    return Proposal(proposal.chain, metadata.to_bytes())


def described(signer: CryptoSigner) -> dict[str, Any]:
    return signer.public_key.to_dict()


def exchange(root: dict[str, Any], role: str, old: CryptoSigner, new: CryptoSigner) -> None:
    keyids = root["roles"][role]["keyids"]
    keyids[keyids.index(old.public_key.keyid)] = new.public_key.keyid
    root["keys"][new.public_key.keyid] = described(new)


RSA_LIKE = CryptoSigner(ec.generate_private_key(ec.SECP256R1()))
LOWERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "threshold one": lambda root: root["roles"]["root"].update(threshold=1),
    "threshold three": lambda root: root["roles"]["root"].update(threshold=3),
    "two root keys": lambda root: root["roles"]["root"]["keyids"].pop(),
    "a fourth root key": lambda root: (
        root["roles"]["root"]["keyids"].append(FRESH.public_key.keyid),
        root["keys"].update({FRESH.public_key.keyid: described(FRESH)}),
    ),
    "a second office key for one role": lambda root: (
        root["roles"]["timestamp"]["keyids"].append(FRESH.public_key.keyid),
        root["keys"].update({FRESH.public_key.keyid: described(FRESH)}),
    ),
    "another key for snapshot alone": lambda root: exchange(root, "snapshot", OFFICE, FRESH),
    "the office key is a root key": lambda root: exchange(root, "root", OFFICERS[2], OFFICE),
    "a key of another kind": lambda root: exchange(root, "root", OFFICERS[2], RSA_LIKE),
    "a key under a name that is not its own": lambda root: root["keys"].update(
        {OFFICERS[2].public_key.keyid: described(FRESH)}
    ),
    "a key that is used for nothing": lambda root: root["keys"].update({FRESH.public_key.keyid: described(FRESH)}),
    "no office key": lambda root: root["roles"]["targets"]["keyids"].clear(),
    "a field of its own": lambda root: root.update(extra=1),
    "no consistent snapshots": lambda root: root.update(consistent_snapshot=False),
}
STALE: dict[str, tuple[dict[str, Any], str]] = {
    "the same version": ({"version": 1}, "应当是第2版，文件里却是第1版"),
    "a version skipped": ({"version": 3}, "应当是第2版，文件里却是第3版"),
    "expires before the one that is": ({"expires": "2028-11-19T01:02:02Z"}, "更早到期"),
    "expires in twenty years": ({"expires": "2046-11-19T01:02:03Z"}, "太长"),
    "has expired": ({"expires": "2020-11-19T01:02:03Z"}, "更早到期"),
}


class TestRefused:
    """Nothing is lowered: whatever two officers were talked into signing."""

    @pytest.mark.parametrize("case", LOWERED)
    def test_another_form(self, case: str) -> None:
        proposal = forge(LOWERED[case], *OFFICERS)
        with pytest.raises(RefusedError, match="不合规矩"):
            roots.check_acceptable(proposal, [FIRST], LATER)

    @pytest.mark.parametrize("case", STALE)
    def test_another_version_or_time(self, case: str) -> None:
        fields, message = STALE[case]
        proposal = forge(lambda root: root.update(fields), *OFFICERS)
        with pytest.raises(RefusedError, match=message):
            roots.check_acceptable(proposal, [FIRST], LATER)

    def test_what_is_left_alone_is_accepted(self) -> None:
        """So what is refused above is refused for its own reason."""
        roots.check_acceptable(forge(lambda _: None, *OFFICERS), [FIRST], LATER)

    def test_keys_that_change_places(self) -> None:
        proposal = forge(lambda root: root["roles"]["root"]["keyids"].reverse(), *OFFICERS)
        with pytest.raises(RefusedError, match="换了位置"):
            roots.check(proposal, LATER)

    def test_a_signature_of_a_stranger(self) -> None:
        with pytest.raises(RefusedError, match="1个对不上的签名"):
            roots.check(forge(lambda _: None, *OFFICERS, STRANGER), LATER)

    def test_a_signature_over_something_else(self) -> None:
        other = json.loads(signed(roots.renewal([FIRST], LATER + timedelta(days=1)), OFFICERS[0]).following)
        values = json.loads(signed(roots.renewal([FIRST], LATER), OFFICERS[1]).following)
        values["signatures"] += other["signatures"]
        with pytest.raises(RefusedError, match="1个对不上的签名"):
            roots.check(Proposal((FIRST,), json.dumps(values).encode()), LATER)

    @pytest.mark.parametrize("days", [91, 400])
    def test_a_proposal_left_in_a_drawer(self, days: int) -> None:
        """Three months are enough; what is older may be out of somebody's hands."""
        proposal = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        roots.check_acceptable(proposal, [FIRST], LATER + timedelta(days=89))
        with pytest.raises(RefusedError, match="超过90天"):
            roots.check_acceptable(proposal, [FIRST], LATER + timedelta(days=days))

    def test_a_clock_that_is_wrong(self) -> None:
        with pytest.raises(RefusedError, match=r"更早到期.*看看电脑的日期"):
            roots.renewal([FIRST], AT - timedelta(days=2))
        with pytest.raises(RefusedError, match=r"太长.*看看电脑的日期"):
            roots.check(roots.renewal([FIRST], LATER), LATER - timedelta(days=2))


class TestStale:
    """A proposal starts from the newest root of this office."""

    def test_accepted_already(self) -> None:
        proposal = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        with pytest.raises(RefusedError, match="已经接受过了（第2版"):
            roots.check_same_programme(proposal, [FIRST, proposal.following])

    def test_overtaken(self) -> None:
        slow = signed(roots.office_replacement([FIRST], FRESH.public_key, LATER), *OFFICERS[:2])
        quick = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        with pytest.raises(RefusedError, match="过时了：根证书已经换到第2版"):
            roots.check_acceptable(slow, [FIRST, quick.following], LATER)

    def test_of_another_office(self) -> None:
        other = roots.first(OFFICERS, STRANGER.public_key, AT)
        proposal = signed(roots.renewal([other], LATER), *OFFICERS[:2])
        with pytest.raises(RefusedError, match="不是这个项目的"):
            roots.check_acceptable(proposal, [FIRST], LATER)

    def test_from_a_root_that_this_office_does_not_know_yet(self) -> None:
        second = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2]).following
        proposal = signed(roots.renewal([FIRST, second], LATER), *OFFICERS[:2])
        with pytest.raises(RefusedError, match="不是这个项目的"):
            roots.check_acceptable(proposal, [FIRST], LATER)


class TestChain:
    def test_a_root_that_only_signs_itself(self) -> None:
        mine = roots.first([FRESH, STRANGER, OFFICERS[0]], OFFICE.public_key, LATER)
        values = json.loads(mine)
        values["signed"]["version"] = 2
        metadata = Metadata[Root].from_bytes(json.dumps(values).encode())
        metadata.signatures.clear()
        for signer in (FRESH, STRANGER, OFFICERS[0]):
            metadata.sign(signer, append=True)
        with pytest.raises(KeysError, match="对不上"):
            roots.check_chain([FIRST, metadata.to_bytes()])

    @pytest.mark.parametrize(
        "chain", [[FIRST, FIRST], [b""], [b"{}"], [FIRST[:-20]], [FIRST.replace(b'"sig"', b'"s"')]]
    )
    def test_what_is_no_chain(self, chain: list[bytes]) -> None:
        with pytest.raises(KeysError, match="对不上"):
            roots.check_chain(chain)

    def test_an_empty_one(self) -> None:
        with pytest.raises(KeysError):
            roots.check_chain([])


class TestFiles:
    """Any bytes at all end in a proposal or in a message."""

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"[]",
            b"null",
            b'{"xinyi-root-proposal": 2}',
            b'{"xinyi-root-proposal": 1}',
            b'{"xinyi-root-proposal": 1, "chain": 1, "following": "x"}',
            b'{"xinyi-root-proposal": 1, "chain": [1], "following": "x"}',
            b'{"xinyi-root-proposal": 1, "chain": [], "following": null}',
            b"[" * 100_000,
            b'{"xinyi-root-proposal": 1, "chain": [], "following": "' + b"x" * roots.LARGEST_PROPOSAL,
        ],
    )
    def test_what_is_no_proposal(self, data: bytes) -> None:
        with pytest.raises(KeysError):
            roots.parse(data)

    @given(st.lists(st.one_of(st.binary(), st.just(FIRST)), max_size=3), st.binary())
    def test_a_proposal_of_anything(self, chain: list[bytes], following: bytes) -> None:
        with pytest.raises(GeneratorError):
            roots.check(Proposal(tuple(chain), following), LATER)

    @given(st.data())
    def test_any_byte_changed(self, data: st.DataObject) -> None:
        """A changed byte is found, or is only a blank: the signed part is what two officers signed."""
        good = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        carried = bytearray(roots.encode(good))
        carried[data.draw(st.integers(0, len(carried) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        try:
            proposal = roots.parse(bytes(carried))
            roots.check_acceptable(proposal, [FIRST], LATER)
        except GeneratorError:
            return
        assert Metadata[Root].from_bytes(proposal.following).signed == Metadata[Root].from_bytes(good.following).signed
