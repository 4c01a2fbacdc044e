"""Names, numbers and codes as people type them (docs/spec/bundle.md, 3.1, 3.2 and 5.6).

Everybody is invented. What is typed stands beside its canonical form, written out, not computed.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.vectors.make.case import THE_COMPANY, Case, Question
from tests.vectors.make.contents import COMPANY_ENTRY, OTHER_ENTRY
from tests.vectors.make.office import (
    ABDULLA,
    COMPANY,
    LI,
    LONG,
    OUYANG,
    STRANGER,
    ZHANG,
    Class,
    Office,
    filling,
    token,
)

Who = tuple[str, str]

FANG: Who = ("方䶮", "990621198801010134")
LING: Who = ("李〇", "990621197506150142")
GE: Who = ("葛辻", "990621196910010018")
WANG: Who = ("王五", "990621850505007")
ZHAO: Who = ("赵六", "0123456")
MACAO: Who = ("何示例", "M12345678")
HONGKONG: Who = ("陈示例", "H12345678")
BRIEN: Who = ("JEANPIERREOBRIEN", "E12345678")
JOSE: Who = ("JOSÉ", "AB1234567")
STRAUSS: Who = ("STRAUSS", "C01X00T47")
GREEK: Who = ("\u03aa\u0301", "G1234567")
OLD_CARD: Who = ("ANNALEE", "ABC123456789012")
SHORTEST: Who = ("周示例", "AB123")
LONGEST: Who = ("吴示例", "ABCDEFGHIJ0123456789")
EXTENSION: Who = ("𠮷示例", "E87654321")
COMPATIBLE: Who = ("孙一(大)", "E11223344")


def checked(first_17: str) -> str:
    """Return a resident number with its check digit (GB 11643-1999)."""
    return first_17 + "10X98765432"[sum(int(c) * 2 ** (17 - i) for i, c in enumerate(first_17)) % 11]


FANG, LING, GE = ((name, checked(number[:17])) for name, number in (FANG, LING, GE))
WANG = (WANG[0], checked(f"{WANG[1][:6]}19{WANG[1][6:]}"))

EVERYBODY = [
    *(ZHANG, OUYANG, ABDULLA, LI, FANG, LING, GE, WANG, ZHAO, MACAO, HONGKONG, BRIEN, JOSE, STRAUSS, GREEK),
    *(OLD_CARD, SHORTEST, LONGEST, EXTENSION, COMPATIBLE),
]
UNNAMED_CODE = "914403001922038216"
UNNAMED = {"code": UNNAMED_CODE, "name": "", "scenarios": {"canyin": "2027-01-14"}}

NAMES: dict[str, tuple[str, str, Who]] = {
    "plain": ("as it is printed", "张三", ZHANG),
    "space": ("spaces", " 张 三 ", ZHANG),
    "ideographic-space": ("U+3000", "李　四", LI),
    "tab-and-line-break": ("what a cell of a spreadsheet may hold", "张\t三\r\n", ZHANG),
    "no-break-space": ("U+00A0", "张\u00a0三", ZHANG),
    "separator": ("U+2028 and U+001F", "张\u2028三\x1f", ZHANG),
    "zero-width-space": ("U+200B, category Cf", "张\u200b三", ZHANG),
    "direction-marks": ("U+202D and U+202C, category Cf", "\u202d张三\u202c", ZHANG),
    "byte-order-mark": ("U+FEFF, category Cf", "\ufeff张三", ZHANG),
    "soft-hyphen": ("U+00AD, category Cf", "张\u00ad三", ZHANG),
    "dot-00b7": ("U+00B7", "阿卜杜拉·买买提", ABDULLA),
    "dot-2022": ("U+2022", "阿卜杜拉•买买提", ABDULLA),
    "dot-2027": ("U+2027", "阿卜杜拉‧买买提", ABDULLA),
    "dot-30fb": ("U+30FB", "阿卜杜拉・买买提", ABDULLA),
    "dot-ff65": ("U+FF65, by NFKC", "阿卜杜拉･买买提", ABDULLA),
    "dot-22c5": ("U+22C5", "阿卜杜拉⋅买买提", ABDULLA),
    "dot-2219": ("U+2219", "阿卜杜拉∙买买提", ABDULLA),
    "dot-full-stop": ("U+002E", "阿卜杜拉.买买提", ABDULLA),
    "dot-ff0e": ("U+FF0E, by NFKC", "阿卜杜拉．买买提", ABDULLA),
    "dot-3002": ("U+3002, what a Chinese keyboard types for a full stop", "阿卜杜拉。买买提", ABDULLA),
    "dot-ff61": ("U+FF61, by NFKC", "阿卜杜拉｡买买提", ABDULLA),
    "dot-left-out": ("none", "阿卜杜拉买买提", ABDULLA),
    "private-use": ("U+E863 stands for U+4DAE", "方\ue863", FANG),
    "private-use-not-needed": ("U+4DAE itself", "方䶮", FANG),
    "circle-25cb": ("U+25CB", "李○", LING),
    "circle-25ef": ("U+25EF", "李◯", LING),
    "circle-2b55": ("U+2B55", "李⭕", LING),
    "circle-ffee": ("U+FFEE", "李\uffee", LING),
    "circle-3007": ("U+3007 itself", "李〇", LING),
    "variation-selector": ("U+FE00", "葛\ufe00辻", GE),
    "variation-selector-16": ("U+FE0F", "葛辻\ufe0f", GE),
    "ideographic-variation": ("U+E0100 and U+E01EF", "葛\U000e0100辻\U000e01ef", GE),
    "hyphen-and-apostrophe": ("U+002D and U+0027, small letters", "Jean-Pierre O'Brien", BRIEN),
    "apostrophe-2019": ("U+2019", "JEAN PIERRE O\u2019BRIEN", BRIEN),
    "apostrophe-02bc": ("U+02BC", "Jean Pierre O\u02bcBrien", BRIEN),
    "apostrophe-2032": ("U+2032", "Jean Pierre O\u2032Brien", BRIEN),
    "apostrophe-0060": ("U+0060, an accent typed for it", "Jean Pierre O`Brien", BRIEN),
    "apostrophe-00b4": ("U+00B4, likewise", "Jean Pierre O\u00b4Brien", BRIEN),
    "apostrophe-ff07": ("U+FF07, by NFKC", "Jean Pierre O\uff07Brien", BRIEN),
    "apostrophes-all": (
        "every apostrophe of the list",
        "Jean'Pierre\u02b9O\u02bb\u02bcB\u2018r\u2019i\u201be\u2032n",
        BRIEN,
    ),
    "dash-2010": ("U+2010", "Jean\u2010Pierre OBrien", BRIEN),
    "dash-2011": ("U+2011, by NFKC", "Jean\u2011Pierre OBrien", BRIEN),
    "dashes-all": ("every dash of the list", "J-e\u2010a\u2012n\u2013P\u2014i\u2015e\u2212rre OBrien", BRIEN),
    "full-width": ("letters of double width", "Ａｎｎａ　ｌｅｅ", OLD_CARD),
    "composed": ("an accent that is part of its letter", "José", JOSE),
    "decomposed": ("an accent of its own", "Jose\u0301", JOSE),
    "hidden-before-accent": ("what is dropped lets letter and accent meet: NFKC again", "Jose\u200d\u0301", JOSE),
    "sharp-s": ("a letter that has two in capitals", "Strauß", STRAUSS),
    "capitals-that-compose": ("U+0390 in capitals is three code points, of which two compose", "\u0390", GREEK),
    "radical": ("U+2F00 and full-width brackets, by NFKC", "孙\u2f00（大）", COMPATIBLE),
    "beyond-the-basic-plane": ("U+20BB7", "𠮷示例", EXTENSION),
}

NUMBERS: dict[str, tuple[str, str, Who]] = {
    "small-x": ("x for X", "99062119770707101x", LI),
    "full-width": ("digits of double width", "９９０６２１１９７７０７０７１０１Ｘ", LI),
    "spaces": ("groups", "990621 1990 0101 1233", ZHANG),
    "hyphens": ("U+002D", "990621-19900101-1233", ZHANG),
    "dashes": ("every dash of the list", "990\u2010621\u20121990\u20130101\u201412\u20153\u22123", ZHANG),
    "hidden": ("U+202D and U+202C, as some programs paste", "\u202d990621199001011233\u202c", ZHANG),
    "15-digits": ("a number of the first generation", "990621850505007", WANG),
    "15-digits-full-width": ("the same, of double width", "９９０６２１８５０５０５００７", WANG),
    "18-digits": ("the same, brought to 18", WANG[1], WANG),
    "military-full": ("the digits count", "军字第0123456号", ZHAO),
    "military-another-character": ("whatever the first character is", "海字第0123456号", ZHAO),
    "military-without-prefix": ("without the first character", "字第０１２３４５６号", ZHAO),
    "military-short": ("a character and the digits", "军0123456", ZHAO),
    "military-digits": ("the digits alone", "0123456", ZHAO),
    "travel-permit": ("nine characters", "H12345678", HONGKONG),
    "travel-permit-renewed": ("the two digits that count renewals are left out", "H1234567801", HONGKONG),
    "travel-permit-renewed-small": ("in small letters, with a space", "m12345678 02", MACAO),
    "passport": ("letters and digits", "e1234 5678", BRIEN),
    "old-permanent-residence": ("three letters and twelve digits", "abc123456789012", OLD_CARD),
    "five-characters": ("the shortest", "AB123", SHORTEST),
    "twenty-characters": ("the longest", "ABCDEFGHIJ0123456789", LONGEST),
}

NOT_FOUND: dict[str, tuple[str, str, str, Who]] = {
    "namesake": ("another person of the same name", *STRANGER, STRANGER),
    "other-name": ("another name with a number of the list", "李四", ZHANG[1], ("李四", ZHANG[1])),
    "simplified-is-not-traditional": (
        "traditional characters are other characters",
        "張三",
        ZHANG[1],
        ("張三", ZHANG[1]),
    ),
    "passport-of-12-digits": ("a number that is no resident number", "张三", "123456789012", ("张三", "123456789012")),
    "travel-permit-of-ten": ("neither nine characters nor eleven", "陈示例", "H123456789", ("陈示例", "H123456789")),
    "private-use-beyond-the-table": ("U+E865 stays what it is", "方\ue865", FANG[1], ("方\ue865", FANG[1])),
}

BAD_NUMBERS = {
    "wrong-check-digit": ("the last digit", "990621199001011234"),
    "x-for-a-digit": ("X where a digit belongs", "99062119900101123X"),
    "two-digits-swapped": ("two neighbours swapped", "990621199001101233"),
    "17-digits": ("one too few", "99062119900101123"),
    "19-digits": ("one too many", "9906211990010112333"),
    "16-digits": ("neither 15 nor 18", "9906211990010112"),
    "birth-date": ("30 February, with the right check digit", checked("99062119900230123")),
    "birth-year-zero": ("the year 0000, with the right check digit", checked("99062100000101123")),
    "15-digits-birth-date": ("30 February in a number of 15 digits", "990621900230123"),
    "four-characters": ("too short", "A123"),
    "21-characters": ("too long", "A" * 21),
    "empty": ("nothing", ""),
    "only-dashes": ("nothing but what is dropped", " -- "),
    "spreadsheet": ("what a spreadsheet makes of a number", "9.90621E+17"),
    "arabic-indic-digits": ("digits of another script", "99062119900101123\u0663"),
    "military-of-three-digits": ("a character that belongs to no number", "军字第123号"),
    "han": ("characters", "张三张三张三"),
    "replacement-character": ("U+FFFD", "E1234\ufffd78"),
}

BAD_NAMES = {
    "empty": ("nothing", ""),
    "only-spaces": ("nothing but white space", " \u3000\t"),
    "only-dots": ("nothing but what is dropped", "·-'\u200b"),
    "replacement-character": ("a character that was lost on the way", "张\ufffd"),
}

CODES: dict[str, tuple[str, str, str, str | None]] = {
    "plain": ("as it is printed", COMPANY[0], "eligible", COMPANY[1]),
    "small-letters": ("small letters", COMPANY[0].lower(), "eligible", COMPANY[1]),
    "groups": ("spaces and hyphens", "91-350100 M000100Y4-3", "eligible", COMPANY[1]),
    "full-width": (
        "letters and digits of double width",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "eligible",
        COMPANY[1],
    ),
    "hidden": ("a mark of direction and a dash", "\u200e91350100M\u2013000100Y43", "eligible", COMPANY[1]),
    "without-name": ("an organisation that may not be named: the code is compared", UNNAMED_CODE, "eligible", ""),
    "not-on-the-list": ("a right code that is not listed", "91110000000000000", "not-found", None),
    "wrong-check": ("the last character", "91350100M000100Y44", "bad-number", None),
    "too-short": ("17 characters", "91350100M000100Y4", "bad-number", None),
    "letter-o": ("O is not in the alphabet", "9135010OM000100Y43", "bad-number", None),
    "only-dashes": ("nothing but what is dropped", " － ", "bad-number", None),
    "han": ("a name in the place of the code", "示例餐饮有限公司", "bad-number", None),
}


def code_of(first_17: str) -> str:
    """Return a unified social credit code with its check character (GB 32100-2015)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    return first_17 + alphabet[-sum(alphabet.index(c) * 3**i for i, c in enumerate(first_17)) % 31]


def bundle() -> bytes:
    """Return a bundle with everybody in it."""
    tokens = [*(token(*who) for who in EVERYBODY), *filling("people", 64)]
    organisations = sorted([COMPANY_ENTRY, OTHER_ENTRY, UNNAMED], key=lambda entry: str(entry["code"]))
    return Office(classes=[Class(LONG, tokens)], organisations=organisations).bundle()


def cases() -> Iterator[Case]:
    """Yield the cases of names, numbers and codes."""
    data, canyin = bundle(), {"canyin": "2027-01-14"}

    def case(name: str, shows: str, spec: str, code: str, typed: str, number: str, who: Who | None = None) -> Case:
        return Case(f"people/{name}", shows, spec, data, code, Question(typed, number), canonical=who)

    for name, (shows, typed, who) in NAMES.items():
        yield case(f"name-{name}", f"a name with {shows}", "3.1", "eligible", typed, who[1], who)
    for name, (shows, typed, who) in NUMBERS.items():
        yield case(f"number-{name}", f"a number: {shows}", "3.2", "eligible", who[0], typed, who)
    for name, (shows, typed, number, who) in NOT_FOUND.items():
        yield case(f"not-found-{name}", shows, "5.6", "not-found", typed, number, who)
    for name, (shows, number) in BAD_NUMBERS.items():
        yield case(f"bad-number-{name}", f"a number: {shows}", "3.2", "bad-number", "张三", number)
    for name, (shows, typed) in BAD_NAMES.items():
        yield case(f"bad-name-{name}", f"a name: {shows}", "3.1", "bad-name", typed, ZHANG[1])
    company = COMPANY[0]
    shows = "a code asked as a person's number is nobody's"
    yield case("not-found-code-as-a-number", shows, "5.6", "not-found", "张三", company, ("张三", company))
    for name, (shows, typed, code, organisation) in CODES.items():
        asked = Question(code=code_of(typed) if name == "not-on-the-list" else typed)
        perks = canyin if code == "eligible" else None
        yield Case(f"people/code-{name}", shows, "3.2", data, code, asked, perks, organisation=organisation)
    past = Office(organisations=[COMPANY_ENTRY | {"scenarios": {"canyin": "2026-11-20"}}]).bundle()
    yield Case("people/code-last-day-past", "an organisation until yesterday", "5.6", past, "not-found", THE_COMPANY)
