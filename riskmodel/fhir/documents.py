"""Files of FHIR resources: one resource, a Bundle, or one resource a line (NDJSON)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from riskmodel.errors import CasesError
from riskmodel.fhir.response import RESPONSE, writable

ALLOWED = f"a {RESPONSE}, a Bundle of them, or one {RESPONSE} a line (NDJSON), FHIR R4"


@dataclass(frozen=True, slots=True)
class Placed:
    """A response as text, how others refer to it, and where it stands in its document."""

    text: str
    reference: str = ""
    within: str = ""


def parsed(text: str) -> Any:
    """JSON in which no key stands twice and every number is one.

    >>> parsed('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: 'a' stands twice in one object
    """
    return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return made


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def reference_of(resource: Mapping[str, Any], full_url: object = None) -> str:
    """How others refer to a response: by its place on a server, or in its bundle."""
    if isinstance(full_url, str) and full_url:
        return writable(full_url)
    identifier = resource.get("id")
    return writable(f"{RESPONSE}/{identifier}") if isinstance(identifier, str) and identifier else ""


def responses_of(document: Any, name: str) -> tuple[list[Placed], tuple[str, ...]]:
    """The responses of a parsed document, and what is to be said of other resources in it.

    Raises
    ------
    CasesError
        for what is neither a response nor a bundle.
    """
    kind = document.get("resourceType") if isinstance(document, Mapping) else None
    if kind == RESPONSE:
        return [Placed(json.dumps(document), reference_of(document))], ()
    entries = document.get("entry", []) if kind == "Bundle" else None
    if not isinstance(entries, list):
        what = f"a resource of type {kind}" if kind else "JSON that is no resource of FHIR"
        raise CasesError(f"{name}: {what}; allowed: {ALLOWED}")
    placed, others = [], Counter[str]()
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping) and resource.get("resourceType") == RESPONSE:
            reference = reference_of(resource, entry.get("fullUrl"))
            placed.append(Placed(json.dumps(resource), reference, f"entry[{number}].resource"))
        else:
            others[str(resource.get("resourceType")) if isinstance(resource, Mapping) else "no resource"] += 1
    counted = ", ".join(f"{count:,} × {other}" for other, count in others.most_common())
    return placed, (f"entries of the bundle that are no responses: {counted}",) if others else ()


def is_line_by_line(first_line: str) -> bool:
    """Whether the first line of a file is a whole resource, and so every line; a Bundle is a file of its own."""
    try:
        resource = json.loads(first_line)
    except ValueError:
        return False
    return isinstance(resource, Mapping) and resource.get("resourceType") != "Bundle"


def response_of_line(line: str) -> Placed:
    """A line of NDJSON; what is wrong with it, is said where it is read."""
    try:
        resource = json.loads(line)
    except ValueError:
        return Placed(line)
    return Placed(line, reference_of(resource) if isinstance(resource, Mapping) else "")


def numbered(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """The lines that hold something, each with the number of lines before it."""
    for number, line in enumerate(lines):
        if line.strip():
            yield number, line.strip()
