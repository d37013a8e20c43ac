"""Digests of what was read: the same for the same content, however it is written down."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.lineage import fit_sentences
from riskmodel.evidence.recording import used_rates
from riskmodel.evidence.records import IGNORABLE
from riskmodel.evidence.together import pairs_in_force

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors

FOR_READERS = ("definition", "note", "file", "given_text")  # texts that no output depends on
FOLLOW = ("blank_tells", "studies")  # from the recording profile, and from the numbers; a digest has both whole


def digest_of(content: object) -> str:
    """A SHA-256 over records, tables and lists: every key and value but the texts that are for readers of the files.

    >>> digest_of({"value": 0.5, "note": "once"}) == digest_of({"note": "again", "value": 0.5})
    True
    >>> digest_of([1, 2]) == digest_of([2, 1])
    False
    """
    return hashlib.sha256(json.dumps(_plain(content), sort_keys=True).encode()).hexdigest()


def digest_of_text(text: bytes) -> str:
    """The digest of a TOML document, of which comments and white space are no part; of anything else its bytes'."""
    try:
        return digest_of(tomllib.loads(text.decode()))
    except ValueError:  # whoever needs its content reports it
        return hashlib.sha256(text).hexdigest()


def digest_of_priors(priors: Priors) -> str:
    """The digest of all that can change a posterior, its draws or its words: network, numbers in use, fits."""
    pairs = [pair.as_table() for pair in pairs_in_force(priors)]
    together = {"drawn_together": pairs} if pairs else {}
    recording = {} if priors.recording == IGNORABLE else {"recording": used_rates(priors)}
    return digest_of(recording | together | {
        "variables": priors.variables,
        "composites": [[name, sorted(members)] for name, members in priors.composites.items()],  # columns in this order
        "groups": {name: sorted(members) for name, members in priors.groups.items()},
        "statements": priors.selected_statements,
        "default_n": priors.prior_set.default_n,
        "reference_setting": priors.prior_set.reference_setting,
        "fits": list(fit_sentences(priors)),
    })  # fmt: skip


def _plain(value: object) -> Any:
    """As types of JSON. Records become tables of their fields, so that a new field counts by itself."""
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        value = {name: getattr(value, name) for name in _counted(type(value))}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not (key in FOR_READERS and isinstance(item, str))}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value)


@cache
def _counted(kind: type) -> tuple[str, ...]:
    """The fields of a record that count."""
    return tuple(entry.name for entry in fields(kind) if entry.name not in FOLLOW)
