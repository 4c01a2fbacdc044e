"""The bound of docs/threat-model.md, 2, executed and measured: a number shows in nothing but its u.

A small office lives through twelve monthly releases for three merchants: people join, leave, are objected to, change
classes, share a name, and two of one name share even u. The office's randomness (keys, passphrases, salts of zips) is
fixed, so that two runs differ only where the numbers make them differ. Argon2id is turned down to its least cost here,
or some hundred thousand numbers could not be tried; nothing else of the construction is touched, and
``TestAtFullCost`` repeats the exchange of numbers at the cost of the format.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import math
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from random import Random

import pytest
import pyzipper
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import TypeAdapter

from generator.build import pipeline
from generator.bundle import collapse
from generator.core.identifiers import Number
from generator.core.model import AnyDecision, MerchantId, Person
from generator.sources import decisions
from generator.trust import keys as trust
from generator.trust import sealing
from generator.trust.keys import DEMO_PASSPHRASE, OfficeKeys, Programme
from tests.benchmarks.decoys import Prior, cheaply
from tests.conftest import REPOSITORY
from tests.fictional.names import FIRST, SECOND, SURNAMES

pytestmark = pytest.mark.xdist_group("bound")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MONTHS = tuple(date(2025 + (month > 12), (month - 1) % 12 + 1, 20) for month in range(11, 23))
SCENARIOS = {
    "jieyue": '{ honour = ["A"] }',
    "canyin": "{ score_at_least = 1050 }",
    "shenpi": "{ score_at_least = 1000 }",
}
MERCHANTS = {"tushuguan": ("jieyue",), "fandian": ("canyin",), "dating": ("jieyue", "shenpi")}
KNOWN = Prior("thirty birth dates", 1, 30, 1000)
"""What the attacker knows of a target besides the name; small enough to try every candidate."""

OTHERS = {f"{index}": f"{SURNAMES[index]}{FIRST[index % 5]}{SECOND[index % 16]}" for index in range(10, 34)}
NAMES = {"a": "赵试甲", "b": "钱例乙", "c": "孙样丙", "a2": "赵试甲", "a3": "赵试甲", **OTHERS}
"""The cast. The attacker is after a, b and c; a2 has a's name and u, a3 only the name."""
TARGETS = ("a", "b", "c")

Numbers = Mapping[str, Number]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Round:
    """A batch: its first day of notice, and who was nominated on which day."""

    id: str
    notice: date
    nominated: Mapping[date, Sequence[str]]


ROUNDS = (
    Round("2024-12", date(2025, 1, 6), {date(2024, 12, 9): ("a", "10", "11", "12", "13", "14")}),
    Round(
        "2025-11",
        date(2025, 12, 1),
        {date(2025, 11, 10): ("b", "c", "15", "16", "17"), date(2025, 11, 12): ("a3", "18", "19")},
    ),
    Round(
        "2026-03",
        date(2026, 3, 16),
        {date(2026, 3, 2): ("a2", "20", "21"), date(2026, 3, 4): ("a", "10", "22", "23", "24")},
    ),
    Round("2026-07", date(2026, 7, 13), {date(2026, 7, 1): ("b", "25", "26", "27")}),
)
SCORES = (
    (date(2025, 10, 15), date(2026, 1, 31), {"a": 1100, "b": 900, "c": 1200, "a2": 1060, "28": 1300, "29": 1001}),
    (date(2026, 2, 1), date(2026, 6, 30), {"a": 1049, "b": 1050, "c": 1049, "a3": 1070, "28": 1300, "30": 1400}),
    (date(2026, 7, 1), date(2026, 10, 31), {"b": 1099, "c": 1055, "a3": 999, "31": 1111, "32": 1222, "33": 1333}),
)
DECIDED: Sequence[Mapping[str, object]] = (
    {"who": "c", "kind": "objection", "batch": "2025-11", "day": "2025-12-05"},
    {"who": "c", "kind": "resolution", "batch": "2025-11", "day": "2025-12-17", "upheld": False},
    {"who": "a", "kind": "correction", "batch": "2026-03", "day": "2026-04-10", "fields": {"honour": "先进工作者"}},
    {"who": "b", "kind": "withdrawal", "batch": "2025-11", "day": "2026-05-11", "ground": "not-renewed"},
)


# -- the office ------------------------------------------------------------------------------------------------


def secret(name: str) -> bytes:
    return hashlib.sha256(f"test {name}".encode()).digest()


PROGRAMME = Programme(
    u_salt=secret("U_SALT")[:16],
    t_key=secret("T_KEY"),
    ref_key=secret("REF_KEY"),
    token_bits=29,
    passphrases={MerchantId(merchant): f"{index}" * 16 for index, merchant in enumerate(MERCHANTS)},
)


def write_content(root: Path) -> None:
    """Write what the public reads: the repository's settings and templates, and otherwise as little as can be."""
    shutil.copytree(REPOSITORY / "templates", root / "templates")
    for name in ("site.toml", "units.toml"):
        text = (REPOSITORY / "content" / name).read_text("utf-8")
        write(root / "content" / name, re.sub(r"screening_sources = \[.*\]", 'screening_sources = ["法院"]', text))
    write(root / "content/measures.csv", "序号,措施,开发单位,实施单位,领域,标记,编者说明\n")
    category = '[[category]]\ncode = "A3"\nname = "劳动模范"\nsubject = "person"\nunits = ["fs-zonggonghui"]\n'
    write(root / "content/categories.toml", category)
    merchants = (f'[[merchant]]\nid = "{id_}"\nname = "{id_}"\nscenarios = {list(s)}\n' for id_, s in MERCHANTS.items())
    write(root / "content/merchants.toml", "\n".join(merchants))
    for scenario, audience in SCENARIOS.items():
        head = f'id = "{scenario}"\nname = "{scenario}"\narea = "抚松县"\nstatus = "active"\nprovider = "示例"\n'
        rest = f'benefit = "示例"\nunits = ["fs-xinyongban"]\naudience = {audience}\n'
        write(root / f"content/scenarios/{scenario}.md", f"+++\n{head}{rest}+++\n")
    for batch in ROUNDS:
        head = f'id = "{batch.id}-g"\ntitle = "公示"\npublished = {batch.notice}\nbatch = "{batch.id}"\n'
        write(root / f"content/notices/{batch.id}-g.md", f"+++\n{head}+++\n\n公示。\n")


def write_lists(root: Path, numbers: Numbers) -> None:
    """Write everything that units sent in, and what was decided: a number stands wherever one can stand."""
    for batch in ROUNDS:
        folder = root / "lists/batches" / batch.id
        lines = [f'title = "{batch.id}"', f"deadline = {batch.notice}", f"notice_start = {batch.notice}", "rules = {}"]
        for received, people in batch.nominated.items():
            lines += ["[[submission]]", f'file = "{received}.csv"', 'unit = "总工会"', f"received = {received}"]
            rows = [f"A3,个人,{NAMES[who]},{numbers[who]},劳动模范,示例县总工会" for who in people]
            header = "类别代码,主体类型,姓名/名称,证件号码,荣誉名称,授予机关"
            write(folder / f"nominations/{received}.csv", "\n".join([header, *rows]) + "\n")
        write(folder / "batch.toml", "\n".join(lines) + "\n")
        day = max(batch.nominated)
        effect = 'effect = "note"\neffect_grounds = "测试"\nfile = "court.csv"\n'
        answer = f'source = "法院"\nday = {day}\noperator = "测试员"\n{effect}'
        write(folder / "screening/court.toml", answer)
        hits = [f"{NAMES[who]},{numbers[who]},2024-01-05" for who in TARGETS]
        write(folder / "screening/court.csv", "\n".join(["姓名,证件号码,列入日期", *hits]) + "\n")
    for first, last, scores in SCORES:
        folder = root / f"lists/snapshots/score-{first:%Y-%m}"
        days = f"taken = {first}\nnot_before = {first}\nnot_after = {last}\n"
        write(folder / "snapshot.toml", f'kind = "score"\n{days}source = "示例平台"\nfile = "scores.csv"\n')
        rows = [f"{NAMES[who]},{numbers[who]},{score}" for who, score in scores.items()]
        write(folder / "scores.csv", "\n".join(["姓名,身份证号,信用分", *rows]) + "\n")
    log = b""
    for fields in DECIDED:
        who = str(fields["who"])
        common = {"name": NAMES[who], "number": numbers[who], "unit": "fs-zonggonghui", "grounds": "测试"}
        values = {key: value for key, value in fields.items() if key != "who"}
        decided: AnyDecision = TypeAdapter(AnyDecision).validate_python({**common, "operator": "测试员", **values})
        log += decisions.append(log, decided)
    (root / "lists/decisions.jsonl").write_bytes(log)
    (root / "lists/decisions.head").write_bytes(decisions.encode_head(log))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Seeded:
    """Stands for the system's random numbers, which salt the zips: the same ones in every run."""

    def __init__(self, seed: str) -> None:
        self.chance = Random(seed)  # noqa: S311

    def read(self, count: int) -> bytes:
        return self.chance.randbytes(count)


@contextmanager
def same_randomness(seed: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        source = Seeded(seed)
        patched.setattr("Cryptodome.Random.new", lambda: source)
        yield


def live_through(
    root: Path, keys: Path, numbers: Numbers, days: Sequence[date], known: bytes = b""
) -> dict[date, Files]:
    """Return all that an office with these numbers makes on each day, for the public, the record and itself.

    ``known`` is a cache of u that it starts with.
    """
    write_content(root)
    write_lists(root, numbers)
    (root / "lists" / pipeline.CACHE).write_bytes(known)
    shutil.copytree(keys, root / "keys")
    opened = trust.open_office(root / "keys", DEMO_PASSPHRASE)
    return {day: build(root, opened, day) for day in days}


def build(root: Path, keys: OfficeKeys, day: date) -> Files:
    with same_randomness(str(day)):
        pipeline.build(root, day, keys, lambda *_: None)
    files = (path for folder in ("build", "keys/repository") for path in (root / folder).rglob("*"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "keys"
    at = datetime(2025, 11, 1, tzinfo=UTC)
    passphrases = trust.Passphrases((DEMO_PASSPHRASE,) * 3, DEMO_PASSPHRASE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sealing, "_SCRYPT_N", 16)  # the passphrase is no secret here, and every build opens the keys
        trust.init(folder, (folder,) * 3, passphrases, PROGRAMME.token_bits, at)
        trust.prepare_programme(folder, PROGRAMME, DEMO_PASSPHRASE)
    (folder / trust.PROGRAMME_NEXT).replace(folder / trust.PROGRAMME_KEY)
    return folder


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    """Return a number for everyone, no two alike; a2's is the next after a's that has a's u."""
    others = Prior("others", 1, 29220, 1000)
    found = {who: others.number(1_000_000 + 7_001 * place) for place, who in enumerate(NAMES)}
    places = {who: 4_321 * place for place, who in enumerate(TARGETS, 1)}
    found |= {who: KNOWN.number(place) for who, place in places.items()}
    with cheaply():
        later = candidates()[places["a"] + 1 :]
        found["a2"] = next(number for number in later if u_of("a", number) == u_of("a", found["a"]))
    return found


@cache
def u_of(who: str, number: Number) -> int:
    return collapse.derive_u(Person(NAMES[who], number), PROGRAMME.u_salt)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, keys: Path, numbers: Numbers) -> dict[date, Files]:
    """Return twelve months of releases."""
    with cheaply():
        return live_through(tmp_path_factory.mktemp("year"), keys, numbers, MONTHS)


@cache
def candidates() -> Sequence[Number]:
    return tuple(map(KNOWN.number, range(KNOWN.candidates)))


# -- the proof, executed ---------------------------------------------------------------------------------------


class TestTheProof:
    """Whoever holds all that was released, and every key, learns u of a number and nothing more (threat model, 2)."""

    def test_other_numbers_with_the_same_u_change_no_byte_in_twelve_releases(
        self, tmp_path: Path, keys: Path, numbers: Numbers, year: dict[date, Files], searches: Mapping[str, Search]
    ) -> None:
        others = {**numbers, **{who: decoys(found, numbers)[-1] for who, found in searches.items()}}
        assert numbers["a"] < numbers["a2"] < others["a"], "a and a2 change places in every order by number"
        with cheaply():
            again = live_through(tmp_path, keys, others, MONTHS)
        for day in MONTHS:
            assert differing(year[day], again[day]) == []

    def test_another_u_shows(self, tmp_path: Path, keys: Path, numbers: Numbers, year: dict[date, Files]) -> None:
        """The comparison above can fail: a number with another u changes bundles and pages."""
        with cheaply():
            other = next(x for x in candidates() if u_of("a", x) != u_of("a", numbers["a"]))
            again = live_through(tmp_path, keys, {**numbers, "a": other}, MONTHS[:1])
        changed = differing(year[MONTHS[0]], again[MONTHS[0]])
        assert {"build/site/bundles/tushuguan.zip", "build/site/lists/a3/index.html"} <= set(changed)


def decoys(found: Search, numbers: Numbers) -> Sequence[Number]:
    """Return the numbers in nobody's use that the attacker cannot tell from the target's."""
    return [number for number in found.by_u[found.true_u] if number not in numbers.values()]


class TestAtFullCost:
    """The same with Argon2id as the format has it; the numbers were searched for once, with 19 MiB and two passes."""

    TRUE, ALIKE, UNLIKE = map(Number, ("990621198001010076", "990621198001076489", "990621198001076470"))

    def test_a_number_with_the_same_u_changes_no_byte(self, tmp_path: Path, keys: Path, numbers: Numbers) -> None:
        made, known = {}, b""
        for number in (self.TRUE, self.ALIKE, self.UNLIKE):
            root = tmp_path / number
            made[number] = live_through(root, keys, {**numbers, "a": number}, MONTHS[:1], known)[MONTHS[0]]
            known = (root / "lists" / pipeline.CACHE).read_bytes()
        assert differing(made[self.TRUE], made[self.ALIKE]) == []
        assert "build/site/bundles/tushuguan.zip" in differing(made[self.TRUE], made[self.UNLIKE])


def differing(one: Files, other: Files) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


# -- the attack ------------------------------------------------------------------------------------------------

Source = tuple[date, str]
"""A bundle (day, merchant) or all pages of a day (day, "pages")."""


class Attacker:
    """Holds every published file, every passphrase and the office's keys; works by the specification alone."""

    def __init__(self, published: Mapping[date, Files], programme: Programme) -> None:
        self.ref_key = programme.ref_key
        self.bundles: dict[Source, Mapping[int, str]] = {}
        self.pages: dict[Source, frozenset[str]] = {}
        for day, files in published.items():
            for merchant in MERCHANTS:
                bundle = files[f"build/site/bundles/{merchant}.zip"]
                members = unseal(bundle, programme.passphrases[MerchantId(merchant)])
                self.manifest = json.loads(members["manifest.json"])
                self.bundles[day, merchant] = {
                    token: json.dumps(entry["scenarios"])
                    for entry in self.manifest["classes"]
                    for token in decode(members[entry["file"]], entry["count"], entry["parameter"])
                }
            texts = (files[path].decode() for path in files if re.fullmatch(r"build/site/.*\.(html|json|xml)", path))
            self.pages[day, "pages"] = frozenset(re.findall(f"[{CROCKFORD}]{{10}}", "\n".join(texts)))

    def u(self, name: str, number: str) -> int:
        """Section 3.3, with the cost that the manifest states."""
        kdf, salt = self.manifest["collapse"]["kdf"], bytes.fromhex(self.manifest["collapse"]["salt"])
        h = Argon2id(salt=salt, length=32, iterations=kdf["passes"], lanes=1, memory_cost=kdf["memory"])
        return int.from_bytes(h.derive(f"xinyi/u/1\0{name}\0{number}".encode())[:2], "big") >> 4

    def shown(self, name: str, u: int) -> dict[Source, object]:
        """Return what each source shows of a name with this u: its class, its references (3.4, 3.5)."""
        key, t = bytes.fromhex(self.manifest["token"]["key"]), self.manifest["token"]["t"]
        token = first_bits(key, f"xinyi/t/1\0{name}\0".encode() + u.to_bytes(2, "big"), t)
        references = {self.reference(batch.id, name, u, counter) for batch in ROUNDS for counter in (0, 1)}
        classes = {source: tokens.get(token) for source, tokens in self.bundles.items()}
        return {**classes, **{source: references & printed for source, printed in self.pages.items()}}

    def reference(self, batch: str, name: str, u: int, counter: int) -> str:
        message = f"xinyi/ref/1\0{batch}\0{name}\0".encode() + u.to_bytes(2, "big") + b"\0" + bytes([counter])
        value = first_bits(self.ref_key, message, 50)
        return "".join(CROCKFORD[value >> shift & 31] for shift in range(45, -1, -5))


def first_bits(key: bytes, message: bytes, bits: int) -> int:
    return int.from_bytes(hmac.digest(key, message, "sha256"), "big") >> (256 - bits)


def unseal(bundle: bytes, passphrase: str) -> dict[str, bytes]:
    """Return the members of the target in a bundle (2, 4)."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as container:
        (target,) = (container.read(name) for name in container.namelist() if name.startswith("targets/"))
    with pyzipper.AESZipFile(io.BytesIO(target)) as archive:
        archive.setpassword(passphrase.encode())
        return {name: archive.read(name) for name in archive.namelist()}


def decode(data: bytes, count: int, parameter: int) -> Iterator[int]:
    """Yield the tokens of a class file (4.2)."""
    bits = "".join(f"{byte:08b}" for byte in data)
    start, last = 0, -1
    for _ in range(count):
        zero = bits.index("0", start)
        end = zero + 1 + parameter
        last += ((zero - start) << parameter | int("0" + bits[zero + 1 : end], 2)) + 1
        start = end
        yield last


@dataclass(frozen=True)
class Search:
    """What the attacker finds about one target: which u every candidate has, and which u each source allows."""

    by_u: Mapping[int, Sequence[Number]]
    allowed: Mapping[Source, frozenset[int]]
    true_u: int

    def left(self, sources: Iterable[Source]) -> int:
        """Return how many candidates are consistent with some sources together."""
        return sum(len(self.by_u.get(u, ())) for u in frozenset.intersection(*(self.allowed[s] for s in sources)))


def search(attacker: Attacker, who: str, true: Number) -> Search:
    """Try every candidate; what is true of the target is told to the attacker, who need not guess which entry it is."""
    by_u: dict[int, list[Number]] = {}
    for number in candidates():
        by_u.setdefault(attacker.u(NAMES[who], number), []).append(number)
    true_u = attacker.u(NAMES[who], true)
    shown = {u: attacker.shown(NAMES[who], u) for u in by_u}
    allowed = {
        source: frozenset(u for u in by_u if shown[u][source] == of_target)
        for source, of_target in shown[true_u].items()
    }
    return Search(by_u, allowed, true_u)


@pytest.fixture(scope="module")
def attacker(year: dict[date, Files]) -> Attacker:
    return Attacker(year, PROGRAMME)


@pytest.fixture(scope="module")
def searches(attacker: Attacker, numbers: Numbers) -> Mapping[str, Search]:
    return {who: search(attacker, who, numbers[who]) for who in TARGETS}


class TestTheAttack:
    """All bundles of all merchants in all versions, all pages and all keys leave c/4096 of c candidates."""

    def test_the_year_has_something_to_intersect(self, attacker: Attacker, searches: Mapping[str, Search]) -> None:
        assert len(attacker.bundles) == len(MONTHS) * len(MERCHANTS)
        for who in TARGETS:
            shown = attacker.shown(NAMES[who], searches[who].true_u)
            assert len({shown[source] for source in attacker.bundles}) >= 4, "joins, leaves and changes class"
            assert sum(bool(shown[source]) for source in attacker.pages) >= 4
        second = attacker.reference("2026-03", NAMES["a"], searches["a"].true_u, 1)
        assert any(second in printed for printed in attacker.pages.values()), "two of one name and u in one batch"

    @pytest.mark.parametrize("who", TARGETS)
    def test_the_intersection_of_everything_is_one_u(self, searches: Mapping[str, Search], who: str) -> None:
        """No source, and no number of them, rules out a candidate with the true number's u."""
        found = searches[who]
        assert all(found.true_u in allowed for allowed in found.allowed.values())
        assert found.left(found.allowed) == len(found.by_u[found.true_u])

    @pytest.mark.parametrize("who", TARGETS)
    def test_a_second_version_adds_next_to_nothing_to_the_first(self, searches: Mapping[str, Search], who: str) -> None:
        found = searches[who]
        alone = min(found.left([source]) for source in found.allowed)
        assert alone <= 1.1 * found.left(found.allowed)

    def test_as_many_are_left_as_the_bound_says(self, searches: Mapping[str, Search]) -> None:
        """Of c candidates (c − 1)/4096 are left besides the true one, give or take five standard deviations."""
        left = sum(found.left(found.allowed) - 1 for found in searches.values())
        expected = len(TARGETS) * KNOWN.decoys
        assert abs(left - expected) < 5 * math.sqrt(expected)

    def test_a_second_spelling_leaves_no_decoy(
        self, attacker: Attacker, searches: Mapping[str, Search], numbers: Numbers
    ) -> None:
        """What the bound does not cover: a number under two names shows two u (threat model, 2.3)."""
        found = searches["a"]
        alike = found.by_u[found.true_u]
        second = attacker.u("赵试佳", numbers["a"])
        assert len(alike) > 1
        assert [x for x in alike if attacker.u("赵试佳", x) == second] == [numbers["a"]]
