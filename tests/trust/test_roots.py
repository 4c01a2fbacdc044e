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
            roots.check(Proposal((FIRST,), Metadata[Root].from_dict(values).to_bytes()), LATER)

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

    @pytest.mark.parametrize("field", ["version", "threshold"])
    def test_a_number_that_is_no_integer(self, field: str) -> None:
        """2.0 equals 2 in Python, and has no canonical form to sign."""
        good = roots.renewal([FIRST], LATER).following
        other = good.replace(f'"{field}":2'.encode(), f'"{field}":2.0'.encode())
        assert other != good
        with pytest.raises(RefusedError, match="不合规矩"):
            roots.check(Proposal((FIRST,), other), LATER)
        first = FIRST.replace(b'"threshold":2', b'"threshold":2.0')
        with pytest.raises(KeysError, match="对不上"):
            roots.check(Proposal((first,), good), LATER)

    @pytest.mark.parametrize("year", ["0001", "9999"])
    def test_a_year_that_no_calendar_reaches(self, year: str) -> None:
        def put(data: bytes) -> bytes:
            values = json.loads(data)
            values["signed"]["expires"] = f"{year}-01-01T00:00:00Z"
            return Metadata[Root].from_dict(values).to_bytes()

        good = roots.renewal([FIRST], LATER)
        with pytest.raises(RefusedError):
            roots.check(Proposal((FIRST,), put(good.following)), LATER)
        with pytest.raises(KeysError, match="对不上"):
            roots.check(Proposal((put(FIRST),), good.following), LATER)

    @pytest.mark.parametrize("version", ["1.99999.0", "1.0." + "9" * 4000, "1.٣"])
    def test_a_version_of_the_standard_that_is_none(self, version: str) -> None:
        with pytest.raises(RefusedError, match="不合规矩"):
            roots.check(forge(lambda root: root.update(spec_version=version), *OFFICERS), LATER)


def respelled(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def respell(data: bytes) -> bytes:
        values = json.loads(data)
        change(values)
        return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()

    return respell


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "two megabytes of blanks": lambda data: data + b" " * 2_000_000,
    "a line's end": lambda data: data + b"\n",
    "indented": lambda data: json.dumps(json.loads(data), sort_keys=True, indent=1).encode(),
    "another order": lambda data: json.dumps(dict(reversed(json.loads(data).items())), separators=(",", ":")).encode(),
    "a field of the envelope": respelled(lambda values: values.update(junk="A" * 1000)),
    "a number that is none": lambda data: b'{"!":NaN,' + data[1:],
    "a field of a signature": respelled(lambda values: values["signatures"][0].update(x=1)),
    "capitals in a signature": respelled(
        lambda values: values["signatures"][0].update(sig=values["signatures"][0]["sig"].upper())
    ),
    "blanks in a signature": respelled(
        lambda values: values["signatures"][0].update(sig=values["signatures"][0]["sig"] + " ")
    ),
    "one name twice": lambda data: data.replace(b'"signed":', b'"signed":{},"signed":', 1),
    "one name twice, signed": lambda data: data.replace(b'"version":2', b'"version":7,"version":2'),
    "a short hour": lambda data: data.replace(b"T01:02:03Z", b"T1:2:3Z"),
    "an escaped letter": lambda data: data.replace(b'"root"', b'"\\u0072oot"'),
}


class TestSpelling:
    """Every merchant's verifier reads the very bytes of a root: they are what we write, or it is not accepted."""

    def test_what_this_is_about(self) -> None:
        """None of these is noticed by whoever looks at parsed values only; the signatures hold."""
        good = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2]).following
        assert respelled(lambda _: None)(good) == good
        for respell in SPELLINGS.values():
            assert respell(good) != good
            again = Metadata[Root].from_bytes(respell(good))
            assert again.signed == Metadata[Root].from_bytes(good).signed
            assert len(roots._signers(again.signed, again)) == 2

    @pytest.mark.parametrize("case", SPELLINGS)
    def test_another_one_is_refused(self, case: str) -> None:
        good = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        other = Proposal(good.chain, SPELLINGS[case](good.following))
        with pytest.raises(RefusedError, match="写法"):
            roots.check(other, LATER)
        with pytest.raises(RefusedError, match="写法"):
            roots.check_acceptable(roots.parse(roots.encode(other)), [FIRST], LATER)


class TestRetired:
    """A key that was replaced is somebody else's, for all we know: it never comes back."""

    CHAIN = (
        FIRST,
        signed(roots.root_replacement([FIRST], 2, FRESH.public_key, LATER), OFFICERS[0], OFFICERS[2]).following,
    )

    def test_as_a_root_key(self) -> None:
        for number in (2, 3):
            with pytest.raises(RefusedError, match="以前换掉的密钥"):
                roots.root_replacement(self.CHAIN, number, OFFICERS[1].public_key, LATER)

    def test_a_root_key_as_office_key(self) -> None:
        with pytest.raises(RefusedError, match="以前换掉的密钥"):
            roots.office_replacement(self.CHAIN, OFFICERS[1].public_key, LATER)

    def test_an_office_key(self) -> None:
        second = signed(roots.office_replacement([FIRST], FRESH.public_key, LATER), *OFFICERS[:2]).following
        for back in (roots.office_replacement, lambda *given: roots.root_replacement(given[0], 1, *given[1:])):
            with pytest.raises(RefusedError, match="以前换掉的密钥"):
                back([FIRST, second], OFFICE.public_key, LATER)

    def test_others_come(self) -> None:
        roots.root_replacement(self.CHAIN, 2, STRANGER.public_key, LATER)


class TestClockInTheFuture:
    """A ceremony held on a PC whose clock was ten years ahead must not freeze the keys."""

    WRONG = AT.replace(year=2036)
    CHAIN = (roots.first(OFFICERS, OFFICE.public_key, WRONG),)

    def test_keys_can_be_replaced(self) -> None:
        for proposal in (
            roots.office_replacement(self.CHAIN, FRESH.public_key, LATER),
            roots.root_replacement(self.CHAIN, 1, FRESH.public_key, LATER),
        ):
            change = roots.check_acceptable(signed(proposal, *OFFICERS[1:]), self.CHAIN, LATER)
            assert change.expires == change.expires_now == self.WRONG.replace(microsecond=0) + roots.ROOT_LIFE

    def test_a_clock_a_little_behind(self) -> None:
        roots.office_replacement([FIRST], FRESH.public_key, AT - timedelta(minutes=5))

    def test_a_renewal_would_gain_nothing(self) -> None:
        with pytest.raises(RefusedError, match="看看电脑的日期"):
            roots.renewal(self.CHAIN, LATER)

    def test_no_longer_than_that(self) -> None:
        proposal = roots.office_replacement(self.CHAIN, FRESH.public_key, LATER)
        values = json.loads(proposal.following)
        values["signed"]["expires"] = "2038-11-20T01:02:04Z"
        with pytest.raises(RefusedError, match="太长"):
            roots.check(Proposal(self.CHAIN, Metadata[Root].from_dict(values).to_bytes()), LATER)


class TestShown:
    def test_groups_of_four(self) -> None:
        assert roots.shown("0123456789abcdef" * 4) == "0123 4567 89ab cdef 0123"


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
        """A changed byte is found, or is a blank of the file around: what would be written is the same to the byte."""
        good = signed(roots.renewal([FIRST], LATER), *OFFICERS[:2])
        carried = bytearray(roots.encode(good))
        carried[data.draw(st.integers(0, len(carried) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        try:
            proposal = roots.parse(bytes(carried))
            roots.check_acceptable(proposal, [FIRST], LATER)
        except GeneratorError:
            return
        assert proposal == good
