"""What the columns of an extraction sheet mean: the names that reviews and other programs give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from riskmodel.errors import Problems, nearest

SHARE = ("events", "n")
QUADAS = "quadas_"
DOMAINS = ("patient_selection", "index_test", "reference_standard", "flow_and_timing")
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "study": ("study id", "study name", "studies", "name", "names", "study label", "slab", "trial", "publication"),
    "author": ("authors", "first author", "lead author", "author name"),
    "year": ("study year", "publication year", "pub year", "year of publication", "year published"),
    "source": ("citation key", "reference key", "bibtex key"),
    "locator": ("page", "pages", "table", "location", "page or table", "where"),
    "read": ("how read",),
    "setting": ("care setting", "clinical setting", "study setting", "level of care"),
    "of": ("finding", "index test", "test", "test name", "red flag", "flag", "sign", "symptom", "index test name"),
    "given": ("condition", "target condition", "target disease", "disease", "diagnosis"),
    "others": (),
    "tp": ("true positive", "true positives", "true pos", "n tp", "tps", "number of true positives"),
    "fp": ("false positive", "false positives", "false pos", "n fp", "fps", "number of false positives"),
    "fn": ("false negative", "false negatives", "false neg", "n fn", "fns", "number of false negatives"),
    "tn": ("true negative", "true negatives", "true neg", "n tn", "tns", "number of true negatives"),
    "events": ("event", "n events", "number of events"),
    "n": ("total", "total n", "n total", "sample size", "participants", "patients", "number of patients",
          "n patients", "number of participants", "n participants"),
    "n_disease": ("diseased", "n diseased", "n with disease", "with disease", "n with condition", "with condition",
                  "disease positive", "d+", "n d+", "condition positive"),
    "n_no_disease": ("non diseased", "nondiseased", "n non diseased", "n without disease", "without disease",
                     "n without condition", "without condition", "disease negative", "d-", "n d-",
                     "condition negative"),
    "sens": ("sensitivity", "se", "tpr", "true positive rate"),
    "spec": ("specificity", "sp", "tnr", "true negative rate"),
    "cutoff": ("cut off", "threshold", "cut point", "cutpoint", "cutoff value"),
    "design": ("study design", "study type", "type of study"),
    "reference_standard": ("reference test", "gold standard", "reference"),
    "verified_partly": ("partial verification", "partly verified", "verification bias"),
    "note": ("notes", "comment", "comments", "remark", "remarks"),
})  # fmt: skip
TARGETS = (*SYNONYMS,)  # what a column can be; a column quadas_… as well
ALIKE = 0.8  # of the letters of two names, from which one may be meant for the other
SHOWN = 12  # columns of a sheet that a message lists


def folded(name: str) -> str:
    """Letters, digits and signs of a name, without accents, in lower case.

    >>> folded("True Positives (n)"), folded("D+"), folded("Étude")
    ('truepositivesn', 'd+', 'etude')
    """
    plain = unicodedata.normalize("NFKD", name).lower()
    return re.sub(r"[^a-z0-9+-]|(?<=[a-z0-9])-(?=[a-z0-9])", "", plain)


_MEANINGS = {folded(name): target for target, names in SYNONYMS.items() for name in (target, *names)}


def meaning_of(name: str) -> str:
    """What a column with this name is, or nothing.

    >>> meaning_of("True Positive (TP)"), meaning_of("Cut-off"), meaning_of("mean age")
    ('tp', 'cutoff', '')
    >>> meaning_of("Risk of bias: patient selection"), meaning_of("Index test (applicability concern)")
    ('quadas_patient_selection', 'quadas_applicability_index_test')
    """
    if name in SYNONYMS or name.startswith(QUADAS):
        return name
    judged = _judged(name)
    if judged:
        return judged
    without_brackets = re.sub(r"[(\[].*?[)\]]", "", name)
    return _MEANINGS.get(folded(name)) or _MEANINGS.get(folded(without_brackets), "")


def _judged(name: str) -> str:
    """The QUADAS-2 domain that a column judges."""
    plain = folded(name)
    domain = next((domain for domain in DOMAINS if folded(domain) in plain), "")
    domain = domain or ("flow_and_timing" if "flowtiming" in plain or "flow&timing" in name.lower() else "")
    concern = "applicab" in plain
    if domain and (concern or "quadas" in plain or "bias" in plain or plain.startswith("rob")):
        return f"{QUADAS}{'applicability_' if concern else ''}{domain}"
    return QUADAS + "flow_and_timing" if plain in ("flowandtiming", "flowtiming") else ""


def match_columns(
    names: Sequence[str], asked: Mapping[str, str], ignored: Collection[str], problems: Problems
) -> tuple[dict[str, int], list[str]]:
    """Which column of the sheet is what, by the asked names (target → name in the sheet) and by the usual ones.

    Returns
    -------
    target → position; and the names of the columns that nothing is made of.
    """
    for name in dict.fromkeys(names):
        if not name:
            problems.at(f"column {names.index(name) + 1}").note("", "has cells but no name", "a name")
        elif names.count(name) > 1:
            problems.at(f"column {name!r}").note("", "stands twice", "each column once")
    for target, name in asked.items():
        if target not in TARGETS and not target.startswith(QUADAS):
            allowed = f"columns are {', '.join(TARGETS)}, {QUADAS}…{nearest(target, TARGETS)}"
            problems.at(f"column {target}={name}").note("", f"there is no column {target!r}", allowed)
        elif name not in names:
            problems.at(f"column {target}={name}").note("", "the sheet does not have it", _sheet_has(names, name))
    for name in ignored:
        if name not in names:
            problems.at(f"column {name!r}").note("", "to be ignored, but the sheet has none", _sheet_has(names, name))
    positions = {target: names.index(name) for target, name in asked.items() if name in names}
    taken = {*positions.values(), *(i for i, name in enumerate(names) if name in ignored)}
    _by_usual_names(names, positions, taken, problems)
    unused = [name for i, name in enumerate(names) if i not in taken and i not in positions.values() and name]
    for name in unused:
        _not_nearly_one(name, positions, problems)
    return positions, unused


def _by_usual_names(names: Sequence[str], positions: dict[str, int], taken: set[int], problems: Problems) -> None:
    candidates: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        meaning = meaning_of(name) if i not in taken and name else ""
        if meaning and meaning not in positions:
            candidates.setdefault(meaning, []).append(i)
    for target, columns in candidates.items():
        literal = [i for i in columns if names[i] == target] or [i for i in columns if folded(names[i]) == target]
        chosen = literal or columns
        if len(chosen) > 1 and len({names[i] for i in chosen}) > 1:
            which = " and ".join(repr(names[i]) for i in chosen)
            problems.at(f"column {target!r}").note(
                "", f"may be {which}", f"say which: --column {target}=NAME (in Python columns)"
            )
        positions[target] = chosen[0]


def _not_nearly_one(name: str, positions: Collection[str], problems: Problems) -> None:
    """Refuse a name that is nearly that of a column which the sheet would otherwise not have."""
    missing = [target for target in TARGETS if target not in positions and len(target) > 3]
    near = [] if meaning_of(name) else get_close_matches(folded(name), missing, n=1, cutoff=ALIKE)
    if near:
        allowed = (
            f"name it (--column {near[0]}={name!r}; in Python columns) or leave it out (--ignore; in Python ignore)"
        )
        received = f"unknown column (did you mean {near[0]!r}?)"
        problems.at(f"column {name!r}").note("", received, allowed)


def first_columns(names: Sequence[str]) -> str:
    """The first columns of a sheet, and how many there are beside.

    >>> first_columns(["study", "", "tp"]), first_columns([f"c{i}" for i in range(14)])[-14:]
    ('study, tp', 'c11 and 2 more')
    """
    there = [name for name in names if name]
    more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
    return f"{', '.join(there[:SHOWN])}{more}"


def _sheet_has(names: Sequence[str], name: str) -> str:
    alike = {folded(other): other for other in names}
    near = nearest(folded(name), alike)
    hint = f" (did you mean {alike[near.split(chr(39))[1]]!r}?)" if near else ""
    return f"the sheet has {first_columns(names)}{hint}"
