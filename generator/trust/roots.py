"""Root metadata: the first, the next, who must sign it, and when it may be accepted (TUF 1.0, 5.3).

Nothing here opens a file. A *proposal* is every root so far and the one that is to follow, on its way from officer to
officer; it is checked by everyone who touches it. Its place in the root role names a root key: ``root-1`` stands first.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import CanonicalJSONSerializer

from generator.errors import KeysError, RefusedError

ROOT_KEYS, ROOT_THRESHOLD = 3, 2
ROOT_LIFE = timedelta(days=730)
PROPOSAL_LIFE = timedelta(days=90)
"""How long a proposal may be on its way before it must be made anew."""
OFFICE = "office"
LARGEST_PROPOSAL = 1 << 22
"""In bytes; 256 roots (docs/spec/bundle.md, 2) fit in."""
_CLOCKS_APART = timedelta(days=1)
_ONLINE = (Timestamp.type, Snapshot.type, Targets.type)
_SIGNATURE = re.compile("[0-9a-f]{128}")
_SPEC_VERSION = re.compile(r"1\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_SHOWN, _GROUP = 20, 4
_NOT_A_ROOT = (
    RepositoryError,
    DeserializationError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
)
_NOT_A_PROPOSAL = "不是“换根证书”的文件，或内容坏了。请拿最初做的那一份重来"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Every root so far, from version 1 on, and the one to follow with the signatures that it has: bytes, unchecked."""

    chain: tuple[bytes, ...]
    following: bytes


@dataclass(frozen=True, slots=True)
class Replaced:
    """A key that leaves its place and the one that comes, by key id; ``place`` is root-N or office."""

    place: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a sound proposal would do: ``expires`` is the first instant of refusal; who has signed, how many lack."""

    fingerprint: str
    version: int
    expires: datetime
    expires_now: datetime
    replaced: tuple[Replaced, ...]
    signed: tuple[str, ...]
    lacking_old: int
    lacking_new: int

    @property
    def lacking(self) -> int:
        """How many signatures are needed at least before it can be accepted."""
        return max(self.lacking_old, self.lacking_new)

    @property
    def office(self) -> Replaced | None:
        """The change of the office key, if it changes."""
        return next((one for one in self.replaced if one.place == OFFICE), None)


def shown(keyid: str) -> str:
    """Return what people compare of a key id: 20 digits in groups of four, 80 bits: nobody finds another such key."""
    return " ".join(keyid[start : start + _GROUP] for start in range(0, _SHOWN, _GROUP))


def first(roots: Sequence[CryptoSigner], office: Key, at: datetime) -> bytes:
    """Return version 1, signed by every root key, for two years from ``at``."""
    metadata = Metadata(_compose(1, _two_years_from(at), [signer.public_key for signer in roots], office))
    for signer in roots:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def renewal(chain: Sequence[bytes], at: datetime) -> Proposal:
    """Return a proposal with the same keys and two more years from ``at``; ``RefusedError`` if that is no gain."""
    newest = check_chain(chain)
    if _two_years_from(at) < newest.expires:
        raise RefusedError(
            f"从今天（{at:%Y-%m-%d}）起再过两年，还没有现在的根证书（{newest.expires:%Y-%m-%d}）长，续了反而更早到期。"
            "请看看电脑的日期对不对；日期没有错，就不用续"
        )
    return _propose(chain, _root_keys(newest), _office_key(newest), at)


def root_replacement(chain: Sequence[bytes], number: int, fresh: Key, at: datetime) -> Proposal:
    """Return a proposal in which ``fresh`` takes the place of root key ``number`` (1 to 3)."""
    newest = check_chain(chain)
    keys = _root_keys(newest)
    keys[number - 1] = fresh
    return _propose(chain, keys, _office_key(newest), at)


def office_replacement(chain: Sequence[bytes], fresh: Key, at: datetime) -> Proposal:
    """Return a proposal in which ``fresh`` takes the place of the office key."""
    return _propose(chain, _root_keys(check_chain(chain)), fresh, at)


def encode(proposal: Proposal) -> bytes:
    """Return the file that is carried; the roots stand in it byte for byte."""
    values = {"xinyi-root-proposal": 1, "chain": [root.decode() for root in proposal.chain]}
    return json.dumps({**values, "following": proposal.following.decode()}, indent=1).encode()


def parse(data: bytes) -> Proposal:
    """Return what such a file holds, unchecked; raise ``KeysError`` if it is none."""
    try:
        values = json.loads(data) if len(data) <= LARGEST_PROPOSAL else {}
        if values["xinyi-root-proposal"] != 1:
            raise KeysError("这份文件是更新的程序做的，这里的程序不认识。请先更新程序")
        return Proposal(tuple(root.encode() for root in values["chain"]), values["following"].encode())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise KeysError(_NOT_A_PROPOSAL) from error


def fingerprint(chain: Sequence[bytes]) -> str:
    """Return the SHA-256 of the first root in hexadecimal: what merchants pin."""
    return hashlib.sha256(chain[0]).hexdigest()


def names(root: Root) -> dict[str, str]:
    """Return the name of each key of a root by key id: root-1, root-2, root-3, office."""
    found = {keyid: f"root-{number}" for number, keyid in enumerate(root.roles[Root.type].keyids, 1)}
    return {**found, **dict.fromkeys(root.roles[Targets.type].keyids, OFFICE)}


def check_chain(chain: Sequence[bytes]) -> Root:
    """Return the newest root; raise ``KeysError`` unless each is ours, numbered, signed by itself and the one before.

    That a root has expired is no fault here: clients walk past expired roots, only the last must be good (TUF 5.3.10).
    """
    before: Root | None = None
    try:
        for number, data in enumerate(chain, 1):
            metadata = Metadata[Root].from_bytes(data)
            root = metadata.signed
            _check_form(root)
            if root.version != number:
                raise ValueError(f"version {root.version} stands at {number}")
            if not root.get_root_verification_result(before, metadata.signed_bytes, metadata.signatures):
                raise ValueError(f"version {number} is not signed by enough keys")
            before = root
    except _NOT_A_ROOT as error:
        raise KeysError("根证书坏了或被改动过，前后对不上。请从备份恢复，不要继续") from error
    if before is None:
        raise KeysError(_NOT_A_PROPOSAL)
    return before


def check(proposal: Proposal, at: datetime) -> Change:
    """Return what a proposal would do; raise ``KeysError`` or ``RefusedError`` if it must not be signed.

    The following root has the form all ours have (three Ed25519 root keys with threshold two, one office key), spelled
    to the byte as we write it, the next version, two years from about now, no key that was given up before, and no
    signature but good ones of keys that are or will be root keys.
    """
    newest = check_chain(proposal.chain)
    try:
        metadata = Metadata[Root].from_bytes(proposal.following)
        _check_form(metadata.signed)
        spelled_as_ours = _is_spelled_as_ours(metadata, proposal.following)
    except _NOT_A_ROOT as error:
        raise RefusedError(
            "文件里的新根证书不合规矩（要三把根密钥、两把签名、一把办公室密钥，都是 Ed25519）。不要签，请报告负责人"
        ) from error
    if not spelled_as_ours:
        raise RefusedError("文件里的新根证书不是照本程序的写法写的，被人改动过。不要签，请拿最初做的那一份重来")
    following = metadata.signed
    if following.version != newest.version + 1:
        raise RefusedError(f"新根证书应当是第{newest.version + 1}版，文件里却是第{following.version}版。不要签")
    _check_expiry(following.expires, newest.expires, at)
    before, after = names(newest), names(following)
    if any(before.get(keyid, place) != place for keyid, place in after.items()):
        raise RefusedError("新根证书把密钥换了位置，程序不会这样做。不要签，请报告负责人")
    if (after.keys() - before.keys()) & _ever_used(proposal.chain):
        raise RefusedError("新根证书换回了以前换掉的密钥：丢了偷了的不能再用。不要签，请报告负责人")
    old, new = (_signers(root, metadata) for root in (newest, following))
    if strange := metadata.signatures.keys() - old - new:
        raise RefusedError(f"文件里有{len(strange)}个对不上的签名。不要签，请拿最初做的那一份重来")
    left = {place: keyid for keyid, place in before.items()}
    return Change(
        fingerprint=fingerprint(proposal.chain),
        version=following.version,
        expires=following.expires,
        expires_now=newest.expires,
        replaced=tuple(Replaced(place, left[place], keyid) for keyid, place in after.items() if keyid not in before),
        signed=tuple(_whose(keyid, before, after) for keyid in metadata.signatures),
        lacking_old=max(0, ROOT_THRESHOLD - len(old)),
        lacking_new=max(0, ROOT_THRESHOLD - len(new)),
    )


def check_may_sign(proposal: Proposal, keyid: str) -> None:
    """Raise ``RefusedError`` if a key has no say in a sound proposal, or has signed it already."""
    metadata = Metadata[Root].from_bytes(proposal.following)
    if keyid in metadata.signatures:
        raise RefusedError("这把密钥已经签过这一份了，请换另一位保管人的")
    rooted = {*check_chain(proposal.chain).roles[Root.type].keyids, *metadata.signed.roles[Root.type].keyids}
    if keyid not in rooted:
        raise RefusedError("这把密钥不在根证书里：拿错了，或者它早已被换掉")


def following(proposal: Proposal) -> tuple[int, str]:
    """Return version and digest of the following root of a sound proposal: SHA-256, in hex, of what is signed."""
    metadata = Metadata[Root].from_bytes(proposal.following)
    return metadata.signed.version, hashlib.sha256(metadata.signed_bytes).hexdigest()


def lacking(proposal: Proposal) -> int:
    """Return how many signatures a sound proposal needs at least before it can be accepted."""
    metadata = Metadata[Root].from_bytes(proposal.following)
    both = check_chain(proposal.chain), metadata.signed
    return max(0, *(ROOT_THRESHOLD - len(_signers(root, metadata)) for root in both))


def name_of(proposal: Proposal, signer: CryptoSigner) -> str:
    """Return what a key that may sign is called: root-N, and whether it is the old or the new of two."""
    following = Metadata[Root].from_bytes(proposal.following).signed
    return _whose(signer.public_key.keyid, names(check_chain(proposal.chain)), names(following))


def sign(proposal: Proposal, signer: CryptoSigner) -> Proposal:
    """Return a sound proposal with one more signature; raise as ``check_may_sign`` does."""
    check_may_sign(proposal, signer.public_key.keyid)
    metadata = Metadata[Root].from_bytes(proposal.following)
    metadata.sign(signer, append=True)
    return replace(proposal, following=metadata.to_bytes())


def check_same_programme(proposal: Proposal, chain: Sequence[bytes]) -> None:
    """Raise ``RefusedError`` unless a proposal starts from the roots of this office, the newest included."""
    own, carried = tuple(chain), proposal.chain
    if own == carried:
        return
    if own[: len(carried)] != carried:
        raise RefusedError("文件里的根证书不是这个项目的。不要签，也不要接受，请报告负责人")
    accepted = Metadata[Root].from_bytes(own[len(carried)]).signed
    if _signed(proposal.following) == accepted:
        raise RefusedError(f"这一份已经接受过了（第{accepted.version}版根证书），不用再做")
    raise RefusedError(f"这一份过时了：根证书已经换到第{len(own)}版。请重新做一份")


def check_acceptable(proposal: Proposal, chain: Sequence[bytes], at: datetime) -> Change:
    """Return the change if the following root may take effect: sound, next in ``chain``, signed by both thresholds."""
    check_same_programme(proposal, chain)
    change = check(proposal, at)
    if change.lacking:
        raise RefusedError(f"签名还不够：至少还差{change.lacking}位保管人。请用 xinyi keys sign 签好再来")
    return change


def _propose(chain: Sequence[bytes], keys: Sequence[Key], office: Key, at: datetime) -> Proposal:
    """Return a proposal for two years from ``at``, or as long as the newest root, which a wrong clock made."""
    expires = max(_two_years_from(at), check_chain(chain).expires)
    proposal = Proposal(tuple(chain), Metadata(_compose(len(chain) + 1, expires, keys, office)).to_bytes())
    check(proposal, at)
    return proposal


def _two_years_from(at: datetime) -> datetime:
    return (at.astimezone(UTC) + ROOT_LIFE).replace(microsecond=0)


def _compose(version: int, expires: datetime, keys: Sequence[Key], office: Key) -> Root:
    root = Root(version=version, expires=expires)
    for key in keys:
        root.add_key(key, Root.type)
    root.roles[Root.type].threshold = ROOT_THRESHOLD
    for role in _ONLINE:
        root.add_key(office, role)
    return root


def _check_form(root: Root) -> None:
    """Raise an error of ``_NOT_A_ROOT`` unless a root is what ``_compose`` makes of its own keys and nothing more."""
    keys, office = _root_keys(root), _office_key(root)
    plain = _compose(root.version, root.expires, [_plain(key) for key in keys], _plain(office))
    plain.spec_version = root.spec_version
    canonical = CanonicalJSONSerializer()  # it tells 2 from 2.0 and 1 from true, which compare equal
    if (
        len(plain.keys) != ROOT_KEYS + 1
        or not _SPEC_VERSION.fullmatch(root.spec_version)
        or canonical.serialize(plain) != canonical.serialize(root)
    ):
        raise ValueError("a root of another form")


def _is_spelled_as_ours(metadata: Metadata[Root], data: bytes) -> bool:
    """Return whether a root of our form was written by us, to the byte.

    What stands around the signed part, and how all of it is spelled, no signature covers; every merchant's verifier
    reads these very bytes, and some refuse what python-tuf lets pass.
    """
    signatures = metadata.signatures.values()
    return (
        metadata.to_bytes() == data
        and not metadata.unrecognized_fields
        and all(_SIGNATURE.fullmatch(one.signature) and not one.unrecognized_fields for one in signatures)
    )


def _ever_used(chain: Sequence[bytes]) -> set[str]:
    return {keyid for data in chain for keyid in Metadata[Root].from_bytes(data).signed.keys}


def _check_expiry(expires: datetime, expires_now: datetime, at: datetime) -> None:
    if expires < expires_now:
        raise RefusedError(f"新根证书反而更早到期（{expires:%Y-%m-%d}）。请看看电脑的日期对不对")
    if expires > max(at + ROOT_LIFE + _CLOCKS_APART, expires_now):
        raise RefusedError(f"新根证书的有效期太长（到{expires:%Y-%m-%d}）。请看看电脑的日期对不对")
    if expires < at + ROOT_LIFE - PROPOSAL_LIFE:
        raise RefusedError(f"这一份做好已经超过{PROPOSAL_LIFE.days}天，过时了。请重新做一份")


def _root_keys(root: Root) -> list[Key]:
    return [root.keys[keyid] for keyid in root.roles[Root.type].keyids]


def _office_key(root: Root) -> Key:
    (keyid,) = root.roles[Targets.type].keyids
    return root.keys[keyid]


def _plain(key: Key) -> Key:
    """Return the Ed25519 key with this public part, its id computed and not believed."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.keyval["public"])))


def _signers(root: Root, metadata: Metadata[Root]) -> set[str]:
    """Return the root keys of ``root`` whose signature of ``metadata`` is good."""
    good = set()
    for key in _root_keys(root):
        if key.keyid in metadata.signatures:
            try:
                key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
            except UnverifiedSignatureError:
                continue
            good.add(key.keyid)
    return good


def _signed(data: bytes) -> Root | None:
    try:
        return Metadata[Root].from_bytes(data).signed
    except _NOT_A_ROOT:
        return None


def _whose(keyid: str, before: dict[str, str], after: dict[str, str]) -> str:
    if keyid not in before:
        return f"新的 {after[keyid]}"
    return before[keyid] if keyid in after else f"旧的 {before[keyid]}"
