"""What separates the fields of a text: known by its header."""

from __future__ import annotations

import re

from riskmodel.casefiles.read.kinds import other_kind
from riskmodel.cases.header import OTHER_SEPARATORS

STATED = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # a first line that Excel writes and reads
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def separator_of(header: str) -> str:
    """What stands most often in a header, outside quotes; the comma where it stands as often.

    >>> separator_of('case_id;"age, in years";fever')
    ';'
    """
    bare = _QUOTED.sub("", header)
    return max((",", *OTHER_SEPARATORS), key=bare.count)


def is_separated(start: bytes) -> bool:
    """Whether a file that begins so is text whose fields are separated otherwise than by commas."""
    line = b"".join(start.partition(b"\n")[:2])
    if other_kind(start) or not any(separator.encode() in line for separator in OTHER_SEPARATORS):
        return False
    text = line.decode("utf-8-sig", "replace")
    return STATED.fullmatch(text) is not None or separator_of(text) != ","
