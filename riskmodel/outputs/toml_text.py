"""TOML that the program writes as a whole, and a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit


def toml_text(values: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]], comment: str = "") -> str:
    """A document of values, then of tables that stand under one name each, ``[[name]]``, below a comment.

    >>> print(toml_text({"pin": ["a"]}, {"statement": [{"id": "a"}]}, "What was made."), end="")
    # What was made.
    pin = ["a"]
    <BLANKLINE>
    [[statement]]
    id = "a"
    """
    document = tomlkit.document()
    if comment:
        document.add(tomlkit.comment(comment))
    for name, value in values.items():
        document[name] = value
    for name, entries in tables.items():
        listed = tomlkit.aot()
        for entry in entries:
            listed.append(tomlkit.item(dict(entry)))
        document[name] = listed
    return tomlkit.dumps(document)
