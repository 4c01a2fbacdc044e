"""From a person to everything about it that may leave the office: u, token, reference (docs/spec/bundle.md, 3).

The number is collapsed to 12 bits once, slowly, for the life of the programme; all else is a function of (name, u).
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NewType

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from generator.core.identifiers import CreditCode
from generator.core.model import BatchId, Person, Subject
from generator.core.names import canonical

U = NewType("U", int)
"""12 bits of a slow hash of (name, number): the only thing that ever leaves of a number."""
U_BITS = 12

MEMORY_KIB, PASSES, LANES, LENGTH = 19456, 2, 1, 32
MAX_TOKEN_BITS = 48
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_LETTERS = 10

_CACHE_LINE = re.compile(r"(?P<key>[0-9a-f]{32}) (?P<u>[0-9a-f]{3})")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The programme's secrets, made once: the salt of u, the keys of tokens and references, and the token length."""

    u_salt: bytes = field(repr=False)
    t_key: bytes = field(repr=False)
    ref_key: bytes = field(repr=False)
    token_bits: int

    def __post_init__(self) -> None:
        """Refuse lengths the format does not have."""
        if (len(self.u_salt), len(self.t_key), len(self.ref_key)) != (16, 32, 32):
            raise ValueError("secrets are 16, 32 and 32 bytes long")
        if not 1 <= self.token_bits <= MAX_TOKEN_BITS:
            raise ValueError(f"tokens have 1 to {MAX_TOKEN_BITS} bits, not {self.token_bits}")


def token_bits(capacity: int) -> int:
    """Return the length of a token for a programme of at most ``capacity`` people: ⌈log₂ capacity⌉ + 12, at most 48."""
    if capacity < 1:
        raise ValueError(f"a programme has room for at least one, not {capacity}")
    return min((capacity - 1).bit_length() + U_BITS, MAX_TOKEN_BITS)


def derive_u(person: Person, u_salt: bytes) -> U:
    """Return u of one person; takes 19 MiB and some 25 ms."""
    kdf = Argon2id(salt=u_salt, length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    h = kdf.derive(b"\0".join((b"xinyi/u/1", canonical(person.name).encode(), person.number.encode())))
    return U(int.from_bytes(h[:2], "big") >> (16 - U_BITS))


def programme_digest(secrets: Secrets) -> str:
    """Return what tells one programme's secrets from another's and nothing else: 64 hexadecimal digits (spec 2.1)."""
    message = b"xinyi/programme/1\0" + secrets.u_salt + secrets.t_key
    return hmac.digest(secrets.ref_key, message, "sha256").hex()


def cache_key(person: Person, secrets: Secrets) -> str:
    """Return under which name u of a person is cached: bound to the salt, so that other keys never find it.

    Keyed by REF_KEY, which stays in the office: the salt is in every manifest, and whoever had a plain hash of name,
    number and salt, say from a cache in a lost backup, could try numbers against it at full speed.
    """
    message = b"xinyi/u-cache/2\0" + secrets.u_salt + person.key.encode()
    return hmac.digest(secrets.ref_key, message, "sha256").hex()[:32]


def uncached(people: Iterable[Person], secrets: Secrets, known: Mapping[str, U]) -> dict[str, Person]:
    """Return, by ``cache_key``, the people whose u is not known yet."""
    keyed = ((cache_key(person, secrets), person) for person in people)
    return {key: person for key, person in keyed if key not in known}


def derive_each(people: Mapping[str, Person], u_salt: bytes) -> Iterator[tuple[str, U]]:
    """Yield (cache key, u) as each is derived, in order, on all cores.

    Argon2id releases the interpreter lock, so threads are enough; 19 MiB are held for each core.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from zip(people, pool.map(lambda person: derive_u(person, u_salt), people.values()), strict=True)


def parse_cache(data: bytes) -> dict[str, U]:
    """Return what a cache file holds; a line that a crash cut short is not a line.

    Lines under keys that nobody asks for any more (another salt, an older rule for keys) are kept and do no harm.
    """
    found = (_CACHE_LINE.fullmatch(line) for line in data.decode("ascii", "replace").splitlines())
    return {match["key"]: U(int(match["u"], 16)) for match in found if match}


def encode_cache_line(key: str, u: U) -> bytes:
    """Return one line of the cache file: key, space, u as three hexadecimal digits."""
    return f"{key} {u:03x}\n".encode("ascii")


def token(person: Person, u: U, secrets: Secrets) -> int:
    """Return T of (name, u): ``secrets.token_bits`` bits."""
    message = b"xinyi/t/1\0" + canonical(person.name).encode() + b"\0" + u.to_bytes(2, "big")
    return first_bits(secrets.t_key, message, secrets.token_bits)


def dummy_token(label: str, index: int, secrets: Secrets) -> int:
    """Return the dummy number ``index`` among the people whose last days ``label`` spells (spec 4.3).

    Keyed by REF_KEY, which stays in the office: T_KEY is in every manifest, and whoever could compute the dummies
    could strike them out.
    """
    message = b"xinyi/dummy/1\0" + label.encode() + b"\0" + index.to_bytes(4, "big")
    return first_bits(secrets.ref_key, message, secrets.token_bits)


def person_reference(batch: BatchId, person: Person, u: U, counter: int, ref_key: bytes) -> str:
    """Return the reference of a person in a list: ten Crockford letters (spec 3.5)."""
    parts = (b"xinyi/ref/1", batch.encode(), canonical(person.name).encode(), u.to_bytes(2, "big"))
    return _crockford(ref_key, b"\0".join((*parts, bytes([counter]))))


def organisation_reference(batch: BatchId, code: CreditCode, counter: int, ref_key: bytes) -> str:
    """Return the reference of an organisation in a list (spec 3.5)."""
    return _crockford(ref_key, b"\0".join((b"xinyi/ref-org/1", batch.encode(), code.encode(), bytes([counter]))))


def references(batch: BatchId, subjects: Sequence[tuple[Subject, U | None]], ref_key: bytes) -> list[str]:
    """Return a reference for each subject of one list, in the order given; no two are equal.

    u is None for organisations. Of subjects that collide the earlier keeps the lower counter: given in the order in
    which they were received, nobody who comes later takes over a reference that has been published.
    """
    found: list[str] = []
    taken: set[str] = set()
    for subject, u in subjects:
        for counter in range(256):
            if isinstance(subject, Person):
                if u is None:
                    raise ValueError("a person's reference needs u")
                reference = person_reference(batch, subject, u, counter, ref_key)
            else:
                reference = organisation_reference(batch, subject.code, counter, ref_key)
            if reference not in taken:
                break
        else:
            raise ValueError(f"more than {counter} subjects of one list share a reference")
        taken.add(reference)
        found.append(reference)
    return found


def first_bits(key: bytes, message: bytes, bits: int) -> int:
    """Return the first bits, at most 64, of HMAC-SHA256."""
    return int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big") >> (64 - bits)


def _crockford(key: bytes, message: bytes) -> str:
    value = first_bits(key, message, 5 * _REFERENCE_LETTERS)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(5 * (_REFERENCE_LETTERS - 1), -1, -5))
