"""What the commands say: the same values once in Chinese for people and once as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from generator.build import expiry
from generator.core import wording
from generator.core.model import ONE_DAY
from generator.errors import InputFaultsError
from generator.trust import repository, roots
from generator.trust.keys import is_demo, office_change

if TYPE_CHECKING:
    from generator.build.pipeline import Report


def as_json(values: Mapping[str, Any]) -> str:
    """Return values as the JSON every ``--json`` prints."""
    return json.dumps(values, ensure_ascii=False, indent=1)


def faults_values(error: InputFaultsError) -> dict[str, Any]:
    """Return all faults with their places in parts."""
    return {
        "faults": [
            {
                "path": fault.place.path,
                "line": fault.place.line,
                "sheet": fault.place.sheet,
                "cell": fault.place.cell,
                "field": fault.place.field,
                "message": fault.message,
                "advice": fault.advice,
            }
            for fault in error.faults
        ]
    }


def build_values(report: Report) -> dict[str, Any]:
    """Return what a build did."""
    return {
        "as_of": report.as_of.isoformat(),
        "demo": report.demo,
        "pages": report.pages,
        "people": {stage.value: count for stage, count in report.people.items()},
        "organisations": {stage.value: count for stage, count in report.organisations.items()},
        "bundles": [
            {
                "merchant": record.merchant,
                "version": record.version,
                "issued": record.issued.isoformat(),
                "expires": record.expires.isoformat(),
                "size": record.size,
                "sha256": record.sha256,
                "remade": record.merchant in report.remade,
            }
            for record in report.bundles
        ],
        "derived": report.derived,
        "new_passphrases": list(report.new_passphrases),
        "root_sha256": report.fingerprint,
        "expires": report.expires.isoformat(),
        "root_expires": report.root_expires.isoformat(),
        "warnings": expiry.warnings_of(report),
        "site": str(report.site),
    }


def build_text(report: Report) -> str:
    """Return the same for staff."""
    lines = ["【演示】以下名单均为虚构。"] if report.demo else []
    lines.append(f"已按{wording.day(report.as_of)}生成网站，共{report.pages}页。")
    for who, counts in (("个人", report.people), ("单位", report.organisations)):
        told = "，".join(f"{wording.STAGES[stage]}{count}" for stage, count in counts.items())
        lines.append(f"{who}：{told or '还没有'}")
    lines.append(f"新计算名单代码{report.derived}人。")
    lines.append(f"名单包{len(report.bundles)}个，其中{len(report.remade)}个内容有变：")
    lines += [
        f"  {record.file}　第{record.version}版，可用到{wording.day(record.expires - ONE_DAY)}，{record.name}"
        f"{'（有变）' if record.merchant in report.remade else ''}"
        for record in report.bundles
    ]
    if report.new_passphrases:
        lines.append(
            f"新生成了口令：{'、'.join(report.new_passphrases)}。请用 xinyi merchants passphrase 查看，交给商户；"
            "以前给过口令的商户要换用新的。"
        )
    if report.invented:
        lines.append("注意：名单里有虚构的人（号码以99开头），示例名单还没有清空。请不要发布这个网站！")
    lines.append(f"网站在：{report.site / 'index.html'}")
    return "\n".join([*lines, *expiry.loud(expiry.warnings_of(report))])


def keys_values(folder: Path, zone: ZoneInfo, as_of: date) -> dict[str, Any]:
    """Return who holds what place, the first days on which root and release are refused, and what is urgent.

    ``office_change`` says how far a replacement of the office key is, as ``keys.office_change`` does.
    """
    store = folder / "repository"
    chain = tuple(repository.read_roots(store).values())
    newest = roots.check_chain(chain)
    release = repository.read_release(store)
    root_expires = newest.expires.astimezone(zone).date()
    release_expires = release.expires.astimezone(zone).date() if release else None
    warnings = [_root_warning(root_expires, as_of)]
    if release_expires:
        warnings.append(expiry.release_warning("名单包", release_expires, as_of))
    change = office_change(folder)
    return {
        "demo": is_demo(folder),
        "root_sha256": roots.fingerprint(chain),
        "root_version": newest.version,
        "root_expires": root_expires.isoformat(),
        "keys": {place: keyid for keyid, place in roots.names(newest).items()},
        "office_change": change,
        "release": release.version if release else None,
        "release_expires": release_expires.isoformat() if release_expires else None,
        "warnings": [warning for warning in (*warnings, _OFFICE_CHANGES[change]) if warning],
    }


def keys_text(folder: Path, zone: ZoneInfo, as_of: date) -> str:
    """Return the same for staff, what is urgent first."""
    values = keys_values(folder, zone, as_of)
    lines = [*expiry.loud(values["warnings"]), ""] if values["warnings"] else []
    if values["demo"]:
        lines.append("这是演示密钥，不能用于正式工作。")
    lines.append(f"根证书指纹：{values['root_sha256']}")
    lines.append(f"根证书：第{values['root_version']}版，可用到{_in_words(values['root_expires'], as_of)}。")
    if values["release"]:
        lines.append(f"名单包：第{values['release']}版，可用到{_in_words(values['release_expires'], as_of)}。")
    else:
        lines.append("还没有生成过名单包。")
    lines.append("密钥编号：")
    lines += [f"  {_KEY_NAMES.get(place, place)}  {roots.shown(keyid)}" for place, keyid in values["keys"].items()]
    return "\n".join(lines).lstrip("\n")


_ROOT_WARN_DAYS = 90
_KEY_NAMES = {roots.OFFICE: "办公室"}
_OFFICE_CHANGES = {
    "": "",
    "waiting": "准备了一把新的办公室密钥，还没有换上：等保管人签名，再运行 xinyi keys accept；不换了就不用管它",
    "accepted": "办公室密钥已经更换，只差最后一步：随便运行一个要口令的命令（如 xinyi build），输入新的办公室口令",
}


def _root_warning(expires: date, as_of: date) -> str:
    """Return a warning from 90 days before: two officers have to come together, which takes its time."""
    left = (expires - ONE_DAY - as_of).days
    if left > _ROOT_WARN_DAYS:
        return ""
    if left < 0:
        return "根证书已经到期，不能再签发名单，商户不能核验！请马上请两位保管人带U盘来，运行 xinyi keys renew"
    return f"根证书还能用{left}天，到期以后所有名单包一起作废。请约两位保管人带U盘来，运行 xinyi keys renew"


def _in_words(expires: str, as_of: date) -> str:
    """Return the last usable day, and how long that is from now."""
    day = date.fromisoformat(expires) - ONE_DAY
    left = (day - as_of).days
    if left < 0:
        return f"{wording.day(day)}，已经到期"
    return f"{wording.day(day)}，还有{left}天" if left else f"{wording.day(day)}，今天是最后一天"
