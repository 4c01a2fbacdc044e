"""The letter that brings a merchant its passphrase and the fingerprint of the office's root, to be sealed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from generator.core.model import Merchant
from generator.letters.letter import Copied, Heading, Letter, Text
from generator.letters.matter import Sender


@dataclass(frozen=True, slots=True)
class Access:
    """What a merchant needs to open its bundle and to trust it: passphrase in groups, SHA-256 of the first root."""

    passphrase: str = field(repr=False)
    fingerprint: str


def passphrase(merchant: Merchant, access: Access, website: str, sender: Sender, on: date, *, demo: bool) -> Letter:
    """Return the letter that is put into a sealed envelope; ``website`` is the domain of the public site."""
    groups = re.findall("....", access.fingerprint)
    rows = tuple(" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4))
    return Letter(
        title="信易+离线名单口令信",
        addressee=merchant.name,
        parts=(
            Text("感谢你店参加“信易+”。这封信里有两样东西，请像钥匙一样收好，不要拍照，不要转给别人。"),
            Heading("一、你店的口令"),
            Text("打开名单包时用，大写小写、有没有横线都可以。"),
            Copied("口令", (access.passphrase,)),
            Heading("二、信用办的指纹"),
            Text(
                "第一次使用时，程序会显示一串字符，和下面的完全一样，才输入“是”；有一个字不一样，就不要用，给我办打电话。"
            ),
            Copied("指纹（每组四个字符，从左到右、从上到下）", rows),
            Heading("三、怎样核验"),
            Text(
                f"到网站（{website}）的“商户下载”下载 {merchant.id}.zip 和核验程序 verify.py，放在同一个文件夹，"
                f"不要解压，运行 python3 verify.py {merchant.id}.zip，"
                "照它问的输入口令、顾客的姓名和证件号码。不联网也能查。"
            ),
            Text("在名单内的，照写明的优惠办，并看一眼证件，姓名、照片是本人。"),
            Text("未查到的，不说明顾客有任何问题，照常接待。"),
            Text("不能判断的，是名单包或者电脑的问题，照它说的做，或者给我办打电话。"),
            Text("名单包约一个月要换一次新的，到网站下载就行，口令不变。"),
            Heading("四、请你店做到"),
            Text(
                "不抄、不拍、不记顾客的号码；不替别人查；不把口令和名单包给别人。店里换了经办人、丢了电脑、口令让别人看到了，马上告诉我办。"
            ),
        ),
        signature=sender.unit,
        day=on,
        marking="【演示】口令和名单都是虚构的" if demo else "密封　面交本人签收",
        contact=sender.contact,
    )
