"""What a letter about an entry is written from, and the sentences that several letters share.

Nothing here holds a document number: no digit of one is ever printed in a letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from generator.core.disclosure import public_name
from generator.core.lifecycle import OUT, Reason, Stage, Standing
from generator.core.model import Person, PublicationMode
from generator.core.names import display
from generator.core.wording import day
from generator.letters.letter import Letter, Part, Text

_NEVER_SHOWN = (Stage.NOT_RECEIVED, Stage.NOMINATED, Stage.SCREENED_OUT)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the unit that signs, the office the reader may turn to, and how to reach it."""

    unit: str
    office: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """An entry as it stood on the day of the letter; ``unit`` is the one that reported it."""

    reference: str
    standing: Standing
    batch: str
    unit: str
    sender: Sender

    @property
    def name(self) -> str:
        """The full name: for whoever the entry is about, and for units that have to know."""
        return display(self.standing.nomination.subject.name)

    @property
    def you(self) -> str:
        """How its subject is spoken to."""
        return "您" if isinstance(self.standing.nomination.subject, Person) else "你单位"

    @property
    def shown(self) -> bool:
        """Whether its reference and masked name have been public, so that a letter to anybody may say them."""
        nomination, stage = self.standing.nomination, self.standing.stage
        unseen = nomination.publication is PublicationMode.WITHHELD
        return not unseen and stage not in _NEVER_SHOWN and self.standing.notice is not None

    @property
    def public(self) -> str:
        """The entry as anybody may hear of it."""
        honour = self.standing.nomination.honour
        return f"《{self.batch}》中编号{self.reference}的条目（{public_name(self.standing)}，{honour}）"

    @property
    def entry(self) -> str:
        """The entry as its subject hears of it."""
        return f"《{self.batch}》（编号{self.reference}，荣誉名称：{self.standing.nomination.honour}）"

    def letter(self, title: str, addressee: str, *parts: Part | str, on: date, marking: str = "") -> Letter:
        """Return a letter signed by the unit; plain words are paragraphs."""
        return Letter(
            title=title,
            addressee=addressee,
            parts=tuple(Text(part) if isinstance(part, str) else part for part in parts),
            signature=self.sender.unit,
            day=on,
            marking=marking,
            contact=self.sender.contact,
        )


def position(standing: Standing) -> str:
    """Return where an entry stands, in a sentence that everybody may hear: no reason for being out is given."""
    notice, window = standing.notice, standing.window
    if standing.stage is Stage.RECOGNISED and window:
        since = f"为{day(window.not_before)}至" if standing.since == window.not_before else "到"
        return f"该条目列入守信激励对象名单，有效期{since}{day(window.not_after)}。"
    if standing.stage is Stage.IN_NOTICE and notice:
        return f"该条目继续公示，公示到{day(notice.not_after)}止。"
    if standing.stage is Stage.OBJECTED and standing.reason is Reason.OBJECTION_OPEN:
        return "该条目另有异议正在核实，核实期间不认定。"
    if standing.stage is Stage.OBJECTED and window:
        return f"该条目自{day(window.not_before)}起列入守信激励对象名单，有效期到{day(window.not_after)}。"
    if standing.stage in OUT:
        return "该条目目前不在守信激励对象名单里。"
    return "该条目已经报送，还要经过筛查、公示才能认定。"


def grounds(text: str) -> str:
    """Return recorded grounds as the end of a sentence."""
    return f"{text.strip().rstrip('。；;.')}。"


def numbered(document: str) -> str:
    """Return the number of the document behind a decision, in brackets; nothing where there is none."""
    return f"（文书编号：{document.strip()}）" if document.strip() else ""
