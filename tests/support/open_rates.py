"""Small networks whose findings are stated alone, and the same ones stated of everybody with or without a condition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Priors
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from tests.support.engines import _along
from tests.support.small_priors import ASSUMED

BINARY = ("absent", "present")
GRADED = ("absent", "some", "much")
VARIABLES = (  # name, role, states, parents, more keys
    ("setting", "context", ("here", "there"), (), {}),
    ("age", "context", ("young", "old"), (), {}),
    ("a", "condition", BINARY, ("setting", "age"), {}),
    ("b", "condition", BINARY, ("setting", "a"), {}),
    ("c", "condition", BINARY, ("setting", "a", "b"), {"form": "noisy_or"}),
    ("a_manifest", "manifestation", ("occult", "manifest"), ("a",), {}),
    ("plain", "finding", BINARY, ("a_manifest", "b", "c"), {}),
    ("graded", "finding", GRADED, ("setting", "a_manifest", "b"), {}),
    ("by_age", "finding", BINARY, ("age", "a", "b"), {}),
    ("shows_a", "test", BINARY, ("a",), {}),
    ("shows_b", "test", BINARY, ("b",), {}),
    ("scan", "test", BINARY, ("shows_a", "shows_b", "a", "b"), {"form": "any_of"}),
)
PARENTS = {name: parents for name, _, _, parents, _ in VARIABLES}
Rates = dict[tuple[str, str], float]  # (of, given): probability


def base(rng: np.random.Generator) -> tuple[Rates, list[dict[str, object]]]:
    """Random numbers of everything above the findings; and what is no probability."""
    rates: Rates = {("age=old", ""): 0.4, ("a_manifest=occult", "a=present"): rng.uniform(0, 0.4)}
    for setting in ("here", "there"):
        for age in ("young", "old"):
            rates["a=present", f"setting={setting}; age={age}"] = rng.uniform(0.02, 0.3)
        for a in BINARY:
            rates["b=present", f"setting={setting}; a={a}"] = rng.uniform(0.02, 0.5)
        rates["c=present", f"setting={setting}"] = rng.uniform(0.01, 0.03)
    weights = [
        {"id": f"weight.{cause}", "quantity": "relative_weight", "of": "c=present", "given": f"{cause}=present",
         "value": 0.1, "low": 0.05, "high": 0.2, "n": None}
        for cause in ("a", "b")
    ]  # fmt: skip
    share = {"id": "share", "quantity": "share", "of": "c=present", "given": "no listed cause", "value": 0.2}
    return rates, [*weights, share]


def alone(rng: np.random.Generator) -> Rates:
    """Random rates of the findings, given none and given one condition alone."""
    rates: Rates = {}
    for finding in ("plain", "by_age", "shows_a", "shows_b", "scan"):
        none = rng.uniform(0.01, 0.3)
        for where in ("; age=young", "; age=old") if finding == "by_age" else ("",):
            rates[f"{finding}=present", f"none{where}"] = none
        for condition in ("a", "b"):
            if condition in PARENTS[finding] or f"{condition}_manifest" in PARENTS[finding]:
                rates[f"{finding}=present", f"{condition}=present alone"] = rng.uniform(0.3, 0.6)
    rates["plain=present", "c=present"] = rng.uniform(0.5, 0.9)
    for setting in ("here", "there"):
        none = rng.dirichlet([20, 3, 2])
        rates |= {(f"graded={state}", f"none; setting={setting}"): none[i + 1] for i, state in enumerate(GRADED[1:])}
    for condition in ("a", "b"):
        some, much = rng.uniform(0.2, 0.3, 2)
        rates["graded=some", f"{condition}=present alone"] = some
        rates["graded=much", f"{condition}=present alone"] = much
    return rates


def write(folder: Path, rates: Mapping[tuple[str, str], float], more: list[dict[str, object]]) -> Priors:
    """The priors of a network with these rates; ids are ``of given`` in words."""
    for name in ("evidence", "sets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for name, role, states, parents, keys in VARIABLES:
        table = {"name": name, "role": role, "states": states, "parents": parents, "definition": name, **keys}
        lines += ["[[variable]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items() if value)]
    (folder / "network.toml").write_text("\n".join(lines))
    statements = [{"id": words(*key), "of": key[0], "given": key[1], "value": float(p)} for key, p in rates.items()]
    lines = []
    for statement in [*statements, *more]:
        entry = {**ASSUMED, "n": 200, **statement}
        lines += [
            "[[statement]]",
            *(f"{key} = {json.dumps(value)}" for key, value in entry.items() if value is not None),
        ]
    (folder / "evidence" / "all.toml").write_text("\n".join(lines))
    (folder / "sources.toml").write_text('[sources.assumption]\ntitle = "Ours"\nkind = "assumption"\n')
    (folder / "sets" / "set.toml").write_text(
        'prefer = ["seed", "study", "assumption"]\nreference_setting = "here"\n[default_n]\nassumption = 20\n'
    )
    return load_priors("set", folder)


def words(of: str, given: str) -> str:
    """An id."""
    return ".".join(filter(None, "".join(c if c.isalnum() or c == "_" else " " for c in f"{of} {given}").split()))


def by_brute_force(network: Network, of: str, given: Mapping[str, str]) -> float:
    """P(of | given) from the product of all tables."""
    names = [variable.name for variable in network.variables]
    total = np.ones([len(variable.states) for variable in network.variables])
    for variable in network.variables:
        total = total * _along(network.tables[variable.name][0], [*variable.parents, variable.name], names)
    name, state = of.split("=")
    at = {n: network.variable(n).index(s) for n, s in given.items()}
    people = total[tuple(at.get(n, slice(None)) for n in names)]
    both = total[tuple({**at, name: network.variable(name).index(state)}.get(n, slice(None)) for n in names)]
    return float(both.sum() / people.sum())


FINDINGS = ("plain", "graded", "by_age", "scan")
PARTS = {  # contexts for which leaks are stated apart
    "graded": ({"setting": "here"}, {"setting": "there"}),
    "by_age": ({"age": "young"}, {"age": "old"}),
}


def opened(network: Network, rates: Rates, rng: np.random.Generator) -> tuple[Rates, Rates]:
    """The rates, some stated of whoever may have other conditions too, as a network gives them; and these alone."""
    result, new = dict(rates), {}
    for finding in FINDINGS:
        states = ["some", "much"] if finding == "graded" else ["present"]
        for condition in ("a", "b"):
            if rng.random() < 0.6:
                setting = str(rng.choice(["here", "there"]))
                for state in states:
                    of = f"{finding}={state}"
                    result.pop((of, f"{condition}=present alone"))
                    given = {condition: "present", "setting": setting}
                    new[of, f"{condition}=present; setting={setting}"] = by_brute_force(network, of, given)
        for where in PARTS.get(finding, ({},)):
            condition = str(rng.choice(["a", "b", "c"] if finding == "plain" else ["a", "b"]))
            given = {condition: "absent", "setting": str(rng.choice(["here", "there"])), **where}
            if rng.random() < 0.7:
                for state in states:
                    of = f"{finding}={state}"
                    result.pop((of, "; ".join(["none", *(f"{name}={value}" for name, value in where.items())])))
                    new[of, "; ".join(f"{name}={value}" for name, value in given.items())] = by_brute_force(
                        network, of, given
                    )
    return {**result, **new}, new


def stated_alone_and_open(folder: Path, seed: int) -> tuple[Network, Priors, Rates]:
    rng = np.random.default_rng(seed)
    above, more = base(rng)
    rates = {**above, **alone(rng)}
    truth = build_network(write(folder / "alone", rates, more))
    every, new = opened(truth, rates, rng)
    return truth, write(folder / "open", every, more), new
