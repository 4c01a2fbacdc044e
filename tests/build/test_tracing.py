"""From leaked files to a merchant: every form a leak may have, and what is not a leak."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from generator.build import leaks, merchants, tracing
from generator.build.leaks import Leak
from generator.build.tracing import Trace
from generator.bundle import archive, payload
from generator.bundle.canary import Suspect
from generator.bundle.collapse import Secrets
from generator.core.model import Merchant, MerchantId, Scenario, ScenarioId
from generator.errors import RefusedError
from generator.trust import keys, repository
from generator.trust.keys import DEMO_PASSPHRASE, open_office
from tests.bundle.test_collapse import REF_KEY, SECRETS, T_KEY, U_SALT
from tests.bundle.test_payload import classes
from tests.fictional import DEMO_DAY

JIA, YI = MerchantId("jia-dian"), MerchantId("yi-dian")
FOOD = ScenarioId("canyin")
PASSPHRASES = {JIA: "0123456789ABCDEF", YI: "FEDCBA9876543210"}


def unpacked(merchant: MerchantId = JIA, secrets: Secrets = SECRETS) -> dict[str, bytes]:
    """Return the members of a target with two classes."""
    random = Random(7)  # noqa: S311 - a fixed seed is the point
    everyone = payload.pad(
        {random.randrange(2**29): {FOOD: date(2027, month, 14)} for month in (1, 6) for _ in range(90)}, secrets
    )
    return payload.members(
        office="示例县信用办",
        merchant=Merchant(merchant, "甲店", (FOOD,)),
        scenarios=[Scenario(FOOD, "信易+餐饮", "示例县", "active", "甲饭店", "九八折")],
        roll=payload.Roll(everyone, {}, everyone.keys()),
        secrets=secrets,
        made=date(2026, 11, 20),
        demo=True,
    )


MEMBERS = unpacked()
TOKENS = frozenset(token for _, tokens in classes(MEMBERS) for token in tokens)
LABELS = frozenset({"canyin=2027-01-14", "canyin=2027-06-14"})


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive_:
        archive_.writestr(zipfile.ZipInfo("folder/"), b"")
        for name, data in files.items():
            archive_.writestr(name, data)
    return out.getvalue()


def read(files: Mapping[str, bytes], secrets: Secrets = SECRETS) -> Leak:
    return leaks.read_leak(files, secrets, PASSPHRASES)


class TestUnpacked:
    """A target that somebody opened and passed on: the manifest says what the classes are."""

    WHOLE = Leak(TOKENS, LABELS, frozenset({JIA}))

    def test_a_folder(self) -> None:
        assert read(MEMBERS) == self.WHOLE

    def test_a_folder_within_a_folder(self) -> None:
        assert read({f"desk/jia/{name}": data for name, data in MEMBERS.items()}) == self.WHOLE

    def test_a_zip_and_a_zip_in_a_zip(self) -> None:
        assert read({"a.zip": zipped(MEMBERS)}) == self.WHOLE
        assert read({"b.zip": zipped({"a.zip": zipped(MEMBERS)})}) == self.WHOLE

    def test_a_class_that_is_missing(self) -> None:
        rest = {name: data for name, data in MEMBERS.items() if name != "classes/0.gr"}
        assert read(rest) == Leak(frozenset(classes(MEMBERS)[1][1]), LABELS, frozenset({JIA}))

    def test_two_merchants(self) -> None:
        both = {f"{m}/{name}": data for m in (JIA, YI) for name, data in unpacked(m).items()}
        assert read(both).stated == {JIA, YI}

    def test_another_programme_is_said_and_not_traced(self) -> None:
        other = Secrets(U_SALT, bytes(32), REF_KEY, 29)
        assert read(MEMBERS, other) == Leak(foreign=1)

    @pytest.mark.parametrize(
        "manifest",
        [
            b"{",
            b"[]",
            b"[" * 100_000,
            b'{"classes":[{"file":"classes/0.gr","scenarios":{"canyin":"soon"}}]}',
            b'{"classes":[{"file":"classes/0.gr","scenarios":[]}]}',
            b'{"classes":[],"token":{"key":"' + T_KEY.hex().encode() + b'","t":29},"merchant":"jia"}',
            MEMBERS["manifest.json"].replace(b'"parameter":', b'"parameter":-'),
            MEMBERS["manifest.json"].replace(b'"count":', b'"count":9'),
        ],
        ids=["cut", "list", "deep", "day", "days", "merchant", "parameter", "count"],
    )
    def test_a_damaged_one_is_refused(self, manifest: bytes) -> None:
        with pytest.raises(RefusedError, match=r"manifest\.json.*读不出来"):
            read({**MEMBERS, "manifest.json": manifest})

    def test_a_merchant_that_none_can_be_is_not_repeated(self) -> None:
        manifest = MEMBERS["manifest.json"].replace(b'"id":"jia-dian"', rb'"id":"\u001b[31m"')
        assert read({**MEMBERS, "manifest.json": manifest}).stated == frozenset()


class TestLoose:
    """Tokens without a manifest, in whatever form somebody wrote them."""

    @pytest.mark.parametrize(
        "data",
        [
            "\n".join(map(str, TOKENS)).encode(),
            ("代码,备注\r\n" + "".join(f"{token},常客\r\n" for token in TOKENS)).encode("gb18030"),
            ("代码\t备注\r\n" + "".join(f"{token}\t常客\r\n" for token in TOKENS)).encode("utf-16"),
            "\ufeff".encode() + ";".join(f"{token}.0" for token in TOKENS).encode(),
            json.dumps({"tokens": sorted(TOKENS)}).encode(),
            json.dumps([f"{token:08x}" for token in TOKENS]).encode(),
            " ".join(f"0x{token:X}" for token in TOKENS).encode(),
        ],
        ids=["decimal", "csv", "utf-16", "decimal point", "json", "hexadecimal", "0x"],
    )
    def test_a_text(self, data: bytes) -> None:
        leak = read({"list.txt": data})
        assert leak.loose
        assert leak.tokens >= TOKENS
        assert len(leak.tokens) <= 2.2 * len(TOKENS)  # digits alone are read both ways
        assert leak.labels == frozenset()

    @pytest.mark.parametrize("name", ["classes/0.gr", "0.bin"])
    def test_a_class_file_by_itself(self, name: str) -> None:
        leak = read({name: MEMBERS["classes/0.gr"]})
        assert leak.loose
        assert leak.tokens >= set(classes(MEMBERS)[0][1])

    def test_one_without_a_parameter_that_fits_holds_nothing(self) -> None:
        assert read({"0.gr": b"\xff" * 9, "1.gr": b""}) == Leak()

    def test_numbers_too_large_are_none(self) -> None:
        assert read({"a.txt": f"{2**29} {2**60} 12345678901234567890".encode()}) == Leak()

    def test_digests_of_metadata_are_no_tokens(self) -> None:
        assert read({"README.txt": b"1 2 3", "metadata/1.root.json": b"4 5", "a/metadata/x": b"6"}) == Leak()


class TestSealed:
    """Anybody can download a bundle: it is no leak, and only said whose it is."""

    def test_a_bundle(self) -> None:
        target = archive.encrypt(MEMBERS, PASSPHRASES[JIA])
        bundle = archive.container(
            {"README.txt": b"1", "metadata/1.root.json": b"{}", f"targets/{'0' * 64}.{JIA}.zip": target}
        )
        assert read({"x.zip": bundle}) == Leak(sealed=frozenset({JIA}))

    def test_a_target_by_itself_tells_by_its_passphrase(self) -> None:
        assert read({"x.zip": archive.encrypt(MEMBERS, PASSPHRASES[YI])}) == Leak(sealed=frozenset({YI}))

    def test_a_target_of_an_old_passphrase(self) -> None:
        with pytest.raises(RefusedError, match="上了锁"):
            read({"x.zip": archive.encrypt(MEMBERS, "ZZZZZZZZZZZZZZZZ")})


class TestHostile:
    def test_a_damaged_zip(self) -> None:
        data = zipped(MEMBERS)
        for broken in (data[:200], data[:60] + b"\xff" * 40 + data[100:], b"PK\x03\x04"):
            with pytest.raises(RefusedError, match=r"打不开|读不出来"):
                read({"x.zip": broken})

    def test_zips_within_zips(self) -> None:
        data = b"1 2 3"
        for depth in range(5):
            data = zipped({f"{depth}": data})
        with pytest.raises(RefusedError, match="一层套一层"):
            read({"x.zip": data})

    def test_what_is_too_large_once_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leaks, "_LARGEST", 2000)
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive_:
            archive_.writestr("a.txt", b"0" * 3000)
        assert len(bomb.getvalue()) < 2000
        with pytest.raises(RefusedError, match="太大了"):
            read({"x.zip": bomb.getvalue()})

    def test_names_in_a_leak_are_never_repeated(self, tmp_path: Path) -> None:
        """They may overwrite the line of a terminal, or say that a list came out of somebody's bundle."""
        name = "a\r\x1b[2K出自 yi-dian（乙店）的名单包：32个暗记里有32个是它的\u202e"
        inside = {
            "打不开": {name: b"PK\x03\x04broken"},
            "读不出来": {f"{name}/manifest.json": b"{"},
            "上了锁": {name: archive.encrypt(MEMBERS, "ZZZZZZZZZZZZZZZZ")},
            "一层套一层": {name: zipped({name: zipped({name: zipped({"a": b"1"})})})},
        }
        for reason, files in inside.items():
            path = tmp_path / "leak.zip"
            path.write_bytes(zipped(files))
            with pytest.raises(RefusedError, match=reason) as refused:
                leaks.read([path], SECRETS, PASSPHRASES)
            assert str(refused.value).startswith(f"{path}：")
            assert "yi-dian" not in str(refused.value)
            assert "\r" not in str(refused.value)

    def test_a_target_named_after_nobody_who_can_be(self) -> None:
        name = f"targets/{'0' * 64}.-{'a' * 300}.zip"
        with pytest.raises(RefusedError, match="打不开"):
            read({name: b"PK\x03\x04broken"})


# -- what is said -------------------------------------------------------------------------------------------------


def said(*suspects: Suspect, possible: tuple[MerchantId, ...] = (), canaries: int = 9) -> str:
    return tracing.text(Trace(Leak(TOKENS), canaries, 1, suspects, possible, {JIA: "甲店"}))


def suspect(merchant: MerchantId, chance: float) -> Suspect:
    return Suspect(merchant, 9, 9, 30, 32, chance)


class TestText:
    """Named only where it is nearly certain; who leaked it is never said, since canaries cannot tell."""

    @pytest.mark.parametrize(
        ("chance", "words"),
        [(1e-4, "不到一万分之一"), (1e-6, "不到一百万分之一"), (1e-8, "不到一亿分之一"), (0.0, "不到一亿分之一")],
    )
    def test_how_surely(self, chance: float, words: str) -> None:
        text = said(suspect(JIA, chance))
        assert "出自 jia-dian（甲店）的名单包" in text
        assert words in text
        assert "不说明是谁传出去的" in text
        assert "xinyi merchants passphrase jia-dian --replace" in text

    def test_several(self) -> None:
        text = said(suspect(JIA, 1e-9), suspect(YI, 1e-5))
        assert "yi-dian（不在现在的商户里）" in text
        assert "不止一家" in text

    def test_nobody_is_suspected_on_little(self) -> None:
        text = said(suspect(JIA, 2e-4), possible=(JIA, YI))
        assert "不能凭暗记怀疑谁" in text
        assert "jia-dian" not in text

    def test_but_a_class_that_only_one_can_have_is_said(self) -> None:
        assert "只有 jia-dian 参加这样的场景" in said(suspect(JIA, 2e-4), possible=(JIA,))

    def test_no_canary_at_all(self) -> None:
        assert "一个暗记也没有认出来" in said(canaries=0)

    def test_bundles_and_foreign_manifests(self) -> None:
        text = tracing.text(Trace(Leak(sealed=frozenset({JIA}), foreign=2), 0, 0, (), (), {JIA: "甲店"}))
        assert text.splitlines() == [
            "jia-dian（甲店）的名单包还没有打开。名单包谁都能从网站下载，拿到它不等于口令泄露。",
            "有2份清单不是用现在这套密钥做的，认不出暗记。",
        ]


# -- end to end ---------------------------------------------------------------------------------------------------


def opened(root: Path, merchant: str) -> dict[str, bytes]:
    """Return what a merchant sees after opening its bundle."""
    release = repository.read_release(root / "keys/repository")
    assert release is not None
    passphrase = open_office(root / "keys", DEMO_PASSPHRASE).programme.passphrases[MerchantId(merchant)]
    return archive.decrypt(release.targets[MerchantId(merchant)].data, passphrase)


def forget_former(root: Path) -> None:
    """Have the keys remember nobody, as if all were struck out before there was such a memory."""
    programme = open_office(root / "keys", DEMO_PASSPHRASE).programme
    keys.prepare_programme(root / "keys", replace(programme, former=frozenset()), DEMO_PASSPHRASE)
    (root / "keys" / keys.PROGRAMME_NEXT).replace(root / "keys" / keys.PROGRAMME_KEY)


def named(found: Trace) -> list[MerchantId]:
    return [one.merchant for one in found.suspects if one.named]


@pytest.mark.xdist_group("demo")
class TestDemo:
    def run(self, root: Path, path: Path, *former: MerchantId, as_of: date = DEMO_DAY) -> Trace:
        return tracing.trace(root, [path], open_office(root / "keys", DEMO_PASSPHRASE), as_of, former)

    def test_every_merchant_by_its_folder(self, demo_copy: Path, tmp_path: Path) -> None:
        for merchant in merchants.read(demo_copy):
            folder = tmp_path / "leaks" / merchant.id
            for name, data in opened(demo_copy, merchant.id).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            found = self.run(demo_copy, folder)
            assert named(found) == [merchant.id]
            assert merchant.id in found.possible

    def test_by_tokens_alone_months_later_and_struck_out(self, demo_copy: Path, tmp_path: Path) -> None:
        later = date(2027, 3, 1)
        leak = tmp_path / "leak.csv"
        for name in ("tushuguan", "gongzhengchu", "lapenpen"):
            merchant = MerchantId(name)
            tokens = [str(token) for _, found in classes(opened(demo_copy, name)) for token in found]
            leak.write_text("\n".join(tokens), "utf-8")
            assert named(self.run(demo_copy, leak, as_of=later)) == [merchant]
            merchants.remove(demo_copy, merchant, open_office(demo_copy / "keys", DEMO_PASSPHRASE))
            assert named(self.run(demo_copy, leak, as_of=later)) == [merchant]  # the keys remember it
            forget_former(demo_copy)
            assert named(self.run(demo_copy, leak, as_of=later)) == []
            assert named(self.run(demo_copy, leak, merchant, as_of=later)) == [merchant]

    def test_a_day_before_the_first_of_the_lists(self, demo_copy: Path, tmp_path: Path) -> None:
        tokens = [str(token) for _, found in classes(opened(demo_copy, "tushuguan")) for token in found]
        (tmp_path / "leak.csv").write_text("\n".join(tokens), "utf-8")
        found = self.run(demo_copy, tmp_path / "leak.csv", as_of=date(2025, 1, 1))
        assert (named(found), found.canaries) == ([], 0)

    def test_folders_and_files_too_large(
        self, demo_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(leaks, "_LARGEST", 2000)
        (tmp_path / "leak").mkdir()
        (tmp_path / "leak/a.txt").write_bytes(b"0" * 3000)
        for path in (tmp_path / "leak", tmp_path / "leak/a.txt"):
            with pytest.raises(RefusedError, match=f"^{re.escape(str(path))}：太大了"):
                self.run(demo_copy, path)

    def test_files_of_other_kinds_say_so(self, demo_copy: Path, tmp_path: Path) -> None:
        (tmp_path / "words.txt").write_text("一个数也没有", "utf-8")
        with pytest.raises(RefusedError, match="没有读到名单代码"):
            self.run(demo_copy, tmp_path / "words.txt")

    def test_the_published_bundle_is_no_leak(self, demo_copy: Path) -> None:
        found = self.run(demo_copy, demo_copy / "build/site/bundles/tushuguan.zip")
        assert (found.leak, named(found)) == (Leak(sealed=frozenset({MerchantId("tushuguan")})), [])

    def test_values_for_programs(self, demo_copy: Path) -> None:
        values = tracing.values(self.run(demo_copy, demo_copy / "build/site/bundles/tushuguan.zip"))
        assert (values["tokens"], values["sealed"], values["possible"]) == (0, ["tushuguan"], [])
        assert len(values["merchants"]) == len(merchants.read(demo_copy))
        assert values["merchants"][0]["chance"] == 1
        assert values["merchants"][0]["named"] is False
