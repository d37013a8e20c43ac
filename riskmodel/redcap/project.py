"""How a project's exports are to be read: its dictionary, which rows are cases, missing data codes, unticked boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riskmodel.errors import UsageError, nearest

BLANK, NOT_ASSESSED_WORD = "blank", "not_assessed"
AUTO, RAW, LABELS = "auto", "raw", "labels"
EVERY_BOX = "*"
_KEYS = ("dictionary", "rows", "values", "missing", "missing_as_blank", "unticked", "hidden")


@dataclass(frozen=True)
class RedcapProject:
    """What is stated of a project.

    Attributes
    ----------
    dictionary
        the file of its data dictionary.
    rows
        which rows of an export are cases, where there are several of a record: see :func:`read_row_choice`.
    values
        ``raw``, ``labels``, or ``auto``: what an export holds, as its cells show.
    missing
        the missing data codes of the project, and their labels (empty where none is stated).
    missing_as_blank
        those among them that say no more than a blank.
    unticked
        what a box that is not ticked says (``blank``, ``not_assessed`` or ``no``), by field; ``*`` for all others.
    hidden
        what a field says that branching hides, by field: a word of its column. Without it nothing.
    """

    dictionary: Path
    rows: str = ""
    values: str = AUTO
    missing: Mapping[str, str] = field(default_factory=dict)
    missing_as_blank: frozenset[str] = frozenset()
    unticked: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)

    def stated(self) -> dict[str, object]:
        """What is stated, for the record of a run, with the hash of the dictionary."""
        return {
            "dictionary": str(self.dictionary),
            "dictionary_sha256": hashlib.sha256(self.dictionary.read_bytes()).hexdigest(),
            "rows": self.rows,
            "values": self.values,
            "missing": dict(self.missing),
            "missing_as_blank": sorted(self.missing_as_blank),
            "unticked": dict(self.unticked),
            "hidden": dict(self.hidden),
        }

    def unticked_word(self, name: str) -> str:
        """What a box of this field says when it is not ticked."""
        return self.unticked.get(name, self.unticked.get(EVERY_BOX, BLANK))


def missing_codes(text: str) -> dict[str, str]:
    """Missing data codes as they stand on REDCap's page: ``code, label | code, label``; a label may be left out.

    >>> missing_codes("-9, Not asked | UNK")
    {'-9': 'Not asked', 'UNK': ''}
    """
    codes = {}
    for piece in filter(None, (part.strip() for part in text.replace("\n", "|").split("|"))):
        code, _, label = (part.strip() for part in piece.partition(","))
        if not code or " " in code:
            raise UsageError(f"missing data codes: {piece!r}; write code, label | code, label as in REDCap")
        codes[code] = label
    return codes


def unticked_words(texts: Sequence[str]) -> dict[str, str]:
    """What unticked boxes say: a word for all, or ``field=word``.

    >>> unticked_words(["no", "symptoms=blank"])
    {'*': 'no', 'symptoms': 'blank'}
    """
    words = {}
    for text in texts:
        name, equals, word = text.partition("=")
        words[name if equals else EVERY_BOX] = word if equals else text
    for name, word in words.items():
        if word not in (BLANK, NOT_ASSESSED_WORD, "no"):
            where = "" if name == EVERY_BOX else f" of {name}"
            raise UsageError(f"boxes{where} that are not ticked: {word!r}; allowed: {BLANK}, {NOT_ASSESSED_WORD}, no")
    return words


def redcap_project(
    file: str | Path,
    *,
    rows: str | None = None,
    values: str | None = None,
    missing: str | Mapping[str, str] | None = None,
    missing_as_blank: Sequence[str] = (),
    unticked: str | Sequence[str] | Mapping[str, str] | None = None,
    hidden: Mapping[str, str] | None = None,
) -> RedcapProject:
    """What is stated of a project: in a TOML file that names the dictionary, or beside the dictionary.

    Raises
    ------
    UsageError
        naming what cannot be understood, with what is allowed.
    """
    stated: dict[str, Any] = _read(Path(file)) if str(file).endswith(".toml") else {"dictionary": Path(file)}
    asked = {"rows": rows, "values": values, "missing": missing, "unticked": unticked, "hidden": hidden}
    stated |= {key: value for key, value in asked.items() if value}
    if missing_as_blank:
        stated["missing_as_blank"] = list(missing_as_blank)
    named = stated.get("values", AUTO)
    if named not in (AUTO, RAW, LABELS):
        raise UsageError(f"values of the export: {named!r}{nearest(named, (AUTO, RAW, LABELS))}; allowed: raw, labels")
    codes = stated.get("missing", {})
    codes = missing_codes(codes) if isinstance(codes, str) else dict(codes)
    as_blank = frozenset(stated.get("missing_as_blank", ()))
    if unknown := sorted(as_blank - codes.keys()):
        raise UsageError(f"missing_as_blank: {', '.join(unknown)} is among no missing codes ({', '.join(codes)})")
    boxes = stated.get("unticked", {})
    boxes = [boxes] if isinstance(boxes, str) else boxes
    boxes = [f"{name}={word}" for name, word in boxes.items()] if isinstance(boxes, Mapping) else boxes
    return RedcapProject(
        Path(stated["dictionary"]),
        stated.get("rows", ""),
        named,
        codes,
        as_blank,
        unticked_words(boxes),
        dict(stated.get("hidden", {})),
    )


def _read(path: Path) -> dict[str, Any]:
    """The keys of a project file; the dictionary is looked for beside it."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    problems = [
        f"{key}: unknown key{nearest(key, _KEYS)}; allowed: {', '.join(_KEYS)}" for key in table if key not in _KEYS
    ]
    texts: dict[str, tuple[type[Any], ...]] = {
        "dictionary": (str,),
        "rows": (str,),
        "values": (str,),
        "missing": (str, dict),
        "missing_as_blank": (list,),
        "unticked": (str, dict),
        "hidden": (dict,),
    }
    for key, kinds in texts.items():
        value = table.get(key)
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        if key in table and (not isinstance(value, kinds) or not all(isinstance(text, str) for text in inner)):
            wanted: dict[type[Any], str] = {str: "a text", dict: "a table of texts", list: "a list of texts"}
            problems.append(f"{key}: {value!r}; must be {' or '.join(wanted[kind] for kind in kinds)}")
    if "dictionary" not in table:
        problems.append("dictionary: missing; the file of the data dictionary")
    if problems:
        raise UsageError("\n".join([f"{path}: {len(problems)} problems", *(f"  {problem}" for problem in problems)]))
    return {**table, "dictionary": path.parent / table["dictionary"]}
