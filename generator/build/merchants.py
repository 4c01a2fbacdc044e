"""Who checks: merchants added, paused, resumed and removed in content/merchants.toml, and their passphrases.

The file is a person's: its comments, its order and its line ends stay. It is changed by lines, because what TOML
libraries write puts a new item behind the comments that belong to the next merchant; what is written is read back by
the parser of the build, and kept only if it says exactly what was meant.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tomlkit

from generator.build.locking import alone
from generator.build.office import check_project
from generator.bundle import archive, payload
from generator.core.characters import marks_of_hidden
from generator.core.model import Merchant, MerchantId
from generator.errors import Faults, InputFaultsError, KeysError, RefusedError
from generator.sources.agreement import MERCHANT_ID, merchant_id_advice
from generator.sources.content import MerchantsFile, read_content
from generator.sources.settings import hidden, parse_toml, similar
from generator.trust import repository
from generator.trust.keys import PROGRAMME_KEY, OfficeKeys, check_unused, drop_passphrases, replace_passphrases
from generator.trust.saving import save

PATH = "content/merchants.toml"
_HEADER = re.compile(r"\s*\[\[\s*merchant\s*\]\]\s*(#.*)?")
_NO_CONTENT = re.compile(r"\s*(#.*)?")
_STATUS = re.compile(r"\s*status\s*=.*")
_BY_HAND = f"{PATH} 的写法程序改不了，什么也没有动。请用记事本一类的程序照着已有的样子改"

Status = Literal["active", "paused"]


class _Line(NamedTuple):
    """A line of the file and how it ends; the last one's end is not written."""

    text: str
    end: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A merchant, and what of it is in the current release; None where only the opened office keys could say."""

    merchant: Merchant
    version: int | None
    changed: date | None
    passphrase: bool | None


def read(root: Path) -> tuple[Merchant, ...]:
    """Return the merchants as the build reads them; raise ``InputFaultsError`` where the file has faults."""
    check_project(root)
    return _parsed((root / PATH).read_bytes())


def listed(root: Path, keys: OfficeKeys | None) -> tuple[Listed, ...]:
    """Return every merchant with the version of its bundle; with keys, since when it says what it says, too."""
    release = repository.read_release(root / "keys" / "repository")
    found = []
    for merchant in read(root):
        target = release.targets.get(merchant.id) if release else None
        passphrase = keys.programme.passphrases.get(merchant.id) if keys else None
        changed = _changed(target.data, passphrase) if target and passphrase else None
        version = release.version if release and target else None
        found.append(Listed(merchant, version, changed, passphrase is not None if keys else None))
    return tuple(found)


def _changed(target: bytes, passphrase: str) -> date | None:
    """Return the day on which a bundle's content last changed; None under a passphrase replaced since."""
    try:
        return date.fromisoformat(json.loads(archive.decrypt(target, passphrase)[payload.MANIFEST])["made"])
    except KeysError:
        return None


def add(root: Path, merchant: Merchant, keys: OfficeKeys | None) -> None:
    """Write one more merchant at the end; raise ``RefusedError`` if it cannot be one.

    ``keys``, None where no keys have been made, remember whose ids must not be given again.
    """
    with alone(root):
        before = read(root)
        _check_new(root, merchant, before)
        if keys:
            _check_never_used(merchant, keys)
        shown = {"id": merchant.id, "name": merchant.name, "scenarios": list(merchant.scenarios)}
        if merchant.address:
            shown["address"] = merchant.address
        table = tomlkit.dumps({"merchant": [shown]}).rstrip("\n").split("\n")

        def change(lines: list[_Line], end: str) -> list[_Line]:
            return [*_without_end(lines), *(_Line(text, end) for text in ("", *table, ""))]

        _change(root, change, (*before, merchant))


def set_status(root: Path, merchant: MerchantId, status: Status) -> None:
    """Pause or resume one merchant; raise ``RefusedError`` if there is none or it is so already."""
    with alone(root):
        before = read(root)
        index = _index(before, merchant)
        if before[index].status == status:
            raise RefusedError(
                f"{_called(before[index])}本来就是{'暂停' if status == 'paused' else '启用'}的，没有改动"
            )
        after = (*before[:index], replace(before[index], status=status), *before[index + 1 :])

        def change(lines: list[_Line], end: str) -> list[_Line]:
            start, behind = _block(lines, index)
            kept = [line for line in lines[start:behind] if not _STATUS.fullmatch(line.text)]
            added = [_Line('status = "paused"', end)] if status == "paused" else []
            return [*lines[:start], *kept, *added, *lines[behind:]]

        _change(root, change, after)


def remove(root: Path, merchant: MerchantId, keys: OfficeKeys | None) -> None:
    """Strike one merchant out and forget its passphrase, but not its id; comments around it stay.

    The file goes first: where the power fails in between, asking again forgets the passphrase. ``keys`` may be None
    where no keys have been made.
    """
    with alone(root):
        before = read(root)
        if any(one.id == merchant for one in before) or not keys or merchant not in keys.programme.passphrases:
            index = _index(before, merchant)

            def change(lines: list[_Line], end: str) -> list[_Line]:
                start, behind = _block(lines, index)
                while behind < len(lines) - 1 and not lines[behind].text.strip():
                    behind += 1
                return [*_without_end(lines[:start] + lines[behind:]), _Line("", end)]

            _change(root, change, (*before[:index], *before[index + 1 :]))
        if keys and merchant in keys.programme.passphrases:
            drop_passphrases(root / "keys", keys, [merchant])


def has_keys(root: Path) -> bool:
    """Return whether there are passphrases to forget."""
    return (root / "keys" / PROGRAMME_KEY).exists()


def passphrases(keys: OfficeKeys, wanted: Collection[MerchantId]) -> dict[MerchantId, str]:
    """Return the passphrases of some merchants, or of all that have one; raise ``KeysError`` where there is none."""
    known = keys.programme.passphrases
    for merchant in wanted:
        if merchant not in known:
            has = "、".join(sorted(known)) or "（还没有，先运行一次 xinyi build）"
            raise KeysError(f"没有商户“{merchant}”的口令。已有：{has}")
    return {merchant: known[merchant] for merchant in sorted(wanted or known)}


def renew_passphrases(root: Path, keys: OfficeKeys, wanted: Collection[MerchantId]) -> dict[MerchantId, str]:
    """Seal a new passphrase for some merchants, or for all that have one, and return them."""
    with alone(root):
        fresh = {merchant: archive.new_passphrase() for merchant in passphrases(keys, wanted)}
        replace_passphrases(root / "keys", keys, fresh)
        return fresh


def values(found: Iterable[Listed]) -> list[dict[str, Any]]:
    """Return the list for programs."""
    return [
        {
            "id": one.merchant.id,
            "name": one.merchant.name,
            "status": one.merchant.status,
            "scenarios": list(one.merchant.scenarios),
            "version": one.version,
            "changed": one.changed.isoformat() if one.changed else None,
            "passphrase": one.passphrase,
        }
        for one in found
    ]


# -- what is checked, and how the lines are changed -------------------------------------------------------------


def _check_new(root: Path, merchant: Merchant, before: Collection[Merchant]) -> None:
    if not MERCHANT_ID.fullmatch(merchant.id):
        raise RefusedError(f"编号“{merchant.id}”不能用。{merchant_id_advice(merchant.id)}")
    if any(one.id == merchant.id for one in before):
        raise RefusedError(f"已经有编号是 {merchant.id} 的商户。请换一个编号；恢复暂停的商户用 xinyi merchants resume")
    if not merchant.name.strip():
        raise RefusedError("商户名称不能空着")
    for what, text in (("名称", merchant.name), ("地址", merchant.address)):
        if marks := marks_of_hidden(text):
            raise RefusedError(f"商户{what}{'。'.join(hidden(marks))}")
    faults = Faults()
    content = read_content(root, faults)
    if content is None:
        faults.stop_if_any()
        raise AssertionError("a reader gave up without saying why")
    active = {scenario.id for scenario in content.scenarios.values() if scenario.status == "active"}
    if not merchant.scenarios or len(set(merchant.scenarios)) < len(merchant.scenarios):
        raise RefusedError("参加的场景至少写一个，也不要重复")
    for scenario in merchant.scenarios:
        if scenario not in active:
            advice = similar(scenario, active) or f"已启用的有：{'、'.join(sorted(active))}"
            raise RefusedError(f"没有 {scenario} 这个场景，或者还没有启用。{advice}")


def _check_never_used(merchant: Merchant, keys: OfficeKeys) -> None:
    """Refuse an id that was somebody's: the canaries are made from it, and the passphrase may still be there."""
    check_unused(keys.programme, [merchant.id])
    if merchant.id in keys.programme.passphrases:
        raise RefusedError(
            f"编号 {merchant.id} 有商户用过，口令还留着，只是 {PATH} 里没有了。别家请换一个编号；"
            f"还是原来那家，就用记事本把它那一段写回 {PATH}"
        )


def _parsed(data: bytes) -> tuple[Merchant, ...]:
    faults = Faults()
    parsed = parse_toml(data, PATH, MerchantsFile, faults)
    faults.stop_if_any()
    return parsed.merchant if parsed else ()


def _index(merchants: Collection[Merchant], wanted: MerchantId) -> int:
    """Return which merchant it is; raise ``RefusedError`` unless there is exactly one."""
    found = [index for index, merchant in enumerate(merchants) if merchant.id == wanted]
    if len(found) != 1:
        problem = "写了不止一次，请先改好" if found else f"没有。有：{'、'.join(sorted(m.id for m in merchants))}"
        raise RefusedError(f"{PATH} 里的商户“{wanted}”：{problem}")
    return found[0]


def _called(merchant: Merchant) -> str:
    return f"{merchant.id}（{merchant.name}）"


def _change(root: Path, change: Callable[[list[_Line], str], list[_Line]], meant: tuple[Merchant, ...]) -> None:
    """Put the changed lines in place of the file if they say what was meant.

    Every line keeps its end; ``change`` is told the one that most have, for lines that are new.
    """
    old = (root / PATH).read_bytes()
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    end = "\r\n" if 2 * old.count(b"\r\n") > old.count(b"\n") else "\n"
    parts = re.split(r"(\r?\n)", old.decode("utf-8-sig"))
    lines = change([_Line(*line) for line in zip(parts[::2], [*parts[1::2], end], strict=True)], end)
    data = mark + ("".join(text + end for text, end in lines[:-1]) + lines[-1].text).encode("utf-8")
    try:
        said = _parsed(data)
    except InputFaultsError as error:
        raise RefusedError(_BY_HAND) from error
    if said != meant:
        raise RefusedError(_BY_HAND)
    save(root / PATH, data)


def _block(lines: list[_Line], index: int) -> tuple[int, int]:
    """Return the first line of a merchant's table and the one behind its last item; what follows are comments."""
    starts = [number for number, line in enumerate(lines) if _HEADER.fullmatch(line.text)]
    if index >= len(starts):
        raise RefusedError(_BY_HAND)
    start = starts[index]
    end = next((n for n in range(start + 1, len(lines)) if _HEADER.fullmatch(lines[n].text)), len(lines))
    while _NO_CONTENT.fullmatch(lines[end - 1].text):
        end -= 1
    return start, end


def _without_end(lines: list[_Line]) -> list[_Line]:
    """Return lines without the blank ones at the end."""
    while lines and not lines[-1].text.strip():
        lines = lines[:-1]
    return lines
