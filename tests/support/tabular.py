"""A small network whose tables are stated cell by cell, and cohorts simulated from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

import riskmodel as rm
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Priors
from riskmodel.network.build import build_network
from riskmodel.network.simulate import sample

NETWORK = """
[[variable]]
name = "exposed"
role = "risk_factor"
states = ["no", "yes"]
definition = "Exposed."

[[variable]]
name = "first"
role = "condition"
states = ["no", "yes"]
parents = ["exposed"]
definition = "One disease."

[[variable]]
name = "second"
role = "condition"
states = ["no", "yes"]
parents = ["first"]
definition = "Another disease, more often where there is the first."

[[variable]]
name = "pain"
role = "finding"
states = ["none", "some", "much"]
parents = ["first", "second"]
definition = "Pain."

[[variable]]
name = "scan"
role = "test"
states = ["normal", "abnormal"]
parents = ["second"]
definition = "A scan."
"""
TRUTH = {  # (of, given): probability
    ("exposed=yes", ""): 0.3,
    ("first=yes", "exposed=no"): 0.15,
    ("first=yes", "exposed=yes"): 0.4,
    ("second=yes", "first=no"): 0.2,
    ("second=yes", "first=yes"): 0.5,
    ("pain=some", "first=no; second=no"): 0.2,
    ("pain=much", "first=no; second=no"): 0.05,
    ("pain=some", "first=yes; second=no"): 0.5,
    ("pain=much", "first=yes; second=no"): 0.2,
    ("pain=some", "first=no; second=yes"): 0.3,
    ("pain=much", "first=no; second=yes"): 0.5,
    ("pain=some", "first=yes; second=yes"): 0.2,
    ("pain=much", "first=yes; second=yes"): 0.7,
    ("scan=abnormal", "second=no"): 0.1,
    ("scan=abnormal", "second=yes"): 0.8,
}
SET = 'prefer = ["seed", "study", "assumption"]\n[default_n]\nassumption = 20\n'
SOURCES = '[sources.assumption]\ntitle = "Ours"\nkind = "assumption"\n'
STATEMENT = (
    '[[statement]]\nid = "{name}"\nquantity = "probability"\nof = "{of}"\ngiven = "{given}"\nvalue = {value}\n'
    'basis = "assumption"\nsource = "assumption"\nread = "no"\n'
)


def write_folder(
    folder: Path, network: str, statements: Iterable[tuple[str, str, str, float]], chosen: str = SET
) -> Path:
    """A priors folder of a network and assumed probabilities: (id, of, given, value)."""
    for name in ("evidence", "sets", "policies"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    texts = [STATEMENT.format(name=name, of=of, given=given, value=value) for name, of, given, value in statements]
    (folder / "network.toml").write_text(network)
    (folder / "sources.toml").write_text(SOURCES)
    (folder / "evidence" / "all.toml").write_text("\n".join(texts))
    (folder / "sets" / "seeds.toml").write_text(chosen)
    return folder


def numbered(values: Mapping[tuple[str, str], float]) -> Iterator[tuple[str, str, str, float]]:
    """Statements with the ids s0, s1 … in order."""
    yield from ((f"s{i}", of, given, value) for i, ((of, given), value) in enumerate(values.items()))


def write_priors(folder: Path, values: dict[tuple[str, str], float] = TRUTH) -> Path:
    """The network with these numbers as a priors folder; statements are s0, s1 … in order."""
    return write_folder(folder, NETWORK, numbered(values))


def tabular(folder: Path, values: dict[tuple[str, str], float] = TRUTH) -> rm.Model:
    return without_policy(write_priors(folder, values))


def without_policy(root: Path, name: str | Path = "seeds") -> rm.Model:
    """The model of a priors folder that has no policy: enough to fit."""
    return rm.Model(load_priors(name, root), None, root)  # type: ignore[arg-type]


def simulate(
    priors: Priors, count: int, rng: np.random.Generator, *, missing: float = 0.0, verified: float = 1.0
) -> np.ndarray:
    """Coded evidence of people from the network, cells blank at random and outcomes known of some."""
    states = sample(build_network(priors), count, rng)
    known = rng.random(count) < verified
    rows = []
    for variable in priors.case_variables:
        seen = known if variable.role == "condition" else rng.random(count) >= missing
        rows.append(np.where(seen, 1 << states[variable.name], variable.full_mask))
    return np.array(rows, dtype=np.uint8)
