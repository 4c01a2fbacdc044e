"""content/merchants.toml changed by the program: comments, order and line ends stay, and nothing else moves.

Then, end to end, that each change touches the bundle of the merchant it is about and no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from generator.build import merchants, pipeline
from generator.build.locking import LOCK
from generator.bundle import archive
from generator.core.model import Merchant, MerchantId, ScenarioId
from generator.errors import InputFaultsError, KeysError, RefusedError
from generator.trust import history, repository
from generator.trust.keys import DEMO_PASSPHRASE, PROGRAMME_KEY, OfficeKeys, open_office
from generator.trust.releases import Release
from tests.fictional import DEMO_DAY

JIA, YI, BING, DING = (MerchantId(name) for name in ("jia-dian", "yi-dian", "bing-dian", "ding-dian"))
FILE = """\
# Who checks; ids stay for ever.

[[merchant]]
id = "jia-dian"  # the first
name = "甲店"
scenarios = [
  "canyin",  # by day
  "chongwu",
]

# Second: closed in winter
[[merchant]]
id = "yi-dian"
name = '乙店 "老号"'
scenarios = ["canyin"]
status = "paused" # since May

[[merchant]]
# a note inside
id = "bing-dian"
name = "丙店"
scenarios = ["canyin"]
# the end
"""
NEW = Merchant(DING, '丁"店', (ScenarioId("canyin"), ScenarioId("chongwu")), address="示例路3号")


@pytest.fixture
def root(office: Path) -> Path:
    """Return an office with the merchants of ``FILE``."""
    (office / merchants.PATH).write_text(FILE, "utf-8")
    return office


def content(root: Path) -> str:
    return (root / merchants.PATH).read_bytes().decode("utf-8")


class TestFile:
    """What a person wrote around it stays as it was."""

    def test_adding_writes_at_the_end(self, root: Path) -> None:
        merchants.add(root, NEW, None)
        assert content(root) == FILE + (
            '\n[[merchant]]\nid = "ding-dian"\nname = "丁\\"店"\n'
            'scenarios = ["canyin", "chongwu"]\naddress = "示例路3号"\n'
        )
        assert merchants.read(root)[-1] == NEW

    @pytest.mark.parametrize("end", ["", "\n\n\n"])
    def test_adding_needs_no_line_end_and_leaves_one_blank_line(self, root: Path, end: str) -> None:
        (root / merchants.PATH).write_text(FILE.rstrip("\n") + end, "utf-8")
        merchants.add(root, NEW, None)
        assert "# the end\n\n[[merchant]]" in content(root)

    def test_pausing_adds_one_line_and_resuming_takes_it_away(self, root: Path) -> None:
        merchants.set_status(root, JIA, "paused")
        assert content(root) == FILE.replace('  "chongwu",\n]\n', '  "chongwu",\n]\nstatus = "paused"\n')
        merchants.set_status(root, JIA, "active")
        assert content(root) == FILE

    def test_the_last_merchant_keeps_the_comment_behind_it(self, root: Path) -> None:
        merchants.set_status(root, BING, "paused")
        assert content(root).endswith('scenarios = ["canyin"]\nstatus = "paused"\n# the end\n')

    def test_resuming_what_a_person_paused(self, root: Path) -> None:
        merchants.set_status(root, YI, "active")
        assert content(root) == FILE.replace('status = "paused" # since May\n', "")

    def test_a_status_written_out_is_replaced(self, root: Path) -> None:
        (root / merchants.PATH).write_text(FILE.replace('"paused" # since May', '"active"'), "utf-8")
        merchants.set_status(root, YI, "paused")
        assert content(root) == FILE.replace(" # since May", "")

    def test_removing_leaves_the_comments_of_others(self, root: Path) -> None:
        merchants.remove(root, JIA, None)
        start, end = FILE.index("[[merchant]]"), FILE.index("# Second")
        assert content(root) == FILE[:start] + FILE[end:]
        merchants.remove(root, BING, None)
        assert content(root).endswith("# since May\n\n# the end\n")
        assert [merchant.id for merchant in merchants.read(root)] == [YI]

    @pytest.mark.parametrize("dress", ["windows", "mark", "both"])
    def test_line_ends_and_byte_order_marks_stay(self, root: Path, dress: str) -> None:
        def dressed(text: str) -> bytes:
            data = text.replace("\n", "\r\n").encode() if dress != "mark" else text.encode()
            return data if dress == "windows" else b"\xef\xbb\xbf" + data

        (root / merchants.PATH).write_bytes(dressed(FILE))
        merchants.set_status(root, JIA, "paused")
        merchants.add(root, NEW, None)
        found = (root / merchants.PATH).read_bytes()
        assert found.startswith(dressed(FILE[: FILE.index("]\n\n# Second")]))
        assert dressed('status = "paused"\n\n# Second').removeprefix(b"\xef\xbb\xbf") in found
        if dress != "mark":
            assert found.count(b"\n") == found.count(b"\r\n")
        merchants.remove(root, DING, None)
        merchants.set_status(root, JIA, "active")
        assert (root / merchants.PATH).read_bytes() == dressed(FILE)

    def test_every_line_keeps_its_own_end(self, root: Path) -> None:
        before = FILE.replace("\n", "\r\n", 1).encode()
        (root / merchants.PATH).write_bytes(before)
        merchants.add(root, NEW, None)
        merchants.set_status(root, JIA, "paused")
        found = (root / merchants.PATH).read_bytes()
        assert found.startswith(before[: before.index(b"]\n")])
        assert found.count(b"\r") == 1
        merchants.set_status(root, JIA, "active")
        merchants.remove(root, DING, None)
        assert (root / merchants.PATH).read_bytes() == before

    def test_headers_written_otherwise(self, root: Path) -> None:
        (root / merchants.PATH).write_text(FILE.replace("[[merchant]]", "  [[ merchant ]]  # here"), "utf-8")
        merchants.set_status(root, BING, "paused")
        assert [m.status for m in merchants.read(root)] == ["active", "paused", "paused"]

    @pytest.mark.parametrize(
        "text",
        [
            'merchant = [{id = "jia-dian", name = "甲店", scenarios = ["canyin"]}]\n',
            '[[merchant]]\nid = "jia-dian"\nscenarios = ["canyin"]\n'
            'name = """甲\\\n[[merchant]] # \\\nstatus = "x"\\\n"""\n',
        ],
        ids=["inline", "text like a header"],
    )
    @pytest.mark.parametrize(
        "change",
        [
            lambda root: merchants.set_status(root, JIA, "paused"),
            lambda root: merchants.remove(root, JIA, None),
        ],
        ids=["pause", "remove"],
    )
    def test_what_the_lines_do_not_show_is_left_to_a_person(
        self, root: Path, text: str, change: Callable[[Path], None]
    ) -> None:
        (root / merchants.PATH).write_text(text, "utf-8")
        with pytest.raises(RefusedError, match="什么也没有动"):
            change(root)
        assert content(root) == text

    def test_nobody_can_be_added_to_an_inline_list(self, root: Path) -> None:
        text = 'merchant = [{id = "jia-dian", name = "甲店", scenarios = ["canyin"]}]\n'
        (root / merchants.PATH).write_text(text, "utf-8")
        with pytest.raises(RefusedError, match="什么也没有动"):
            merchants.add(root, NEW, None)
        assert content(root) == text

    def test_nothing_is_left_beside_it(self, root: Path) -> None:
        merchants.set_status(root, JIA, "paused")
        assert not [path for path in (root / "content").iterdir() if path.name.startswith("merchants.toml.")]


class TestRefusals:
    """Refused with the reason, and nothing is changed."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"id": JIA}, "已经有编号"),
            ({"id": MerchantId("Ding Dian")}, "不能用"),
            ({"id": MerchantId("-d")}, "不能用"),
            ({"id": MerchantId("con")}, "Windows 不让文件叫 con。请换一个，如 con-1"),
            ({"id": MerchantId("lpt1")}, "Windows 不让文件叫 lpt1"),
            ({"name": " "}, "名称不能空着"),
            ({"name": "甲\u202e\x1b[31m\n第二行"}, r"^商户名称有看不见的字符（U\+202E、U\+001B、U\+000A）.*写成一行"),
            ({"address": "示例路\u200b3号"}, r"^商户地址有看不见的字符（U\+200B）"),
            ({"scenarios": ()}, "至少写一个"),
            ({"scenarios": ("canyin", "canyin")}, "不要重复"),
            ({"scenarios": ("canyinn",)}, "没有 canyinn 这个场景.*canyin"),
            ({"scenarios": ("nichts",)}, "已启用的有：.*canyin"),
            ({"scenarios": ("yue",)}, "还没有启用"),
        ],
    )
    def test_who_cannot_be_added(self, root: Path, change: dict[str, object], reason: str) -> None:
        fields: dict[str, object] = {"id": DING, "name": "丁店", "scenarios": ("canyin",), **change}
        merchant = Merchant(**fields)  # type: ignore[arg-type]
        with pytest.raises(RefusedError, match=reason):
            merchants.add(root, merchant, None)
        assert content(root) == FILE

    def test_nobody_is_added_to_content_that_cannot_be_read(self, root: Path) -> None:
        (root / "content/units.toml").write_text("[[unit]\n", "utf-8")
        with pytest.raises(InputFaultsError, match=r"units\.toml"):
            merchants.add(root, NEW, None)
        assert content(root) == FILE

    def test_a_file_with_faults_is_told(self, root: Path) -> None:
        (root / merchants.PATH).write_text(FILE + "colour = 1\n", "utf-8")
        with pytest.raises(InputFaultsError, match="colour"):
            merchants.set_status(root, JIA, "paused")

    def test_nobody_of_that_id(self, root: Path) -> None:
        with pytest.raises(RefusedError, match="ding-dian”：没有。有：bing-dian、jia-dian、yi-dian"):
            merchants.set_status(root, DING, "paused")
        with pytest.raises(RefusedError, match="ding-dian”：没有"):
            merchants.remove(root, DING, None)

    def test_an_id_that_stands_twice(self, root: Path) -> None:
        (root / merchants.PATH).write_text(FILE.replace("bing-dian", "jia-dian"), "utf-8")
        with pytest.raises(RefusedError, match="不止一次"):
            merchants.remove(root, JIA, None)

    @pytest.mark.parametrize(("merchant", "status"), [(JIA, "active"), (YI, "paused")])
    def test_what_is_so_already(self, root: Path, merchant: MerchantId, status: merchants.Status) -> None:
        with pytest.raises(RefusedError, match="本来就是"):
            merchants.set_status(root, merchant, status)

    def test_another_window_at_work(self, root: Path) -> None:
        with FileLock(root / LOCK), pytest.raises(RefusedError, match="另一位同事"):
            merchants.set_status(root, JIA, "paused")

    def test_another_folder(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedError, match="不是项目文件夹"):
            merchants.read(tmp_path)


# -- end to end ---------------------------------------------------------------------------------------------------

LIBRARY, OFFICE = MerchantId("tushuguan"), MerchantId("zhengwu-dating")


def keys_of(root: Path) -> OfficeKeys:
    return open_office(root / "keys", DEMO_PASSPHRASE)


def build(root: Path) -> tuple[Release, set[MerchantId]]:
    """Build the next day and return the release and whose bundles were made anew."""
    report = pipeline.build(root, DEMO_DAY + timedelta(days=1), keys_of(root), lambda *_: None)
    release = repository.read_release(root / "keys/repository")
    assert release is not None
    return release, set(report.remade)


def released(root: Path) -> Release:
    release = repository.read_release(root / "keys/repository")
    assert release is not None
    return release


@pytest.mark.xdist_group("demo")
class TestOnlyThatBundleChanges:
    def test_added(self, demo_copy: Path) -> None:
        before = released(demo_copy)
        merchants.add(demo_copy, Merchant(DING, "丁店", (ScenarioId("jieyue-yajin"),)), None)
        after, remade = build(demo_copy)
        assert remade == {DING}
        assert after.targets == {**before.targets, DING: after.targets[DING]}
        assert (demo_copy / "build/site/bundles/ding-dian.zip").exists()

    def test_paused_and_resumed(self, demo_copy: Path) -> None:
        before, passphrase = released(demo_copy), keys_of(demo_copy).programme.passphrases[LIBRARY]
        merchants.set_status(demo_copy, LIBRARY, "paused")
        after, remade = build(demo_copy)
        assert remade == set()
        assert after.targets == {m: target for m, target in before.targets.items() if m != LIBRARY}
        assert not (demo_copy / "build/site/bundles/tushuguan.zip").exists()
        merchants.set_status(demo_copy, LIBRARY, "active")
        after, remade = build(demo_copy)
        assert remade == {LIBRARY}
        assert archive.decrypt(after.targets[LIBRARY].data, passphrase)

    def test_removed(self, demo_copy: Path) -> None:
        before = released(demo_copy)
        merchants.remove(demo_copy, LIBRARY, keys_of(demo_copy))
        assert LIBRARY not in keys_of(demo_copy).programme.passphrases
        after, remade = build(demo_copy)
        assert remade == set()
        assert after.targets == {m: target for m, target in before.targets.items() if m != LIBRARY}

    def test_what_was_cut_short_after_the_file_is_finished(self, demo_copy: Path) -> None:
        keys = keys_of(demo_copy)
        merchants.remove(demo_copy, LIBRARY, None)
        merchants.remove(demo_copy, LIBRARY, keys)
        assert LIBRARY not in keys_of(demo_copy).programme.passphrases
        with pytest.raises(RefusedError, match="没有"):
            merchants.remove(demo_copy, LIBRARY, keys_of(demo_copy))

    def test_another_passphrase(self, demo_copy: Path) -> None:
        before, old = released(demo_copy), keys_of(demo_copy).programme.passphrases
        (fresh,) = merchants.renew_passphrases(demo_copy, keys_of(demo_copy), [LIBRARY]).values()
        assert merchants.passphrases(keys_of(demo_copy), [LIBRARY]) == {LIBRARY: fresh}
        assert archive.decrypt(before.targets[LIBRARY].data, old[LIBRARY])  # what is out already
        after, remade = build(demo_copy)
        assert remade == {LIBRARY}
        assert after.targets == {**before.targets, LIBRARY: after.targets[LIBRARY]}
        said = [
            json.loads(archive.decrypt(release.targets[LIBRARY].data, passphrase)["manifest.json"])["classes"]
            for release, passphrase in ((before, old[LIBRARY]), (after, fresh))
        ]
        assert said[0] == said[1]
        with pytest.raises(KeysError):
            archive.decrypt(after.targets[LIBRARY].data, old[LIBRARY])

    def test_every_passphrase_after_a_theft(self, demo_copy: Path) -> None:
        old = keys_of(demo_copy).programme.passphrases
        fresh = merchants.renew_passphrases(demo_copy, keys_of(demo_copy), [])
        assert fresh.keys() == old.keys()
        assert not set(fresh.values()) & set(old.values())
        _, remade = build(demo_copy)
        assert remade == set(old)

    def test_nobody_has_a_passphrase_that_was_not_made(self, demo_copy: Path) -> None:
        with pytest.raises(KeysError, match=r"没有商户“ding-dian”的口令。已有：.*tushuguan"):
            merchants.passphrases(keys_of(demo_copy), [DING])
        with pytest.raises(KeysError, match="没有商户“ding-dian”的口令"):
            merchants.renew_passphrases(demo_copy, keys_of(demo_copy), [DING])


@pytest.mark.xdist_group("demo")
class TestIdsAreGivenOnce:
    """Canaries are made from the id: of two merchants with one id a trace could not tell which."""

    def test_after_removing(self, demo_copy: Path) -> None:
        text = content(demo_copy)
        merchants.remove(demo_copy, LIBRARY, keys_of(demo_copy))
        assert keys_of(demo_copy).programme.former == {LIBRARY}
        before = content(demo_copy)
        with pytest.raises(RefusedError, match="编号 tushuguan 以前移走的商户用过"):
            merchants.add(demo_copy, Merchant(LIBRARY, "丁店", (ScenarioId("canyin"),)), keys_of(demo_copy))
        assert content(demo_copy) == before
        (demo_copy / merchants.PATH).write_text(text, "utf-8")  # by hand
        with pytest.raises(RefusedError, match="编号 tushuguan 以前移走的商户用过"):
            build(demo_copy)
        assert LIBRARY not in keys_of(demo_copy).programme.passphrases

    def test_after_striking_it_out_by_hand(self, demo_copy: Path) -> None:
        """Its passphrase is still there, and would open the bundle of the other."""
        merchants.remove(demo_copy, LIBRARY, None)
        with pytest.raises(RefusedError, match="编号 tushuguan 有商户用过，口令还留着"):
            merchants.add(demo_copy, Merchant(LIBRARY, "丁店", (ScenarioId("canyin"),)), keys_of(demo_copy))

    def test_others_are_free(self, demo_copy: Path) -> None:
        merchants.remove(demo_copy, LIBRARY, keys_of(demo_copy))
        merchants.add(demo_copy, Merchant(DING, "丁店", (ScenarioId("canyin"),)), keys_of(demo_copy))
        _, remade = build(demo_copy)
        assert remade == {DING}


@pytest.mark.xdist_group("demo")
class TestOldProgrammeKey:
    """A programme.key out of a backup must not bring back a passphrase that was replaced."""

    @pytest.fixture
    def restored(self, demo_copy: Path) -> Path:
        """Return an office whose programme.key is of before the library's passphrase was replaced."""
        old = (demo_copy / "keys" / PROGRAMME_KEY).read_bytes()
        merchants.renew_passphrases(demo_copy, keys_of(demo_copy), [LIBRARY])
        build(demo_copy)
        (demo_copy / "keys" / PROGRAMME_KEY).write_bytes(old)
        return demo_copy

    def test_it_builds_nothing(self, restored: Path) -> None:
        before = released(restored)
        with pytest.raises(
            RefusedError, match=r"programme\.key 是旧的：.*改过1次.*改过0次.*passphrase --all --replace"
        ):
            build(restored)
        assert released(restored) == before

    def test_nor_is_it_changed_until_it_looks_newer(self, restored: Path) -> None:
        for _ in range(3):
            with pytest.raises(RefusedError, match="是旧的"):
                merchants.renew_passphrases(restored, keys_of(restored), [OFFICE])
        with pytest.raises(RefusedError, match="是旧的"):
            merchants.remove(restored, OFFICE, keys_of(restored))
        assert keys_of(restored).programme.changes == 0

    def test_replacing_every_passphrase_is_the_way_out(self, restored: Path) -> None:
        old = set(keys_of(restored).programme.passphrases.values())
        merchants.renew_passphrases(restored, keys_of(restored), [])
        assert keys_of(restored).programme.changes == 2
        assert not set(keys_of(restored).programme.passphrases.values()) & old
        build(restored)

    def test_what_is_replaced_counts_before_the_next_build(self, demo_copy: Path) -> None:
        old = (demo_copy / "keys" / PROGRAMME_KEY).read_bytes()
        merchants.remove(demo_copy, LIBRARY, keys_of(demo_copy))
        (demo_copy / "keys" / PROGRAMME_KEY).write_bytes(old)
        with pytest.raises(RefusedError, match="是旧的"):
            build(demo_copy)

    def test_one_from_before_a_merchant_was_added_is_as_good(self, demo_copy: Path) -> None:
        old = (demo_copy / "keys" / PROGRAMME_KEY).read_bytes()
        merchants.add(demo_copy, Merchant(DING, "丁店", (ScenarioId("canyin"),)), keys_of(demo_copy))
        build(demo_copy)
        (demo_copy / "keys" / PROGRAMME_KEY).write_bytes(old)
        _, remade = build(demo_copy)
        assert remade == {DING}

    def test_a_note_that_cannot_be_read(self, restored: Path) -> None:
        (restored / "keys/repository" / history.PROGRAMME).write_bytes(b"{}")
        with pytest.raises(KeysError, match=r"programme\.json 读不懂"):
            build(restored)


@pytest.mark.xdist_group("demo")
class TestList:
    def test_without_keys_what_is_released(self, demo_copy: Path) -> None:
        merchants.set_status(demo_copy, LIBRARY, "paused")
        build(demo_copy)
        found = {one.merchant.id: one for one in merchants.listed(demo_copy, None)}
        assert (found[LIBRARY].version, found[LIBRARY].merchant.status) == (None, "paused")
        assert (found[OFFICE].version, found[OFFICE].changed, found[OFFICE].passphrase) == (2, None, None)

    def test_with_keys_since_when_and_which_passphrase(self, demo_copy: Path) -> None:
        merchants.add(demo_copy, Merchant(DING, "丁店", (ScenarioId("jieyue-yajin"),)), None)
        merchants.renew_passphrases(demo_copy, keys_of(demo_copy), [OFFICE])
        found = {one.merchant.id: one for one in merchants.listed(demo_copy, keys_of(demo_copy))}
        assert (found[LIBRARY].changed, found[LIBRARY].passphrase) == (DEMO_DAY, True)
        assert (found[DING].version, found[DING].changed, found[DING].passphrase) == (None, None, False)
        assert (found[OFFICE].changed, found[OFFICE].passphrase) == (None, True)  # another one by now
        shown = merchants.values(found.values())[-1]
        assert shown == {
            "id": "ding-dian", "name": "丁店", "status": "active", "scenarios": ["jieyue-yajin"],
            "version": None, "changed": None, "passphrase": False,
        }  # fmt: skip

    def test_an_office_without_keys(self, root: Path) -> None:
        assert [one.version for one in merchants.listed(root, None)] == [None, None, None]
        assert not merchants.has_keys(root)
