"""The ceremonies as officers meet them: prompts answered one by one, sticks changed, files carried, nothing guessed."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.bundle import archive
from generator.cli import main, options, sticks
from generator.trust import keys as trust
from generator.trust import last_signed, roots, sealing
from generator.trust.keys import DEMO_PASSPHRASE
from tests.build.small import PEOPLE, write_small_office

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)
OFFICERS = ("first officer", "second officer", "third officer")
OFFICE, NEW = "office passphrase", "another office passphrase"
AGREED = "同意"
SAME_DISK = (AGREED,)
"""Test sticks lie on the disk of the project, which the program asks about."""
ONE_DEVICE = dict.fromkeys(("stick-1", "stick-2", "stick-3"), 1)


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_SCRYPT_N", 16)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Put the clock at one moment; the fixture's value puts it elsewhere."""

    def put(at: datetime) -> None:
        monkeypatch.setattr(options, "current_instant", lambda: at)
        monkeypatch.setattr(options, "current_day", lambda: at.astimezone(options.ZONE).date())

    put(NOW)
    return put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an office without keys; stick-1 to stick-4 lie beside it, empty."""
    for number in (1, 2, 3, 4):
        (tmp_path / f"stick-{number}").mkdir()
    return write_small_office(tmp_path / "office")


def stick(root: Path, number: int) -> str:
    return str(root.parent / f"stick-{number}")


def xinyi(root: Path, *arguments: str, typed: Sequence[str] = (), passphrase: str = "") -> Result:
    text = "".join(f"{line}\n" for line in typed)
    env = {"XINYI_PASSPHRASE": passphrase or None}
    return CliRunner().invoke(main, ["--root", str(root), *arguments], input=text, env=env)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result, *said: str) -> None:
    assert result.exit_code == 1, result.output
    for text in said:
        assert text in result.stderr


def twice(passphrase: str) -> tuple[str, str]:
    return passphrase, passphrase


def on_sticks(root: Path) -> list[str]:
    return [option for number in (1, 2, 3) for option in ("--stick", stick(root, number))]


CEREMONY = [*(line for officer in OFFICERS for line in (*SAME_DISK, *twice(officer))), *twice(OFFICE)]


@pytest.fixture
def office(root: Path) -> Path:
    """Return an office whose ceremony has been held."""
    done(xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY))
    return root


def chain(root: Path) -> list[bytes]:
    folder = root / "keys/repository/metadata"
    return [(folder / f"{n + 1}.root.json").read_bytes() for n in range(len(list(folder.glob("*.root.json"))))]


def holders(root: Path) -> dict[str, str]:
    return {place: keyid for keyid, place in roots.names(roots.check_chain(chain(root))).items()}


def contents(root: Path) -> dict[str, bytes]:
    found = {p.relative_to(root.parent).as_posix(): p.read_bytes() for p in root.parent.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not name.endswith(".lock")}


class TestInit:
    def test_stick_by_stick(self, root: Path) -> None:
        result = xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY)
        assert "第3位保管人（共3位；请其他人回避）" in done(result)
        for number, officer in enumerate(OFFICERS, 1):
            folder = Path(stick(root, number))
            assert [path.name for path in folder.iterdir()] == [f"root-{number}.pem"]
            sealing.read_key(folder / f"root-{number}.pem", officer)
        status = json.loads(xinyi(root, "keys", "status", "--json").stdout)
        assert (status["demo"], status["release"]) == (False, None)
        assert status["root_sha256"] in result.stdout
        assert trust.open_office(root / "keys", OFFICE).programme.passphrases == {}

    def test_no_passphrase_is_shown_or_put_where_programs_look(self, root: Path) -> None:
        result = xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY)
        for secret in (*OFFICERS, OFFICE):
            assert secret not in done(result)
            assert not any(secret.encode() in data for data in contents(root).values())

    def test_asked_for_each_stick(self, root: Path) -> None:
        typed = [
            *(stick(root, 9), stick(root, 1), *SAME_DISK, *twice(OFFICERS[0])),
            *("", stick(root, 2), *SAME_DISK, *twice(OFFICERS[1])),  # Enter alone: the stick of before is still in
            *(stick(root, 3), *SAME_DISK, *twice(OFFICERS[2])),
            *twice(OFFICE),
        ]
        output = done(xinyi(root, "keys", "init", typed=typed))
        assert "stick-9。U盘插好了吗" in output
        assert "root-1.pem 已经存在：还是上一个U盘吗" in output
        assert sorted(holders(root)) == ["office", "root-1", "root-2", "root-3"]

    def test_one_port_for_all_sticks(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        port, asked = Path(stick(root, 4)), list[str]()

        def change_the_stick(what: str) -> None:
            asked.append(what)
            if len(asked) != 1:  # the first time it is forgotten
                (key,) = port.iterdir()
                key.rename(Path(stick(root, int(key.stem[-1]))) / key.name)

        monkeypatch.setattr(sticks, "wait_for_enter", change_the_stick)
        output = done(xinyi(root, "keys", "init", *["--stick", str(port)] * 3, typed=CEREMONY))
        assert len(asked) == 3
        assert output.count("还是上一个U盘吗") == 1
        assert [path.name for path in port.iterdir()] == ["root-3.pem"]
        done(xinyi(root, "keys", "renew", "--key", stick(root, 1), "--key", str(port), typed=[AGREED, *OFFICERS[::2]]))

    def test_a_generated_passphrase_is_typed_from_paper(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "new_passphrase", lambda: "ABCDEFGH12345678")
        generated = ["", "", "abcd", "", "ABCD-EFGH-1234-5678"]
        typed = [*CEREMONY[:3], *SAME_DISK, *generated, *CEREMONY[6:]]
        output = done(xinyi(root, "keys", "init", *on_sticks(root), typed=typed))
        assert output.count("ABCD-EFGH-1234-5678") == 2
        assert "和程序生成的不一样" in output
        sealing.read_key(Path(stick(root, 2)) / "root-2.pem", "ABCD-EFGH-1234-5678")

    def test_a_passphrase_mistyped_or_too_weak_is_asked_for_again(self, root: Path) -> None:
        first = ["short", DEMO_PASSPHRASE, "first officer", "first officr", *twice("first officer")]
        output = done(xinyi(root, "keys", "init", *on_sticks(root), typed=[*SAME_DISK, *first, *CEREMONY[3:]]))
        assert output.count("口令至少要12个字符，也不能用演示口令") == 2
        assert "两次输入不一样" in output

    @pytest.mark.parametrize("lines", [1, 3, 5, 9, 10])
    def test_broken_off_it_leaves_nothing(self, root: Path, lines: int) -> None:
        before = contents(root)
        result = xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY[:lines])
        assert result.exit_code == 1
        assert ("写好的根密钥已经删掉" in result.stderr) is (lines >= 3)
        assert contents(root) == before
        done(xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY))

    def test_broken_off_with_one_port_it_names_what_it_cannot_reach(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = Path(stick(root, 4))
        monkeypatch.setattr(sticks, "wait_for_enter", lambda _: (port / "root-1.pem").rename(root.parent / "drawer"))
        result = xinyi(root, "keys", "init", *["--stick", str(port)] * 3, typed=CEREMONY[:4])
        assert "U盘上写好的 root-1.pem 没有用了" in result.stderr
        assert not (root / "keys").exists()

    def test_a_stick_that_holds_a_key_is_refused_before_anything_is_asked(self, root: Path) -> None:
        (Path(stick(root, 3)) / "root-1.pem").write_bytes(b"precious")
        before = contents(root)
        refused(xinyi(root, "keys", "init", *on_sticks(root)), "stick-3/root-1.pem 已经存在", "不要删")
        assert contents(root) == before

    @pytest.mark.parametrize("written", [0, 1, 2, 3])
    def test_ctrl_c_after_the_last_passphrase(self, root: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
        """Either nothing is left, or, once the first root stands, nothing is taken back."""
        before, done_so_far, real = contents(root), list[Path](), sealing.write_and_compare

        def writing(path: Path, data: bytes) -> None:
            real(path, data)
            done_so_far.append(path)
            if len(done_so_far) == written:
                raise KeyboardInterrupt

        def opening(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(trust, "write_and_compare", writing)
            if not written:
                patch.setattr(trust, "open_office", opening)
            result = xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY)
        assert result.exit_code == 1
        if written:
            assert "写好的根密钥已经删掉" in result.stderr
            assert contents(root) == before
            done(xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY))
        else:
            assert "密钥已经生成了" in result.stderr
        trust.open_office(root / "keys", OFFICE)
        for number, officer in enumerate(OFFICERS, 1):
            sealing.read_key(Path(stick(root, number)) / f"root-{number}.pem", officer)

    def test_ctrl_c_does_not_keep_keys_for_another_office(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where another window was quicker, these root keys belong to nothing."""
        real = trust.found

        def overtaken(folder: Path, _: trust.Drawn, passphrase: str) -> None:
            real(folder, trust.draw(29, NOW), passphrase)
            raise KeyboardInterrupt

        monkeypatch.setattr(trust, "found", overtaken)
        result = xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY)
        assert "写好的根密钥已经删掉" in result.stderr

    def test_the_date_is_shown(self, root: Path) -> None:
        assert "今天是2026年11月20日" in done(xinyi(root, "keys", "init", *on_sticks(root), typed=CEREMONY))

    def test_a_date_that_nobody_agrees_to(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sticks, "is_interactive", lambda: True)
        for arguments in (on_sticks(root), ["--together"]):
            refused(xinyi(root, "keys", "init", *arguments, typed=["不对"]), "年月日都对吗", "没有得到同意")
        assert not (root / "keys").exists()
        done(xinyi(root, "keys", "init", "--demo"))

    @pytest.mark.parametrize(
        ("devices", "doubts"),
        [
            ({}, ("", "", "")),
            ({**ONE_DEVICE, "office": 1}, ("和项目文件夹在同", "和别的保管人", "和别的保管人")),
            ({**ONE_DEVICE, "/": 1}, ("和系统在同", "和别的保管人", "和别的保管人")),
            ({**ONE_DEVICE, "home": 1}, ("和个人文件夹在同", "和别的保管人", "和别的保管人")),
            (ONE_DEVICE, ("", "和别的保管人", "和别的保管人")),
            ({"stick-2": 1, "/": 1}, ("", "和系统在同", "")),
            ({"stick-1": 1, "stick-3": 1}, ("", "", "和别的保管人")),
        ],
    )
    def test_what_is_no_stick_of_its_own(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, devices: dict[str, int], doubts: tuple[str, ...]
    ) -> None:
        """Every place is a device of its own but those named."""

        def device(path: Path) -> int:
            place = path if path.is_dir() else path.parent
            name = {Path.home(): "home", Path("/"): "/"}.get(place, place.name)
            return devices.get(name, hash(name))

        monkeypatch.setattr(sticks, "_device", device)
        typed = [
            line
            for doubt, officer in zip(doubts, OFFICERS, strict=True)
            for line in (*([AGREED] if doubt else []), *twice(officer))
        ]
        output = done(xinyi(root, "keys", "init", *on_sticks(root), typed=[*typed, *twice(OFFICE)]))
        assert output.count("真的写在这里吗") == sum(map(bool, doubts))
        for number, doubt in enumerate(doubts, 1):
            assert not doubt or f"stick-{number} {doubt}" in output
        shutil.rmtree(root / "keys")
        for number in (1, 2, 3):
            (Path(stick(root, number)) / f"root-{number}.pem").unlink()
        if any(doubts):  # and without consent nothing is left
            first = next(number for number, doubt in enumerate(doubts) if doubt)
            result = xinyi(root, "keys", "init", *on_sticks(root), typed=[*typed[: 2 * first], "不"])
            refused(result, "没有得到同意")
            assert not [name for name in contents(root) if name.endswith(".pem")]

    def test_a_stick_that_is_none_wants_consent(self, root: Path) -> None:
        result = xinyi(root, "keys", "init", *on_sticks(root), typed=["好", *CEREMONY])
        refused(result, "同一个盘上，不像是U盘", "没有得到同意")
        assert not (root / "keys").exists()

    def test_once_only(self, office: Path) -> None:
        before = contents(office)
        for arguments in ((), on_sticks(office), ("--demo",), ("--together",)):
            refused(xinyi(office, "keys", "init", *arguments, typed=CEREMONY), "已经存在")
        assert contents(office) == before

    def test_together_for_a_trial(self, root: Path) -> None:
        typed = [line for whose in (*OFFICERS, OFFICE) for line in twice(whose)]
        done(xinyi(root, "keys", "init", "--together", typed=typed))
        assert (root / "keys/root-3.pem").exists()
        assert not trust.is_demo(root / "keys")

    def test_the_demo_passphrase_is_refused_for_real_keys(self, root: Path) -> None:
        result = xinyi(root, "keys", "init", "--together", typed=[DEMO_PASSPHRASE] * 8)
        refused(result, "不能用演示口令")
        assert not (root / "keys").exists()

    @pytest.mark.parametrize(
        "arguments",
        [["--stick", "."], ["--stick", "."] * 2, ["--demo", "--together"], ["--demo", *["--stick", "."] * 3]],
    )
    def test_wrong_usage(self, root: Path, arguments: list[str]) -> None:
        assert xinyi(root, "keys", "init", *arguments).exit_code == 2
        assert not (root / "keys").exists()


class TestRenew:
    def test_in_one_sitting(self, office: Path) -> None:
        given = ("--key", stick(office, 1), "--key", f"{stick(office, 3)}/root-3.pem")
        before = contents(office)
        result = xinyi(office, "keys", "renew", *given, typed=[AGREED, OFFICERS[0], OFFICERS[2]])
        assert "三把根密钥和办公室密钥都不换" in done(result)
        assert "第2版根证书已生效" in result.stdout
        after = contents(office)
        del after["office/keys/repository/metadata/2.root.json"]
        for number in (1, 3):
            assert json.loads(after.pop(f"stick-{number}/root-{number}.signed"))["version"] == 2
        assert after == before
        assert len(chain(office)) == 2

    def test_guided(self, office: Path) -> None:
        typed = [
            AGREED,
            *(stick(office, 4), stick(office, 1), "not this one", OFFICERS[0]),
            *("", stick(office, 2), OFFICERS[1]),  # Enter alone: the same stick again
        ]
        output = done(xinyi(office, "keys", "renew", typed=typed))
        for said in ("拿错U盘了吗", "口令不对", "再试一次", "已经签过这一份了", "root-2 已签名"):
            assert said in output

    @pytest.mark.parametrize("answer", ["", "y", "是", "好", "不同意"])
    def test_consent_is_typed_in_full(self, office: Path, answer: str) -> None:
        before = contents(office)
        refused(xinyi(office, "keys", "renew", "--key", stick(office, 1), typed=[answer]), "没有得到同意")
        assert contents(office) == before

    def test_a_passphrase_wrong_three_times(self, office: Path) -> None:
        result = xinyi(office, "keys", "renew", "--key", stick(office, 1), typed=[AGREED, *["wrong passphrase"] * 4])
        refused(result, "最后一次", "root-1.pem：密钥打不开")

    @pytest.mark.parametrize(
        ("which", "said"), [("stick-4", "拿错U盘了吗"), ("office/keys/office.pem", "不是这个项目的根密钥")]
    )
    def test_a_wrong_stick(self, office: Path, which: str, said: str) -> None:
        before = contents(office)
        refused(xinyi(office, "keys", "renew", "--key", str(office.parent / which), typed=[AGREED]), said)
        assert contents(office) == before

    def test_years_after_the_root_expired(self, office: Path, clock: Callable[[datetime], None]) -> None:
        clock(NOW + timedelta(days=1500))
        assert "根证书已经到期" in done(xinyi(office, "keys", "status"))
        given = ("--key", stick(office, 1), "--key", stick(office, 2))
        done(xinyi(office, "keys", "renew", *given, typed=[AGREED, *OFFICERS[:2]]))
        assert "【注意】" not in done(xinyi(office, "keys", "status"))

    def test_a_clock_set_back(self, office: Path, clock: Callable[[datetime], None]) -> None:
        clock(NOW - timedelta(days=400))
        refused(xinyi(office, "keys", "renew"), "看看电脑的日期对不对")

    def test_without_keys(self, root: Path) -> None:
        refused(xinyi(root, "keys", "renew"), "没有找到", "xinyi keys init")


class TestReplaceARootKey:
    def test_in_one_sitting(self, office: Path) -> None:
        before = holders(office)
        given = ("--key", stick(office, 1), "--key", stick(office, 3), "--stick", stick(office, 4))
        typed = [AGREED, OFFICERS[0], OFFICERS[2], *SAME_DISK, *twice("fourth officer")]
        output = done(xinyi(office, "keys", "replace", "root-2", *given, typed=typed))
        after = holders(office)
        assert "换掉根密钥 root-2：" in output
        for said, keyid in (("从此作废，编号 ", before["root-2"]), ("换成新的，编号     ", after["root-2"])):
            groups = " ".join(keyid[start : start + 4] for start in (0, 4, 8, 12, 16))
            assert f"{said}{groups}\n" in output
            assert f"root-2  {groups}\n" in done(xinyi(office, "keys", "status")) or keyid == before["root-2"]
        assert json.loads((Path(stick(office, 4)) / "root-2.signed").read_bytes())["key"] == after["root-2"]
        assert {place for place in after if after[place] != before[place]} == {"root-2"}
        sealing.read_key(Path(stick(office, 4)) / "root-2.pem", "fourth officer")
        old = xinyi(office, "keys", "renew", "--key", stick(office, 2), typed=[AGREED])
        refused(old, "不在根证书里")
        both = ("--key", stick(office, 4), "--key", stick(office, 1))
        done(xinyi(office, "keys", "renew", *both, typed=[AGREED, "fourth officer", OFFICERS[0]]))

    def test_the_lost_stick_cannot_take_its_own_successor(self, office: Path) -> None:
        given = ("--key", stick(office, 1), "--key", stick(office, 3), "--stick", stick(office, 2))
        before = contents(office)
        result = xinyi(office, "keys", "replace", "root-2", *given, typed=[AGREED, OFFICERS[0], OFFICERS[2]])
        refused(result, "root-2.pem 已经存在", "改个名字（不要删）")
        assert contents(office) == before

    def test_without_two_officers_nothing_is_written(self, office: Path) -> None:
        before = contents(office)
        given = ("--key", stick(office, 1), "--key", stick(office, 1), "--stick", stick(office, 4))
        result = xinyi(office, "keys", "replace", "root-2", *given, typed=[AGREED, OFFICERS[0], ""])
        refused(result, "插好按回车", "已经签过")
        after = contents(office)
        assert after.pop("stick-1/root-1.signed")
        assert after == before

    def test_one_port_for_all_sticks(self, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same path three times: two officers', one after the other, then the new one; each time a pause."""
        port, asked = office.parent / "port", list[str]()
        port.symlink_to(stick(office, 1))
        turns = iter((1, 3, 4))  # the first time it is forgotten

        def change_the_stick(what: str) -> None:
            asked.append(what)
            port.unlink()
            port.symlink_to(stick(office, next(turns)))

        monkeypatch.setattr(sticks, "wait_for_enter", change_the_stick)
        given = ("--key", str(port), "--key", str(port), "--stick", str(port))
        typed = [AGREED, OFFICERS[0], OFFICERS[2], *SAME_DISK, *twice("fourth officer")]
        output = done(xinyi(office, "keys", "replace", "root-2", *given, typed=typed))
        assert len(asked) == 3
        assert "已经签过这一份了" in output
        sealing.read_key(Path(stick(office, 4)) / "root-2.pem", "fourth officer")

    def test_a_key_nobody_has(self, office: Path) -> None:
        assert xinyi(office, "keys", "replace", "root-4").exit_code == 2


def away(root: Path) -> Path:
    """Return an officer's own machine: a folder without any project."""
    folder = root.parent / "home"
    folder.mkdir(exist_ok=True)
    return folder


class TestCarriedAround:
    """Proposed in the office, signed on two other machines, accepted in the office."""

    @pytest.fixture
    def file(self, office: Path) -> Path:
        path = office.parent / "renew.json"
        done(xinyi(office, "keys", "renew", "--propose", str(path), typed=[AGREED]))
        return path

    def sign(self, root: Path, file: Path, number: int, passphrase: str = "") -> Result:
        typed = [AGREED, passphrase or OFFICERS[number - 1]]
        return xinyi(away(root), "keys", "sign", str(file), "--key", stick(root, number), typed=typed)

    def test_the_whole_way(self, office: Path, file: Path) -> None:
        refused(xinyi(office, "keys", "accept", str(file)), "至少还差2位")
        first = self.sign(office, file, 3)
        assert "root-3 已签名" in done(first)
        assert "至少还差1位" in first.stdout
        refused(xinyi(office, "keys", "accept", str(file)), "至少还差1位")
        assert "签名够了" in done(self.sign(office, file, 1))
        assert "第2版根证书已生效" in done(xinyi(office, "keys", "accept", str(file), typed=[AGREED]))
        refused(xinyi(office, "keys", "accept", str(file)), "已经接受过了")
        assert len(chain(office)) == 2

    def test_the_signer_is_told_what_it_is(self, office: Path, file: Path) -> None:
        output = done(self.sign(office, file, 1))
        for said in ("第1版换到第2版", "2028年11月18日", roots.fingerprint(chain(office)), "同意签名吗"):
            assert said in output

    def test_a_lost_root_key_and_a_chain_of_before(self, office: Path) -> None:
        """Root-2 is lost and replaced. Whoever found it brings root-1's officer the roots of before."""
        stolen = sealing.read_key(Path(stick(office, 2)) / "root-2.pem", OFFICERS[1])
        old = chain(office)
        given = ("--key", stick(office, 1), "--key", stick(office, 3), "--stick", stick(office, 4))
        typed = [AGREED, OFFICERS[0], OFFICERS[2], *SAME_DISK, *twice("fourth officer")]
        done(xinyi(office, "keys", "replace", "root-2", *given, typed=typed))
        mine = trust.draw(29, NOW).office
        proposal = roots.sign(roots.office_replacement(old, mine.public_key, NOW), stolen)
        path, before = office.parent / "x.json", contents(office)
        path.write_bytes(roots.encode(proposal))
        for number in (1, 3):
            refused(self.sign(office, path, number), "已经签过另一份第2版", "给办公室打电话")
        assert path.read_bytes() == roots.encode(proposal)
        done(xinyi(office, "keys", "renew", *given[:4], typed=[AGREED, OFFICERS[0], OFFICERS[2]]))
        for number in (1, 3):
            refused(self.sign(office, path, number), "已经签到第3版根证书，这一份却是第2版")
        path.unlink()
        assert before.items() - contents(office).items() == {
            (name, before[name]) for name in ("stick-1/root-1.signed", "stick-3/root-3.signed")
        }

    def test_an_earlier_one_that_came_to_nothing(self, office: Path, file: Path) -> None:
        """It is signed anew in the office only, where the newest root lies, and with consent."""
        done(self.sign(office, file, 1))
        file.unlink()
        path, typed = office.parent / "office.json", [*twice(NEW), AGREED]
        done(xinyi(office, "keys", "replace", "office", "--propose", str(path), typed=typed, passphrase=OFFICE))
        refused(self.sign(office, path, 1), "已经签过另一份第2版", "带U盘到办公室去签")
        arguments = ("keys", "sign", str(path), "--key", stick(office, 1))
        refused(xinyi(office, *arguments, typed=[AGREED, OFFICERS[0], "嗯"]), "没有得到同意")
        assert "root-1 已签名" in done(xinyi(office, *arguments, typed=[AGREED, OFFICERS[0], AGREED]))
        assert "root-3 已签名" in done(self.sign(office, path, 3))

    def test_a_stick_that_cannot_be_written(self, office: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What cannot be noted is not signed."""

        def read_only(*_: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(last_signed, "write_and_compare", read_only)
        before = contents(office)
        refused(self.sign(office, file, 1), "root-1.signed 写不进去", "写保护")
        assert contents(office) == before

    @pytest.mark.parametrize(
        ("field", "value"), [("expires", "0001-01-01T00:00:00Z"), ("version", 2.0), ("threshold", 2.0)]
    )
    def test_a_malicious_one_is_refused_before_anything_is_asked(
        self, office: Path, file: Path, field: str, value: object
    ) -> None:
        carried = json.loads(file.read_bytes())
        for place in ("following", "chain"):
            values = json.loads(carried["following"] if place == "following" else carried["chain"][0])
            (values["signed"]["roles"]["root"] if field == "threshold" else values["signed"])[field] = value
            changed = json.dumps(values)
            other = {**carried, "following": changed} if place == "following" else {**carried, "chain": [changed]}
            file.write_text(json.dumps(other))
            for command in ("sign", "accept"):
                result = xinyi(away(office) if command == "sign" else office, "keys", command, str(file))
                assert isinstance(result.exception, SystemExit)
                refused(result)
                assert "同意" not in result.output

    def test_twice_by_one(self, office: Path, file: Path) -> None:
        done(self.sign(office, file, 2))
        before = contents(office)
        refused(self.sign(office, file, 2), "已经签过")
        assert contents(office) == before

    @pytest.mark.parametrize("command", ["sign", "accept"])
    def test_without_consent(self, office: Path, file: Path, command: str) -> None:
        for number in (1, 2):
            done(self.sign(office, file, number))
        before = contents(office)
        key = ("--key", stick(office, 3)) if command == "sign" else ()
        refused(xinyi(office, "keys", command, str(file), *key, typed=["嗯", OFFICERS[2]]), "没有得到同意")
        assert contents(office) == before

    def test_a_file_that_exists_is_not_overwritten(self, office: Path, file: Path) -> None:
        before = contents(office)
        result = xinyi(office, "keys", "renew", "--propose", str(file), typed=[AGREED])
        refused(result, "已经存在，不会覆盖")
        arguments = ("keys", "replace", "root-1", "--stick", stick(office, 4), "--propose", str(file))
        refused(xinyi(office, *arguments, typed=[AGREED, *SAME_DISK, *twice("x" * 12)]), "已经存在，不会覆盖")
        assert contents(office) == before

    def test_overtaken_by_another(self, office: Path, file: Path) -> None:
        given = ("--key", stick(office, 1), "--key", stick(office, 2))
        done(xinyi(office, "keys", "renew", *given, typed=[AGREED, *OFFICERS[:2]]))
        for number in (1, 3):
            done(self.sign(office, file, number))  # away from the office nobody can know
        refused(xinyi(office, "keys", "accept", str(file)), "已经接受过了")  # the same words: it is the same change
        refused(xinyi(office, "keys", "sign", str(file), "--key", stick(office, 2)), "已经接受过了")

    def test_after_a_season(self, office: Path, file: Path, clock: Callable[[datetime], None]) -> None:
        for number in (1, 3):
            done(self.sign(office, file, number))
        clock(NOW + timedelta(days=91))
        refused(xinyi(office, "keys", "accept", str(file)), "过时了")

    @pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b'{"xinyi-root-proposal": 9}'])
    def test_another_file(self, office: Path, data: bytes) -> None:
        path = office.parent / "photo.jpg"
        path.write_bytes(data)
        for command in ("sign", "accept"):
            assert xinyi(office, "keys", command, str(path)).exit_code == 1

    def test_of_another_office(self, office: Path, tmp_path: Path) -> None:
        """Real officers' names on a stranger's chain: their sticks know which programme they belong to."""
        mine = [
            sealing.read_key(Path(stick(office, n)) / f"root-{n}.pem", p)
            for n, p in zip((1, 2, 3), OFFICERS, strict=True)
        ]
        stranger = trust.draw(29, NOW).office
        fake = roots.first(mine, stranger.public_key, NOW)
        path = tmp_path / "fake.json"
        path.write_bytes(roots.encode(roots.renewal([fake], NOW + timedelta(days=1))))
        refused(self.sign(office, path, 1), "不是这个项目的根密钥")
        refused(xinyi(office, "keys", "sign", str(path), "--key", stick(office, 1)), "不是这个项目的")

    def test_a_root_key(self, office: Path) -> None:
        path, before = office.parent / "root-1.json", holders(office)
        given = ("--stick", stick(office, 4), "--propose", str(path))
        done(xinyi(office, "keys", "replace", "root-1", *given, typed=[AGREED, *SAME_DISK, *twice("fourth officer")]))
        for number in (2, 3):
            done(self.sign(office, path, number))
        done(xinyi(office, "keys", "accept", str(path), typed=[AGREED]))
        assert holders(office)["root-1"] != before["root-1"]
        sealing.read_key(Path(stick(office, 4)) / "root-1.pem", "fourth officer")

    def test_the_office_key(self, office: Path) -> None:
        path, before = office.parent / "office.json", holders(office)
        typed = [*twice(NEW), AGREED]
        done(xinyi(office, "keys", "replace", "office", "--propose", str(path), typed=typed, passphrase=OFFICE))
        assert "还没有换上" in done(xinyi(office, "keys", "status"))
        for number in (1, 3):
            done(self.sign(office, path, number))
        wrong = xinyi(office, "keys", "accept", str(path), typed=[AGREED, "not this one", "否"], passphrase=OFFICE)
        refused(wrong, "office.pem.next：密钥打不开")
        assert holders(office) == before
        done(xinyi(office, "keys", "accept", str(path), typed=[AGREED, NEW, "否"], passphrase=OFFICE))
        assert holders(office)["office"] == trust.open_office(office / "keys", NEW).signer.public_key.keyid
        assert trust.office_change(office / "keys") == ""

    def test_an_office_key_given_up_for_another(self, office: Path) -> None:
        path, later = office.parent / "office.json", office.parent / "office-2.json"
        arguments = ("keys", "replace", "office", "--propose")
        done(xinyi(office, *arguments, str(path), typed=[*twice(NEW), AGREED], passphrase=OFFICE))
        done(xinyi(office, *arguments, str(later), typed=[AGREED, *twice(NEW), AGREED], passphrase=OFFICE))
        for number in (1, 3):
            done(self.sign(office, path, number))
        old = xinyi(office, "keys", "accept", str(path), typed=[AGREED, NEW, "否"], passphrase=OFFICE)
        refused(old, "不是文件里的那一把")


def counter(root: Path, passphrase: str) -> dict[str, object]:
    """Ask the published verify.py about somebody, with the state it keeps beside it."""
    folder = root.parent / "counter"
    folder.mkdir(exist_ok=True)
    for name in ("verify/verify.py", "bundles/jia.zip"):
        shutil.copy(root / "build/site" / name, folder)
    name, number, _ = PEOPLE[0]
    command = [sys.executable, "verify.py", "jia.zip", "--as-of", TODAY.isoformat(), "--json", "--name", name]
    environment = {**os.environ, "XINYI_PASSPHRASE": passphrase, "PYTHONIOENCODING": "utf-8"}
    asked = subprocess.run(
        [*command, "--id", number], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    answer: dict[str, object] = json.loads(asked.stdout)
    return answer


class TestReplaceTheOfficeKey:
    def replace(self, root: Path, stolen: str, *, office: str = OFFICE) -> Result:
        given = ("--key", stick(root, 1), "--key", stick(root, 2))
        typed = [*twice(NEW), stolen, AGREED, *OFFICERS[:2]]
        return xinyi(root, "keys", "replace", "office", *given, typed=typed, passphrase=office)

    def passphrase(self, root: Path, office: str) -> str:
        shown = done(xinyi(root, "merchants", "passphrase", "jia", passphrase=office))
        (found,) = re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", shown)
        return str(found)

    @pytest.mark.parametrize("stolen", ["是", "否"])
    def test_merchants_go_on_with_what_they_have(self, office: Path, stolen: str) -> None:
        done(xinyi(office, "build", passphrase=OFFICE))
        before = self.passphrase(office, OFFICE)
        assert counter(office, before)["code"] == "eligible"
        output = done(self.replace(office, stolen))
        assert ("商户的口令全换了" in output) is (stolen == "是")
        refused(xinyi(office, "build", passphrase=OFFICE), "口令不对")
        done(xinyi(office, "build", passphrase=NEW))
        after = self.passphrase(office, NEW)
        assert (after != before) is (stolen == "是")
        assert counter(office, after)["code"] == "eligible"
        assert counter(office, before)["code"] == ("wrong-passphrase" if stolen == "是" else "eligible")
        release = json.loads((office / "keys/repository/metadata/timestamp.json").read_bytes())
        assert [signature["keyid"] for signature in release["signatures"]] == [holders(office)["office"]]

    def test_the_question_is_asked_until_it_is_answered(self, office: Path) -> None:
        given = ("--key", stick(office, 1), "--key", stick(office, 2))
        typed = [*twice(NEW), "y", "", "被偷了", "是", AGREED, *OFFICERS[:2]]
        result = xinyi(office, "keys", "replace", "office", *given, typed=typed, passphrase=OFFICE)
        assert done(result).count("请输入“是”或者“否”") == 2  # an empty line click asks again for by itself

    def test_the_same_passphrase_again_is_refused(self, office: Path) -> None:
        before = contents(office)
        typed = [*twice(OFFICE), "否", AGREED]
        refused(xinyi(office, "keys", "replace", "office", typed=typed, passphrase=OFFICE), "等于没有换")
        assert contents(office) == before

    def test_a_wrong_office_passphrase(self, office: Path) -> None:
        refused(self.replace(office, "否", office="not the office's"), "programme.key 打不开")

    def test_with_office_pem_lost(self, office: Path) -> None:
        (office / "keys/office.pem").unlink()
        done(self.replace(office, "否"))
        done(xinyi(office, "build", passphrase=NEW))

    def test_with_the_power_gone_after_the_new_root(self, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(trust, "_finish_replacement", gone)
            assert self.replace(office, "否").exit_code != 0
        assert "只差最后一步" in done(xinyi(office, "keys", "status"))
        refused(xinyi(office, "keys", "replace", "office", passphrase=OFFICE), "只差最后一步")
        refused(xinyi(office, "build", passphrase=OFFICE), "旧口令不能再用")
        done(xinyi(office, "build", passphrase=NEW))
        assert "【注意】" not in done(xinyi(office, "keys", "status"))

    def test_a_demo(self, root: Path) -> None:
        done(xinyi(root, "keys", "init", "--demo"))
        keys = ("--key", f"{root}/keys/root-1.pem", "--key", f"{root}/keys/root-2.pem")
        done(xinyi(root, "keys", "replace", "office", *keys, typed=["是", AGREED]))
        assert "演示密钥" in done(xinyi(root, "keys", "status"))
        done(xinyi(root, "build"))

    def test_no_stick_is_asked_for(self, office: Path) -> None:
        assert xinyi(office, "keys", "replace", "office", "--stick", stick(office, 4)).exit_code == 2


class TestBytesThatAreNoText:
    """A terminal in another encoding ends in a message; it may be asked again, but nothing is shown or crashes."""

    TYPED = "口令口令口令口令口令口令".encode("gbk")

    def test_at_a_hidden_prompt(self, office: Path) -> None:
        arguments = ["--root", str(office), "keys", "passphrase", "office"]
        result = CliRunner().invoke(main, arguments, input=self.TYPED + b"\n")
        refused(result, "编码改成 UTF-8")

    def test_at_a_new_passphrase(self, office: Path) -> None:
        arguments = ["--root", str(office), "keys", "passphrase", "office"]
        result = CliRunner().invoke(main, arguments, input=self.TYPED + b"\n", env={"XINYI_PASSPHRASE": OFFICE})
        refused(result, "编码改成 UTF-8")

    def test_as_a_surrogate(self, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where Python was told to let such bytes pass, they are surrogates."""
        monkeypatch.setattr("click.prompt", lambda *_, **__: self.TYPED.decode("utf-8", "surrogateescape"))
        refused(xinyi(office, "keys", "passphrase", "office"), "编码改成 UTF-8")

    def test_in_the_environment(self, office: Path) -> None:
        given = self.TYPED.decode("utf-8", "surrogateescape")
        refused(xinyi(office, "keys", "passphrase", "office", passphrase=given), "编码改成 UTF-8")


class TestPassphrase:
    def test_of_the_office(self, office: Path) -> None:
        done(xinyi(office, "keys", "passphrase", "office", typed=twice(NEW), passphrase=OFFICE))
        refused(xinyi(office, "build", passphrase=OFFICE), "口令不对")
        done(xinyi(office, "build", passphrase=NEW))

    def test_of_a_root_key(self, office: Path) -> None:
        before = holders(office)
        typed = [OFFICERS[1], *twice("second officer again")]
        done(xinyi(office, "keys", "passphrase", "root-2", "--key", stick(office, 2), typed=typed))
        sealing.read_key(Path(stick(office, 2)) / "root-2.pem", "second officer again")
        assert holders(office) == before

    def test_of_another_key_than_named(self, office: Path) -> None:
        before = contents(office)
        refused(xinyi(office, "keys", "passphrase", "root-1", "--key", stick(office, 2)), "这把是 root-2，不是 root-1")
        assert contents(office) == before

    def test_with_a_wrong_one(self, office: Path) -> None:
        before = contents(office)
        refused(xinyi(office, "keys", "passphrase", "office", passphrase="not the office's"), "口令不对")
        typed = ["wrong passphrase"] * 3
        refused(xinyi(office, "keys", "passphrase", "root-2", "--key", stick(office, 2), typed=typed), "口令不对")
        assert contents(office) == before

    def test_of_the_office_needs_no_stick(self, office: Path) -> None:
        assert xinyi(office, "keys", "passphrase", "office", "--key", stick(office, 1)).exit_code == 2


class TestDrill:
    def test_with_real_keys(self, office: Path) -> None:
        before = contents(office)
        given = ("--key", stick(office, 3), "--key", stick(office, 1))
        output = done(xinyi(office, "keys", "drill", *given, typed=[OFFICERS[2], OFFICERS[0]], passphrase=OFFICE))
        assert "root-3、root-1、办公室密钥都打得开" in output
        assert contents(office) == before

    def test_one_officer_is_not_two(self, office: Path) -> None:
        given = ("--key", stick(office, 3), "--key", stick(office, 3))
        result = xinyi(office, "keys", "drill", *given, typed=[OFFICERS[2], ""], passphrase=OFFICE)
        refused(result, "插好按回车", "刚才已经用过")

    def test_guided(self, office: Path) -> None:
        typed = [stick(office, 4), stick(office, 1), OFFICERS[0], stick(office, 2), OFFICERS[1]]
        output = done(xinyi(office, "keys", "drill", typed=typed, passphrase=OFFICE))
        assert "拿错U盘了吗" in output
        assert "演练完成" in output

    def test_without_any_key(self, root: Path) -> None:
        assert "演练完成" in done(xinyi(root, "keys", "drill", "--demo"))
        assert not (root / "keys").exists()


# -- on a real terminal, in a real process ----------------------------------------------------------------------

Answer = str | Callable[[str], str]


def on_a_terminal(root: Path, arguments: Sequence[str], steps: Sequence[tuple[str, Answer]]) -> tuple[int, str]:
    """Run xinyi on a pseudo-terminal; wait for each prompt, then type. Return the exit status and the screen."""
    child, terminal = pty.fork()
    if not child:
        os.environ.update(PYTHONIOENCODING="utf-8", TERM="xterm")
        os.execv(sys.executable, [sys.executable, "-m", "generator", "--root", str(root), *arguments])  # noqa: S606
    screen, seen = "", 0
    reading = read_screen(terminal)
    for prompt, answer in steps:
        while prompt not in screen[seen:]:
            screen += next(reading)
        seen = screen.index(prompt, seen) + len(prompt)
        text = answer if isinstance(answer, str) else answer(screen)
        os.write(terminal, text.encode(errors="surrogateescape") + b"\n")
    screen += "".join(reading)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen


def read_screen(terminal: int) -> Iterator[str]:
    """Yield what appears until the program ends; a minute of silence is a failure."""
    while select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # Linux says so when the other side is closed
            return
        if not data:
            return
        yield data.decode(errors="replace")
    pytest.fail("nothing more appeared for a minute")


def test_bytes_that_are_no_text_on_a_terminal(office: Path) -> None:
    typed = TestBytesThatAreNoText.TYPED.decode("utf-8", "surrogateescape")
    status, screen = on_a_terminal(office, ["keys", "passphrase", "office"], [("办公室密钥口令", typed)])
    assert status == 1
    assert "编码改成 UTF-8" in screen
    assert "Traceback" not in screen


def test_a_ceremony_on_a_terminal_with_one_port(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real processes, real stretching; nothing typed hidden is shown, a generated passphrase is cleared away."""
    port = Path(stick(root, 4))

    def change(number: int) -> Callable[[str], str]:
        def swap(_: str) -> str:
            (port / f"root-{number}.pem").rename(Path(stick(root, number)) / f"root-{number}.pem")
            return ""

        return swap

    def generated(screen: str) -> str:
        return str(re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", screen)[-1])

    steps: list[tuple[str, Answer]] = [
        ("年月日都对吗", AGREED),
        ("不像是U盘", AGREED),
        ("由程序生成", OFFICERS[0]),
        ("再输入一次", OFFICERS[0]),
        ("插好按回车", change(1)),
        ("不像是U盘", AGREED),
        ("由程序生成", ""),
        ("抄好了按回车", ""),
        ("照着纸上的输入", generated),
        ("插好按回车", change(2)),
        ("不像是U盘", AGREED),
        ("由程序生成", OFFICERS[2]),
        ("再输入一次", OFFICERS[2]),
        ("由程序生成", OFFICE),
        ("再输入一次", OFFICE),
    ]
    status, screen = on_a_terminal(root, ["keys", "init", *["--stick", str(port)] * 3], steps)
    assert status == 0, screen
    second = generated(screen)
    assert not [secret for secret in (*OFFICERS, OFFICE) if secret in screen]
    assert "\x1b[3J\x1b[2J" in screen[screen.index(second) :]
    assert screen.count(second) == 1
    monkeypatch.setattr(sealing, "_SCRYPT_N", 1 << 16)
    for folder, name, passphrase in (
        (stick(root, 1), "root-1.pem", OFFICERS[0]),
        (stick(root, 2), "root-2.pem", second),
    ):
        sealing.read_key(Path(folder) / name, passphrase)
    steps = [
        ("同意延长吗", AGREED),
        ("输入它的路径", stick(root, 1)),
        ("root-1.pem 的口令", OFFICERS[0]),
        ("输入它的路径", str(port)),
        ("root-3.pem 的口令", OFFICERS[2]),
    ]
    status, screen = on_a_terminal(root, ["keys", "renew"], steps)
    assert status == 0, screen
    assert "第2版根证书已生效" in screen
    assert not [secret for secret in OFFICERS if secret in screen]
