"""The text of a small policy, from its rules."""

from __future__ import annotations

import json
from collections.abc import Sequence


def rule(identifier: str, when: str, **keys: object) -> str:
    """A rule; ``keys`` are texts and lists of texts."""
    return _table("rule", id=identifier, when=when, **keys)


def otherwise(urgency: str, **keys: object) -> str:
    """What holds where no rule fires."""
    return _table("otherwise", urgency=urgency, **keys)


def threshold(name: str, harm: float, benefit: float) -> str:
    """A threshold, for the ``head`` of a policy."""
    return f"[threshold.{name}]\nharm = {harm}\nbenefit = {benefit}\n"


def probable(condition: str, of_threshold: str, **keys: object) -> str:
    """A rule, named as its threshold, that fires where a condition's probability reaches this."""
    return rule(of_threshold, f"p({condition}) >= threshold({of_threshold})", **keys)


def policy_text(urgencies: Sequence[str], referrals: Sequence[str], *rules: str, head: str = "") -> str:
    """A policy: its words, any other top-level keys and tables, its rules, and ``routine`` where none fires.

    Parameters
    ----------
    rules
        as of :func:`rule` and :func:`otherwise`.
    """
    words = f'title = "Small"\nurgencies = {json.dumps(list(urgencies))}\nreferrals = {json.dumps(list(referrals))}\n'
    return "\n".join([words, head, *rules, otherwise("routine")])


def _table(kind: str, **keys: object) -> str:
    lines = [f"{key} = {json.dumps(content)}" for key, content in keys.items()]
    return "\n".join([f"[[{kind}]]", *lines, 'reason = "R."', 'source = "assumption"', ""])
