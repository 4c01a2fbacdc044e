"""The command: what people and programs read, what is asked, and the exit status."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.verifier import verify
from tests.verifier.issuer import COMPANY, LI, NOON, PASSPHRASE, STRANGER, ZHANG, Issuer, pack, tree

ELIGIBLE = """\
在名单内
信易+餐饮（示例餐馆）：九八折
  条件：出示身份证
  最后一天：2027年1月14日
信易+观影（示例影院）：半价
  最后一天：2026年11月30日
请核对身份证：姓名与输入的一样，照片是本人。
名单签发于2026年11月20日，已有1天，可用到2026年12月29日。
"""
NOT_FOUND = """\
未查到
这不说明顾客有任何问题，请照常接待。请照证件核对输入的姓名和号码；没有输错，可以请顾客问信用办。
名单签发于2026年11月20日，已有1天，可用到2026年12月29日。
"""


class Shop:
    """A merchant's folder with a bundle, and a terminal that is not one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.issuer, self.now, self.root = Issuer(), NOON, True
        monkeypatch.setenv("XINYI_PASSPHRASE", PASSPHRASE)

    def ask(self, *words: str, typed: str = "", terminal: bool = False) -> tuple[int, str]:
        """Run the command on the issuer's bundle and return its status and what it printed."""
        (self.folder / "bundle.zip").write_bytes(self.issuer.bundle())
        pin = ["--root", self.issuer.pin] if self.root else []
        return self.run(
            str(self.folder / "bundle.zip"), "--state", str(self.state), *pin, *words, typed=typed, terminal=terminal
        )

    def run(self, *words: str, typed: str = "", terminal: bool = False) -> tuple[int, str]:
        """Run the command and return its status and what it printed."""
        stdin = io.StringIO(typed)
        stdin.isatty = lambda: terminal  # type: ignore[method-assign]
        self.monkeypatch.setattr("sys.stdin", stdin)
        try:
            status = verify.main(words, lambda: self.now)
        except SystemExit as left:
            status = int(str(left.code))
        shown = self.capsys.readouterr()
        self.prompts = shown.err
        return status, shown.out

    def json(self, *words: str) -> tuple[int, Any]:
        """Run the command for a program."""
        status, out = self.ask("--json", *words)
        return status, json.loads(out)

    @property
    def state(self) -> Path:
        """Where the shop keeps its state."""
        return self.folder / "state"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, monkeypatch, capsys)


def person(who: Sequence[object]) -> tuple[str, ...]:
    return ("--name", str(who[0]), "--id", str(who[1]))


# -- the answers ------------------------------------------------------------------------------------------------


def test_somebody_on_the_list(shop: Shop) -> None:
    assert shop.ask(*person(ZHANG)) == (0, ELIGIBLE)


def test_a_stranger_of_the_same_name(shop: Shop) -> None:
    assert shop.ask(*person(STRANGER)) == (1, NOT_FOUND)


def test_an_organisation(shop: Shop) -> None:
    status, out = shop.ask("--org", COMPANY[0])
    assert status == 0
    assert "请核对证照：单位名称是示例餐饮有限公司。" in out
    assert shop.ask("--org", "914403001922038216") == (1, NOT_FOUND)


def test_an_organisation_whose_name_is_withheld_is_compared_by_its_code(shop: Shop) -> None:
    shop.issuer.organisations[0]["name"] = ""
    status, out = shop.ask("--org", COMPANY[0])
    assert status == 0
    assert "请核对证照：统一社会信用代码与输入的一样。" in out
    assert "单位名称" not in out


@pytest.mark.parametrize(
    ("day", "left", "warned"),
    [("2026-12-18", 11, False), ("2026-12-19", 10, True), ("2026-12-28", 1, True), ("2026-12-29", 0, True)],
)
def test_it_warns_from_ten_days_before_the_list_ends(day: str, left: int, warned: bool, shop: Shop) -> None:
    words = (*person(ZHANG), "--as-of", day)
    assert (f"只剩{left + 1}天可用" in shop.ask(*words)[1]) is warned
    assert shop.json(*words)[1]["days_left"] == left


def test_a_demonstration_says_so_with_every_answer(shop: Shop) -> None:
    """Where demo is true, for throw-away keys, a verifier MUST then say 演示 with every answer (4.1)."""
    shop.issuer.manifest["demo"] = True
    for words in (person(ZHANG), person(STRANGER), ("--org", COMPANY[0]), ("--name", "张三", "--id", "1")):
        assert "演示" in shop.ask(*words)[1]
    assert shop.json(*person(ZHANG))[1]["demo"] is True


def test_a_program_reads_all_of_it(shop: Shop) -> None:
    status, answer = shop.json(*person(LI))
    assert status == 0
    assert answer.pop("message").startswith("在名单内\n")
    assert answer == {
        "answer": "eligible",
        "code": "eligible",
        "demo": False,
        "merchant": "示例餐馆",
        "office": "示例县信用办",
        "version": 1,
        "issued": "2026-11-20",
        "expires": "2026-12-30T00:00:00+08:00",
        "last_day": "2026-12-29",
        "age_days": 1,
        "days_left": 38,
        "perks": [
            {
                "scenario": "canyin",
                "name": "信易+餐饮",
                "provider": "示例餐馆",
                "benefit": "九八折",
                "conditions": ["出示身份证"],
                "last_day": "2026-11-25",
            }
        ],
    }


def test_a_program_reads_the_other_answers(shop: Shop) -> None:
    assert shop.json(*person(STRANGER))[1] | {"message": ""} == {
        "answer": "not-found",
        "code": "not-found",
        "message": "",
        "demo": False,
        "merchant": "示例餐馆",
        "office": "示例县信用办",
        "version": 1,
        "issued": "2026-11-20",
        "expires": "2026-12-30T00:00:00+08:00",
        "last_day": "2026-12-29",
        "age_days": 1,
        "days_left": 38,
        "perks": [],
    }
    shop.now += timedelta(days=60)
    status, answer = shop.json(*person(ZHANG))
    assert (status, answer["answer"], answer["code"]) == (2, "cannot-judge", "expired")
    assert answer.keys() == {"answer", "code", "message", *verify.ABOUT, "perks"}
    assert (answer["perks"], answer["demo"], answer["version"]) == ([], None, None)


REFUSALS = {
    "malformed": "不是名单包",
    "damaged": "坏了",
    "not-trusted": "不能确认",
    "rolled-back": "旧",
    "expired": "有效期",
    "clock": "日期",
    "wrong-passphrase": "口令",
    "unknown-format": "格式",
    "state": "核验记录",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_says_what_is_wrong_and_what_to_do(code: str, shop: Shop) -> None:
    break_it(code, shop)
    status, out = shop.ask(*person(ZHANG))
    title, text = out.splitlines()[:2]
    assert (status, title) == (2, "不能判断")
    assert REFUSALS[code] in text
    assert "请" in text
    break_it(code, shop)
    assert shop.json(*person(ZHANG))[1]["code"] == code


def break_it(code: str, shop: Shop) -> None:
    bundle = shop.issuer.bundle()
    if code == "malformed":
        shop.issuer.bundle = lambda: b"x"  # type: ignore[method-assign]
    elif code == "damaged":
        shop.issuer.bundle = lambda: bundle[:42] + b"?" + bundle[43:]  # type: ignore[method-assign]
    elif code == "not-trusted":
        shop.issuer.office = "stranger"
    elif code == "rolled-back":
        shop.issuer.version = 2
        shop.issuer.office = "office"
        shop.ask(*person(ZHANG))
        shop.issuer.version = 1
    elif code == "expired":
        shop.now = NOON + timedelta(days=50)
    elif code == "clock":
        shop.now = NOON - timedelta(days=5)
    elif code == "wrong-passphrase":
        shop.monkeypatch.setenv("XINYI_PASSPHRASE", "0" * 16)
    elif code == "unknown-format":
        shop.issuer.manifest["format"] = 2
    else:
        shop.state.write_text("a file where the folder should be")


def test_the_codes_are_those_of_the_specification() -> None:
    """Each code is stable for ever (5)."""
    spec = Path(__file__).parents[2] / "docs" / "spec" / "bundle.md"
    stable = re.search(r"stable for ever: `([^`]+)`", spec.read_text(encoding="utf-8"))
    assert stable is not None
    assert stable[1].split() == [code for code, status in verify.STATUS.items() if status < 3]
    assert set(REFUSALS) == {code for code, status in verify.STATUS.items() if status == 2}


# -- the clock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("2026-11-20", 0),
        ("2026-11-19", 2),
        ("2026-12-29", 0),
        ("2026-12-30", 2),
        ("2026-12-29T23:59:59+08:00", 0),
        ("2026-12-29T16:00:00Z", 2),
        ("2026-11-19T15:59:59Z", 2),
        ("2026-11-19T16:00:00Z", 0),
        ("2026-11-21T12:00", 3),
        ("2026-02-30", 3),
        ("soon", 3),
        ("9999-12-31", 3),
        ("0001-01-01", 3),
    ],
)
def test_as_of_takes_the_place_of_the_clock(as_of: str, status: int, shop: Shop) -> None:
    shop.now = datetime(2040, 1, 1, tzinfo=UTC)
    assert shop.ask(*person(ZHANG), "--as-of", as_of)[0] == status


def test_the_clock_is_read_for_every_question(shop: Shop) -> None:
    """A shop that leaves the program open overnight must not use a list that has expired."""
    times = iter([NOON, NOON, NOON + timedelta(days=39)])
    (shop.folder / "bundle.zip").write_bytes(shop.issuer.bundle())
    words = [str(shop.folder / "bundle.zip"), "--state", str(shop.state), "--root", shop.issuer.pin]
    shop.monkeypatch.setattr("sys.stdin", io.StringIO(f"张三\n{ZHANG[1]}\n张三\n{ZHANG[1]}\n"))
    assert verify.main(words, lambda: next(times)) == 2
    assert [line for line in shop.capsys.readouterr().out.splitlines() if line in verify.TITLES.values()] == [
        "在名单内",
        "不能判断",
    ]


def test_without_an_argument_the_real_clock_is_read(shop: Shop) -> None:
    shop.issuer.issued = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 - this is about the real clock
    (shop.folder / "bundle.zip").write_bytes(shop.issuer.bundle())
    words = [
        str(shop.folder / "bundle.zip"),
        "--state",
        str(shop.state),
        "--root",
        shop.issuer.pin,
        "--org",
        COMPANY[0],
    ]
    assert verify.main(words) in (0, 1)


# -- what is asked ----------------------------------------------------------------------------------------------


def test_everything_is_asked_in_turn(shop: Shop) -> None:
    typed = f"张三\n{ZHANG[1]}\n{COMPANY[0]}\n李四\n{ZHANG[1]}\n李四\n123\n张三\n{STRANGER[1]}\n\n"
    status, out = shop.ask(typed=typed)
    titles = [line for line in out.splitlines() if line in verify.TITLES.values()]
    assert titles == ["在名单内", "在名单内", "未查到", "请重新输入", "未查到"]
    assert status == 1
    assert shop.prompts.count("姓名") == 6


def test_a_number_that_was_left_out_is_asked_for(shop: Shop) -> None:
    assert shop.ask("--name", "张三", typed=f"{ZHANG[1]}\n张三\n") == (0, ELIGIBLE)
    assert shop.ask("--name", "张三", typed="")[0] == 3


def test_nothing_asked_is_not_eligible(shop: Shop) -> None:
    assert shop.ask(typed="") == (3, "")


def test_a_passphrase_from_the_first_line(shop: Shop) -> None:
    shop.monkeypatch.delenv("XINYI_PASSPHRASE")
    assert shop.ask("--name", "张三", typed=f"0123-4567-89ab-cdef\n{ZHANG[1]}\n") == (0, ELIGIBLE)
    assert shop.ask(*person(ZHANG), typed="")[0] == 2


def test_a_passphrase_on_a_terminal_is_not_shown(shop: Shop) -> None:
    shop.monkeypatch.delenv("XINYI_PASSPHRASE")
    shop.monkeypatch.setattr("getpass.getpass", lambda prompt: PASSPHRASE if "不显示" in prompt else "")
    assert shop.ask(*person(ZHANG), terminal=True) == (0, ELIGIBLE)


def test_on_a_terminal_a_passphrase_may_be_typed_three_times(shop: Shop) -> None:
    shop.monkeypatch.delenv("XINYI_PASSPHRASE")
    for typed, status in ((["x", "0" * 16, PASSPHRASE], 0), (["x", "y", "z", PASSPHRASE], 2)):
        left = iter(typed)
        shop.monkeypatch.setattr("getpass.getpass", lambda _, left=left: next(left))
        assert shop.ask(*person(ZHANG), terminal=True)[0] == status
        assert shop.prompts.count("口令不对") == 2
        assert list(left) == ([] if status == 0 else [PASSPHRASE])


def test_a_refusal_for_another_reason_asks_for_no_other_passphrase(shop: Shop) -> None:
    shop.monkeypatch.delenv("XINYI_PASSPHRASE")
    shop.monkeypatch.setattr("getpass.getpass", lambda _: PASSPHRASE)
    shop.now += timedelta(days=60)
    assert shop.ask(*person(ZHANG), terminal=True)[0] == 2
    assert shop.prompts == ""


# -- which bundle -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["canyin.zip", "CANYIN.ZIP"])
def test_the_only_bundle_beside_the_program_is_taken(name: str, shop: Shop) -> None:
    shop.monkeypatch.setattr(verify, "__file__", str(shop.folder / "verify.py"))
    words = ["--root", shop.issuer.pin, *person(ZHANG)]
    (shop.folder / "photos.zip").write_bytes(pack([("photo.jpg", b"x")]))
    assert shop.run(*words)[0] == 3
    (shop.folder / name).write_bytes(shop.issuer.bundle())
    assert shop.run(*words) == (0, ELIGIBLE)
    (shop.folder / "canyin (1).zip").write_bytes(shop.issuer.bundle())
    status, out = shop.run(*words, "--json")
    assert (status, json.loads(out)["code"]) == (3, "bad-file")
    assert shop.run(str(shop.folder / "canyin (1).zip"), *words) == (0, ELIGIBLE)


# -- the first use ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("yes", ["是", "y", "yes"])
def test_first_use_on_a_terminal_compares_the_printed_letter(yes: str, shop: Shop) -> None:
    shop.root = False
    assert shop.ask(*person(ZHANG), typed=f"{yes}\n", terminal=True) == (0, ELIGIBLE)
    assert re.sub(r"\s", "", shop.prompts).find(shop.issuer.pin) >= 0
    assert shop.ask(*person(ZHANG)) == (0, ELIGIBLE)  # remembered, and not asked again
    assert shop.prompts == ""


@pytest.mark.parametrize(("typed", "terminal"), [("不是\n", True), ("\n", True), ("", True), ("是\n", False)])
def test_first_use_without_a_yes_is_refused(typed: str, terminal: bool, shop: Shop) -> None:
    shop.root = False
    status, out = shop.ask(*person(ZHANG), typed=typed, terminal=terminal)
    assert status == 2
    assert ("指纹" if terminal else "--root") in out
    assert tree(shop.state) == {}


def test_the_pin_may_be_written_in_groups_and_capitals(shop: Shop) -> None:
    shop.root = False
    groups = " ".join(re.findall("....", shop.issuer.pin.upper()))
    assert shop.ask(*person(ZHANG), "--root", groups) == (0, ELIGIBLE)
    assert shop.ask(*person(ZHANG), "--root", "0" * 64)[0] == 2
    assert shop.ask(*person(ZHANG), "--root", "0" * 63)[0] == 3


def test_the_pin_of_the_build_is_used(shop: Shop) -> None:
    shop.root = False
    shop.monkeypatch.setattr(verify, "PINNED_ROOT", shop.issuer.pin)
    assert shop.ask(*person(ZHANG)) == (0, ELIGIBLE)
    shop.monkeypatch.setattr(verify, "PINNED_ROOT", "0" * 64)
    assert shop.ask(*person(ZHANG))[0] == 2


def test_the_build_finds_the_line_that_it_fills_in() -> None:
    assert Path(verify.__file__).read_text(encoding="utf-8").splitlines().count('PINNED_ROOT = ""') == 1


def test_the_state_is_kept_beside_the_program(shop: Shop) -> None:
    shop.monkeypatch.setattr(verify, "__file__", str(shop.folder / "verify.py"))
    (shop.folder / "bundle.zip").write_bytes(shop.issuer.bundle())
    words = [str(shop.folder / "bundle.zip"), "--root", shop.issuer.pin, *person(ZHANG)]
    assert shop.run(*words) == (0, ELIGIBLE)
    assert list(tree(shop.folder / "xinyi-state")) == ["canyin/state.json"]


# -- wrong usage ------------------------------------------------------------------------------------------------

WRONG = {
    "no bundle": [],
    "an id without a name": ["b.zip", "--id", ZHANG[1]],
    "a name and an organisation": ["b.zip", "--name", "张三", "--org", COMPANY[0]],
    "an unknown option": ["b.zip", "--number", ZHANG[1]],
    "a number too many": ["b.zip", ZHANG[1]],
    "an abbreviated option": ["b.zip", "--na", "张三", "--id", ZHANG[1]],
    "a number for a day": ["b.zip", "--as-of", ZHANG[1]],
    "a number for a digest": ["b.zip", "--root", ZHANG[1]],
    "no such file": ["/nonexistent/bundle.zip", *person(ZHANG)],
    "a number for a file": [ZHANG[1]],
    "a file name that cannot be one": ["b\0.zip", *person(ZHANG)],
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_has_its_own_status_and_repeats_nothing(case: str, shop: Shop) -> None:
    status, out = shop.run(*WRONG[case])
    assert status == 3
    assert not re.search("[0-9]{4}", out + shop.prompts)
    assert "请" in out + shop.prompts


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--name", "张三", "--id", "990621199001011234"), "bad-number"),
        (("--name", "张三", "--id", "9906211990"), "not-found"),
        (("--name", "", "--id", ZHANG[1]), "bad-name"),
        (("--org", "91350100M000100Y44"), "bad-number"),
        (("--org", ""), "bad-name"),
    ],
)
def test_what_must_be_mistyped_is_not_looked_up(words: tuple[str, ...], code: str, shop: Shop) -> None:
    status, answer = shop.json(*words)
    assert answer["code"] == code
    assert status == (1 if code == "not-found" else 3)


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("b.zip", "--name", "张三", "-h")])
def test_help_is_there_and_is_chinese(words: tuple[str, ...], shop: Shop) -> None:
    status, out = shop.run(*words)
    assert status == 0
    for word in ("离线核验", "--name", "--id", "--org", "--csv", "--json", "--state", "--as-of", "--root"):
        assert word in out
    assert out.count("python3 verify.py") >= 3
    english = set(re.findall("(?<![-A-Za-z0-9_])[A-Za-z]{3,}", out))
    assert english <= {"python", "verify", "canyin", "zip", "csv", "XINYI"}


@pytest.mark.parametrize("words", [person(ZHANG), person(STRANGER), ("--name", "张三", "--id", "990621199001011234")])
def test_no_digit_of_the_number_is_shown_or_kept(words: tuple[str, ...], shop: Shop) -> None:
    """A verifier MUST NOT show or keep a digit of the number (5)."""
    digits = [words[3][place : place + 4] for place in range(15)]
    for out in (shop.ask(*words)[1], shop.ask("--json", *words)[1], shop.prompts):
        for date_ in ("2026", "1101"):
            out = out.replace(date_, "")
        assert not [run for run in digits if run in out]
    kept = b"".join(tree(shop.state).values())
    assert words[3].encode() not in kept
    assert words[3][6:14].encode() not in kept


# -- tables -----------------------------------------------------------------------------------------------------

TABLE = f"""\
序号,姓名,证件号码,统一社会信用代码
1,张三,{ZHANG[1]},
2,张三,'{STRANGER[1]},
3,,,{COMPANY[0]}

4,李四,990621199001011234,
5,李 四,{LI[1].lower()}
,,,
"""


def tabled(shop: Shop, data: bytes, *words: str) -> tuple[int, str]:
    (shop.folder / "people.csv").write_bytes(data)
    return shop.ask("--csv", str(shop.folder / "people.csv"), *words)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_table_is_answered_row_by_row(encoding: str, ends: str, shop: Shop) -> None:
    status, out = tabled(shop, TABLE.replace("\n", ends).encode(encoding))
    assert status == 1
    assert out == (
        "共5行，3行在名单内\n"
        "第2行：在名单内 信易+餐饮（到2027年1月14日）、信易+观影（到2026年11月30日）\n"
        "第3行：未查到\n"
        "第4行：在名单内 信易+餐饮（到2027年1月14日）\n"
        "第6行：请重新输入 号码不对，可能抄错、漏了或者多了一位。请照证件重新输入。\n"
        "第7行：在名单内 信易+餐饮（到2026年11月25日）\n"
        "未查到：这不说明顾客有任何问题，请照常接待。请照证件核对输入的姓名和号码；没有输错，可以请顾客问信用办。\n"
        "名单签发于2026年11月20日，已有1天，可用到2026年12月29日。\n"
    )


def test_a_program_reads_a_table_without_names_and_numbers(shop: Shop) -> None:
    status, out = tabled(shop, TABLE.encode(), "--json")
    answer = json.loads(out)
    assert (status, answer["answer"], answer["issued"]) == (1, "not-found", "2026-11-20")
    assert [(result["row"], result["code"]) for result in answer["results"]] == [
        (2, "eligible"),
        (3, "not-found"),
        (4, "eligible"),
        (6, "bad-number"),
        (7, "eligible"),
    ]
    assert answer["results"][2]["perks"][0]["scenario"] == "canyin"
    assert "perks" not in answer
    assert "张三" not in out
    assert "\\u5f20\\u4e09" not in out
    assert ZHANG[1] not in out


def test_a_code_under_a_persons_name_is_nobody(shop: Shop) -> None:
    assert shop.ask("--name", "张三", "--id", COMPANY[0])[0] == 1
    assert shop.ask("--org", COMPANY[0])[0] == 0


def test_a_table_of_eligible_people_alone(shop: Shop) -> None:
    status, out = tabled(shop, f"姓 名,证件号码\n张三,{ZHANG[1]}\n".encode())
    assert (status, out.splitlines()[0]) == (0, "共1行，1行在名单内")


def test_many_rows_keep_their_order_though_they_share_the_processors(shop: Shop) -> None:
    people = [ZHANG, STRANGER, LI] * 9
    table = "姓名,证件号码\n" + "".join(f"{who[0]},{who[1]}\n" for who in people)
    results = json.loads(tabled(shop, table.encode(), "--json")[1])["results"]
    assert [result["row"] for result in results] == [*range(2, 29)]
    assert [result["code"] for result in results] == ["eligible", "not-found", "eligible"] * 9
    assert shop.prompts == ""  # no bar where nobody looks


def test_a_bar_grows_on_a_terminal(shop: Shop) -> None:
    table = f"姓名,证件号码\n张三,{ZHANG[1]}\n李四,{LI[1]}\n"
    shop.monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    _, out = tabled(shop, table.encode(), "--json")
    assert json.loads(out)["answer"] == "eligible"
    assert shop.prompts == f"\r[{'#' * 20:40}] 1/2\r[{'#' * 40}] 2/2\n"


def test_one_broken_cell_spoils_its_own_row_alone(shop: Shop) -> None:
    table = f"姓名,证件号码\n张三,{ZHANG[1]}\n".encode("gb18030") + b"\xc0\xff" + f",{LI[1]}\n".encode()
    answer = json.loads(tabled(shop, table, "--json")[1])
    assert [result["code"] for result in answer["results"]] == ["eligible", "bad-name"]


def test_a_table_is_refused_as_a_whole_when_the_bundle_is(shop: Shop) -> None:
    shop.now += timedelta(days=60)
    assert tabled(shop, TABLE.encode())[0] == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff",
        "姓名,证件号码\n".encode(),
        "姓名,证件号码\n,\n".encode(),
        "姓名,号码\n张三,1\n".encode(),
        "证件号码\n1\n".encode(),
        b"\xe5\xa7",
        "姓名,证件号码\n".encode() + b'"' + b"x" * 200_000,
    ],
)
def test_what_is_no_table_is_wrong_usage(data: bytes, shop: Shop) -> None:
    status, out = tabled(shop, data, "--json")
    assert (status, json.loads(out)["code"]) == (3, "bad-table")
