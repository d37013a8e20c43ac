"""What the cells of an extraction sheet say: whole numbers, shares, and the usual words for a design or a judgement."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

from riskmodel.synthesis.sheet_columns import QUADAS, folded

MISSING = frozenset({"na", "n/a", "n.a.", "nan", "nr", "n.r.", "not reported", "-", "–", "—", ".", "null", "none"})
WHOLE = re.compile(r"[0-9]+([.,]0{1,2})?")  # 20.0 is what programs write of 20 in a column with blanks
GROUPED = re.compile(r"[0-9]{1,3}(?:([ .,'’\u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")
SHARE = re.compile(r"([0-9]*[.,]?[0-9]+)\s*(%?)(?:\s*[(\[].*)?")  # an interval may follow
ANSWERS = ("yes", "no", "unclear")
JUDGEMENTS = ("low", "high", "unclear")
REMARKS = ("note", "comment", "support", "reason")  # in the name of a column that holds no judgement
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "design": {
        "casecontrol": "case_control", "case-control": "case_control", "diagnosticcasecontrol": "case_control",
        "twogate": "two_gate", "cohort": "cohort", "singlegate": "cohort", "onegate": "cohort",
        "crosssectional": "cohort", "prospectivecohort": "cohort", "retrospectivecohort": "cohort",
        "prospectivecrosssectional": "cohort", "consecutive": "cohort",
    },
    "read": {"fulltext": "full_text", "full": "full_text", "abstract": "abstract", "abstractonly": "abstract",
             "secondhand": "second_hand", "no": "no"},
    "answer": {"y": "yes", "yes": "yes", "n": "no", "no": "no", "unclear": "unclear", "true": "yes", "false": "no"},
    "judgement": {
        "low": "low", "l": "low", "lowrisk": "low", "lowconcern": "low", "lowriskofbias": "low", "+": "low",
        "high": "high", "h": "high", "highrisk": "high", "highconcern": "high", "highriskofbias": "high", "-": "high",
        "unclear": "unclear", "u": "unclear", "unclearrisk": "unclear", "unclearconcern": "unclear",
        "unclearriskofbias": "unclear",
    },
})  # fmt: skip


def whole_number(text: str) -> int | str:
    """The number, or why it is none.

    >>> whole_number("1,204"), whole_number("20.0"), whole_number("1 204"), whole_number("20.5")
    (1204, 20, 1204, 'allowed: a whole number, 0 or more')
    >>> whole_number("20.000")
    'allowed: a whole number; write 20 or 20000'
    """
    if WHOLE.fullmatch(text):
        return int(re.split(r"[.,]", text)[0])
    grouped = GROUPED.fullmatch(text)
    if not grouped:
        return "allowed: a whole number, 0 or more"
    digits = re.sub(r"[^0-9]", "", text)
    if grouped[1] in ".," and text.count(grouped[1]) == 1 and text.endswith("000"):  # thousands, or decimals?
        return f"allowed: a whole number; write {text.split(grouped[1], maxsplit=1)[0]} or {digits}"
    return int(digits)


def share_as_printed(text: str, *, percent: bool) -> tuple[Fraction, Fraction] | None:
    """A share, and half a unit of its last digit; nothing if it is no share.

    >>> share_as_printed("0,85", percent=False)
    (Fraction(17, 20), Fraction(1, 200))
    >>> share_as_printed("85 [70, 93]", percent=True)
    (Fraction(17, 20), Fraction(1, 200))
    """
    match = SHARE.fullmatch(text)
    if not match:
        return None
    digits = match[1].replace(",", ".")
    value, half = Fraction(digits), Fraction(1, 2 * 10 ** len(digits.partition(".")[2]))
    scale = 100 if percent or match[2] else 1
    return (value / scale, half / scale) if value <= scale else None


def in_percent(texts: Iterable[str]) -> bool:
    """Whether the shares of a column that have no per cent sign of their own can only be per cent.

    >>> in_percent(["85", "0.9"]), in_percent(["85 %", "0.9"])
    (True, False)
    """
    plain = (match for match in map(SHARE.fullmatch, texts) if match is not None and not match[2])
    return any(Fraction(match[1].replace(",", ".")) > 1 for match in plain)


def kind_of_word(column: str) -> str:
    """Which of ``WORDS`` a column has, or nothing.

    >>> kind_of_word("quadas_index_test"), kind_of_word("quadas_comment"), kind_of_word("verified_partly")
    ('judgement', '', 'answer')
    """
    if column.startswith(QUADAS):
        return "" if any(remark in column for remark in REMARKS) else "judgement"
    return {"verified_partly": "answer"}.get(column, column if column in WORDS else "")


def usual_word(kind: str, text: str) -> str:
    """The word of the program for a word of a sheet; the same text where there is none."""
    if text in WORDS[kind].values():
        return text
    if kind == "judgement" and text == "?":
        return "unclear"
    return WORDS[kind].get(folded(text.replace("−", "-")), text)


def key_of(text: str) -> str:
    """A key of a source, made of the name of a study.

    >>> key_of("Müller et al., 2010"), key_of("12")
    ('muller_2010', 'study_12')
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"\bet al\b\.?", "", text)).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return key if key[:1].isalpha() else f"study_{key}".rstrip("_")
