"""Everything the page knows, as plain data: tables of each prior set, policies, the form, cases of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel._version import __version__
from riskmodel.decision.costs import find_pathways
from riskmodel.decision.reading.load import policy_names
from riskmodel.errors import UsageError
from riskmodel.evidence.records import IGNORABLE, SETTING
from riskmodel.explorer.form import form_data
from riskmodel.explorer.numbers import drawn_numbers, drawn_rates, packed, stated_numbers, stated_rates
from riskmodel.explorer.origins import packed_origins
from riskmodel.explorer.policies import policy_data
from riskmodel.explorer.structure import structure
from riskmodel.text import RESEARCH_ONLY, words

if TYPE_CHECKING:
    from riskmodel.arrays import Masks
    from riskmodel.decision.policy import Policy
    from riskmodel.model import Model


MOST_CASES = 10_000  # some 40 bytes of the page each


@dataclass(frozen=True, slots=True)
class ShownCases:
    """Cases that the page lists: their identifiers and evidence, (variables, cases); a blank that may be read is 0."""

    names: tuple[str, ...] = ()
    masks: Masks | None = None


def content(
    models: Sequence[Model], *, draws: int = 0, seed: int = 0, setting: str | None = None, cases: ShownCases
) -> dict[str, Any]:
    """What is written into the page.

    Parameters
    ----------
    models
        one for each prior set, the first shown at first; alike but for the set.
    draws
        how many draws of the statements are carried, 0 for none: the stated values are not among them.
    setting
        that the page opens with.

    Raises
    ------
    UsageError
        where the prior sets do not speak of the same variables, or there are more cases than can be listed.
    """
    first = models[0]
    for model in models[1:]:
        if not asks_alike(model, first):
            raise UsageError(f"{model.priors.prior_set.name} has other variables than {first.priors.prior_set.name}")
    pathways = find_pathways(first.root)
    return {
        "version": __version__,
        "note": RESEARCH_ONLY,
        **form_data(first.variables, pathways),
        "settings": [{"name": name, "label": words(name)} for name in first.settings],
        "sets": [_set(model, draws, seed) for model in models],
        "policies": packed(json.dumps([policy_data(policy) for policy in _policies(first)]).encode()),
        "start": {
            SETTING: first.default_setting(setting) or _first_setting(first),
            "policy": first.policy.name,
            "recording": first.priors.recording,
        },
        "cases": _cases(cases),
    }


def asks_alike(model: Model, other: Model) -> bool:
    """Whether two models have the same variables with the same states: one page can show both."""
    return [(v.name, v.states) for v in model.variables] == [(v.name, v.states) for v in other.variables]


def _first_setting(model: Model) -> str:
    """The first setting but that of the set's own ratios, which may be none that anybody is seen in."""
    others = [name for name in model.settings if name != model.priors.prior_set.reference_setting]
    return next(iter([*others, *model.settings]), "")


def _set(model: Model, draws: int, seed: int) -> dict[str, Any]:
    """One prior set: the plan of its network, its numbers, and what a blank weighs under each profile."""
    plain = model.with_recording(IGNORABLE)
    plan = structure(plain.tables, plain.variables)
    names = [table["name"] for table in plan["tables"]]
    return {
        "name": model.priors.prior_set.name,
        "title": model.priors.prior_set.title,
        "hash": model.scoring.model_hash,
        "plan": plan,
        "stated": stated_numbers(plain.tables, names),
        "drawn": drawn_numbers(plain.uncertain(draws + 1, seed).network, names) if draws else None,
        "origins": packed_origins(model.priors, model.variables),
        "profiles": [_profile(model, name, draws, seed) for name in dict.fromkeys([IGNORABLE, *model.priors.profiles])],
    }


def _profile(model: Model, name: str, draws: int, seed: int) -> dict[str, Any]:
    """A profile: what it is called, and how often what it reads the blanks of is written down, see `stated_rates`.

    ``drawn`` has the same in each draw: which of ``columns``, (columns, draws), stands where.
    """
    priors = model.with_recording(name).priors
    return {
        "name": name,
        "title": priors.profile.title or "a blank says nothing",
        "rates": stated_rates(priors, model.variables),
        "drawn": drawn_rates(priors, model.variables, draws, seed) if draws else None,
    }


def _policies(model: Model) -> list[Policy]:
    """The model's own policy, then all others of its priors folder."""
    others = [name for name in policy_names(model.root) if name != model.policy.name]
    return [model.policy, *(model.with_policy(name).policy for name in others)]


def _cases(cases: ShownCases) -> dict[str, str] | None:
    """The identifiers as packed JSON, and the packed evidence, a byte for each variable, case after case."""
    if cases.masks is None or not cases.names:
        return None
    if len(cases.names) > MOST_CASES:
        raise UsageError(f"the page lists at most {MOST_CASES:,} cases, not {len(cases.names):,}: give a part of them")
    return {
        "ids": packed(json.dumps(cases.names, separators=(",", ":")).encode()),
        "masks": packed(np.ascontiguousarray(cases.masks.T, np.uint8).tobytes()),
    }
