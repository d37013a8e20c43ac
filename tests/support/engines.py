"""Other ways to the same posteriors: brute force, pgmpy and pyAgrum, and small networks to try them on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
import pyagrum as gum
from hypothesis import strategies as st
from pgmpy.factors.discrete import TabularCPD
from pgmpy.inference import VariableElimination

from riskmodel.evidence.records import Variable
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.inference.scorer import Posterior, Scorer
from riskmodel.network.forms.dependence import Correlations, with_dependence
from riskmodel.network.network import Network
from riskmodel.network.pgmpy_network import to_pgmpy
from tests.support.scans import without_contradictions

logging.getLogger("pgmpy").setLevel(logging.ERROR)  # it tells of every virtual evidence that it replaces

AGREE = 1e-10  # how far apart two exact engines may be
Weights = Mapping[str, np.ndarray]  # variable → (cases, states): likelihood of the evidence on it, 0 or 1 if hard


def weights_of(variables: Sequence[Variable], masks: np.ndarray, soft: Mapping[int, np.ndarray]) -> Weights:
    """What masks and soft evidence say of each state of each variable that a case can speak of."""
    return {
        variable.name: ((masks[row][:, None] >> np.arange(len(variable.states))) & 1) * soft.get(row, 1.0)
        for row, variable in enumerate(variables)
        if variable.in_network
    }


def joint_of_conditions(network: Network, weights: Weights) -> np.ndarray:
    """P(conditions, evidence | setting), (cases, 2, 2, …): contexts enumerated, the rest summed out in turn.

    Tables and evidence multiplied and summed as the definition has it; it shares nothing with the scorer.
    """
    names = [variable.name for variable in network.variables]
    kept = [variable.name for variable in network.variables if variable.role in ("condition", "context")]
    factors = [([name], weights[name]) for name in kept]
    left = [variable.name for variable in network.variables if variable.name not in kept]
    left.sort(key=lambda name: network.variable(name).role == "manifestation")  # last: many findings hang on each
    tables = [_with_evidence(network, name, weights) for name in names if not _is_selector(network, name)]
    for name in left:  # children were listed with their parents: multiply all that speak of it, sum it out
        touching = [(scope, table) for scope, table in tables if name in scope]
        tables = [(scope, table) for scope, table in tables if name not in scope]
        scope = list(dict.fromkeys(other for own, _ in touching for other in own if other != name))
        tables.append((scope, _product(touching, scope)))
    out = [condition.name for condition in network.conditions]
    total = _product([*factors, *tables], kept)
    axes = tuple(i + 1 for i, name in enumerate(kept) if name not in out)
    order = [name for name in kept if name in out]
    return np.transpose(total.sum(axis=axes), [0, *(order.index(name) + 1 for name in out)])


def _is_selector(network: Network, name: str) -> bool:
    return name == "setting" and not network.variable(name).parents


def _with_evidence(network: Network, name: str, weights: Weights) -> tuple[list[str], np.ndarray]:
    """A variable's table times its evidence where it will be summed out: (scope, (cases, …))."""
    variable = network.variable(name)
    table = network.tables[name][0][None]
    if variable.role not in ("condition", "context"):
        own = weights.get(name, np.ones((1, table.shape[-1])))
        table = table * own.reshape(len(own), *[1] * (table.ndim - 2), own.shape[1])
    return [*variable.parents, name], table


def _product(factors: Sequence[tuple[list[str], np.ndarray]], scope: Sequence[str]) -> np.ndarray:
    """The product of factors (cases, …) over a scope, all that is not in it summed out."""
    place = {name: i + 1 for i, name in enumerate(dict.fromkeys(n for own, _ in factors for n in own))}
    total, have = np.ones((1,)), [0]
    for i, (own, table) in enumerate(factors):
        axes = [0, *(place[name] for name in own)]
        last = i == len(factors) - 1
        out = [0, *(place[name] for name in scope)] if last else list(dict.fromkeys([*have, *axes]))
        cases = max(len(total), len(table))
        total = np.broadcast_to(total, (cases, *total.shape[1:]))
        total = np.einsum(total, have, np.broadcast_to(table, (cases, *table.shape[1:])), axes, out)
        have = out
    return total


def full_joint(network: Network, weights: Weights) -> np.ndarray:
    """The same by brute force: every state of every variable in one array. For small networks."""
    names = [variable.name for variable in network.variables]
    total = np.ones(1)
    for variable in network.variables:
        if not (variable.name == "setting" and not variable.parents):
            total = total * _along(network.tables[variable.name][0], [*variable.parents, variable.name], names)[None]
        own = weights.get(variable.name, np.ones((1, len(variable.states))))
        shape = [1] * len(names)
        shape[names.index(variable.name)] = own.shape[1]
        total = total * own.reshape(len(own), *shape)
    conditions = [condition.name for condition in network.conditions]
    return total.sum(axis=tuple(i + 1 for i, name in enumerate(names) if name not in conditions))


def _along(table: np.ndarray, scope: Sequence[str], names: Sequence[str]) -> np.ndarray:
    order = sorted(range(len(scope)), key=lambda i: names.index(scope[i]))
    shape = [1] * len(names)
    for i in order:
        shape[names.index(scope[i])] = table.shape[i]
    return np.transpose(table, order).reshape(shape)


def outputs(network: Network, joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(present | evidence) of each condition and composite of conditions, and P(evidence | setting)."""
    names = [condition.name for condition in network.conditions]
    total = joint.reshape(len(joint), -1).sum(axis=1)
    rows = [np.moveaxis(joint, i + 1, 0)[1].reshape(len(joint), -1).sum(axis=1) for i in range(len(names))]
    for members in network.composites.values():
        if set(members) <= set(names):
            none = joint[(slice(None), *(0 if name in members else slice(None) for name in names))]
            rows.append(total - none.reshape(len(joint), -1).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array(rows) / total, total


def same(first: Posterior, second: Posterior) -> bool:
    """Equal to the last bit."""
    return all(
        getattr(first, field.name).tobytes() == getattr(second, field.name).tobytes() for field in fields(Posterior)
    )


def check_by_oracles(
    network: Network, scorer: Scorer, masks: np.ndarray, soft: Mapping[int, np.ndarray], weights: Weights, cases: int
) -> Posterior:
    """The posteriors of evidence, once brute force, the compiled scorer and, in some cases, pgmpy and pyAgrum agree.

    Parameters
    ----------
    weights
        what the evidence says of each state of each variable, as the definition has it.
    cases
        how many pgmpy and pyAgrum are asked for, the first that are possible.
    """
    posterior = scorer.posterior(masks, soft)
    expected, evidence = outputs(network, full_joint(network, weights))
    possible = evidence > 0
    assert np.array_equal(posterior.evidence > 0, possible)
    assert np.all(np.isnan(posterior.probability[:, ~possible]))
    np.testing.assert_allclose(posterior.probability[:, possible], expected[:, possible], rtol=0, atol=AGREE)
    np.testing.assert_allclose(posterior.evidence, evidence, rtol=1e-10)
    if not soft:
        assert same(posterior, CompiledScorer(scorer).posterior(masks))
    pgmpy, count = Pgmpy(network), len(scorer.conditions)
    for case in np.nonzero(possible)[0][:cases]:
        pyagrum = Pyagrum(network)  # anew: changing evidence fails it where a variable stands alone
        by_pgmpy = outputs(network, pgmpy.conditions(weights, case)[None])[0][:count, 0]
        assert np.max(np.abs(by_pgmpy - expected[:count, case])) <= AGREE
        assert np.max(np.abs(pyagrum.present(weights, case) - expected[:count, case])) <= AGREE
    return posterior


class Pgmpy:
    """pgmpy's variable elimination; set-valued and soft evidence as virtual evidence."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.engine = VariableElimination(to_pgmpy(network))

    def conditions(self, weights: Weights, case: int) -> np.ndarray:
        """P(conditions | evidence) of one case, an axis a condition."""
        hard, virtual, result = {}, [], {}
        for variable in self.network.variables:
            if variable.name not in weights:
                continue
            own = np.asarray(weights[variable.name][case], dtype=float)
            if np.all(own == 1):
                continue
            if np.count_nonzero(own) == 1:
                result[variable.name] = variable.states[int(own.argmax())]
                hard[variable.name] = result[variable.name]
            else:
                own = own / own.max()
                virtual.append(
                    TabularCPD(
                        variable.name, len(own), own[:, None], state_names={variable.name: list(variable.states)}
                    )
                )
        names = [condition.name for condition in self.network.conditions]
        free = [name for name in names if name not in hard]
        joint = np.zeros([2] * len(names))
        at = tuple(slice(None) if name in free else self.network.variable(name).index(hard[name]) for name in names)
        if not free:
            joint[at] = 1.0
            return joint
        found = self.engine.query(free, evidence=hard, virtual_evidence=virtual or None, show_progress=False)
        joint[at] = np.transpose(found.values, [found.variables.index(name) for name in free])
        return joint


def to_pyagrum(network: Network) -> gum.BayesNet:
    """A network's point values as a pyAgrum network."""
    net = gum.BayesNet()
    for variable in network.variables:
        net.add(gum.LabelizedVariable(variable.name, "", list(variable.states)))
    for variable in network.variables:
        for parent in variable.parents:
            net.addArc(parent, variable.name)
    for variable in network.variables:
        scope = [*variable.parents, variable.name]
        axes = list(reversed(net.cpt(variable.name).names))
        table = np.transpose(network.tables[variable.name][0], [scope.index(name) for name in axes])
        net.cpt(variable.name)[:] = np.ascontiguousarray(table)
    return net


class Pyagrum:
    """pyAgrum's lazy propagation."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.names = [variable.name for variable in network.variables if variable.role != "manifestation"]
        self.net = to_pyagrum(network)
        self.engine = gum.LazyPropagation(self.net)
        for condition in network.conditions:
            self.engine.addTarget(condition.name)
        self.held: set[str] = set()

    def present(self, weights: Weights, case: int) -> np.ndarray:
        """P(present | evidence) of each condition in one case."""
        for name in self.names:
            if name not in weights:
                continue
            own = weights[name][case]
            own = own / own.max()  # pyAgrum takes one weight above 0 for hard evidence, and leaves its size in
            if np.all(own == 1):
                if name in self.held:
                    self.engine.eraseEvidence(name)
                    self.held.remove(name)
            elif name in self.held:
                self.engine.chgEvidence(name, own.tolist())
            else:
                self.engine.addEvidence(name, own.tolist())
                self.held.add(name)
        self.engine.makeInference()
        return np.array([self.engine.posterior(condition.name)[1] for condition in self.network.conditions])


# ---- small networks --------------------------------------------------------------------------------

MOST_JOINT = 6_000  # joint states of a small network


@st.composite
def small_networks(draw: st.DrawFn) -> Network:
    """A network of a few variables of every role, with any arcs, in any file order, at times with zeros."""
    roles = ["setting"] * draw(st.integers(0, 1)) + ["condition"] * draw(st.integers(1, 3))
    nodes = range(len(roles), len(roles) + draw(st.integers(0, roles.count("condition"))))
    roles += ["manifestation"] * len(nodes)
    for role, most in (("context", 2), ("risk_factor", 2), ("finding", 3), ("test", 2)):
        roles += [role] * draw(st.integers(0, most))
    reading = len(roles) if "test" in roles and draw(st.booleans()) else None  # of a scan, with the tests as its parts
    roles += ["test"] * (reading is not None)
    condition_of = {node: roles.index("condition") + k for k, node in enumerate(nodes)}
    order = draw(st.permutations([i for i in range(len(roles)) if i not in nodes and i != reading]))
    for node, condition in condition_of.items():  # somewhere after its condition
        order.insert(draw(st.integers(order.index(condition) + 1, len(order))), node)
    order = sorted(order, key=lambda i: roles[i] != "setting")  # the selector has no parents
    order += [] if reading is None else [reading]
    variables: dict[int, Variable] = {}
    joint = 1
    for position, i in enumerate(order):
        enumerated = roles[i] in ("condition", "manifestation") or i == reading
        states = 2 if enumerated or joint > MOST_JOINT / 8 else draw(st.integers(2, 4))
        joint *= states
        above = list(order[:position]) if roles[i] != "setting" else []
        chosen = draw(st.lists(st.sampled_from(above), unique=True, max_size=3)) if above else []
        chosen = [condition_of[i]] if i in condition_of else chosen
        if i == reading:
            chosen = [k for k in above if roles[k] == "test" or k in chosen]
        variables[i] = Variable(
            "setting" if roles[i] == "setting" else f"v{i}",
            "context" if roles[i] == "setting" else roles[i],
            tuple(f"s{k}" for k in range(states)),
            "",
            parents=tuple(variables[k].name for k in chosen),
            form="any_of" if i == reading else "logistic",
            serious=roles[i] == "condition",
        )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    zeros = draw(st.sampled_from([0.0, 0.0, 0.3]))
    listed = tuple(variables[i] for i in range(len(roles)))
    tables = {variable.name: _table(variable, listed, rng, zeros) for variable in listed}
    conditions = tuple(variable.name for variable in listed if variable.role == "condition")
    network = Network(listed, tables, {"any_of_two": conditions[:2]})
    return _with_a_group(network, rng) if draw(st.booleans()) else network


def _with_a_group(network: Network, rng: np.random.Generator) -> Network:
    """Some findings and tests made dependent, more or less by condition; none of them stands above another."""
    group: list[str] = []
    for variable in network.variables:
        above = set(network.ancestors([variable.name]))
        apart = not above & set(group) and not any(variable.name in network.ancestors([name]) for name in group)
        if variable.role in ("finding", "test") and variable.form != "any_of" and apart:
            group.append(variable.name)
    if len(group) < 2:
        return network
    nodes = {name for member in group for name in network.variable(member).parents}
    nodes = {name for name in nodes if network.variable(name).role in ("condition", "manifestation")}
    chosen = [name for name in sorted(nodes) if rng.random() < 0.5]
    values = iter(rng.choice([0.0, 0.2, 0.6, 0.95], size=(len(chosen) + 1, 1)))
    correlations = Correlations(next(values), {name: next(values) for name in chosen})
    variables, tables = with_dependence(network.variables, network.tables, group, correlations)
    return Network(variables, tables, network.composites, groups={"group": tuple(group)})


def _table(variable: Variable, listed: Sequence[Variable], rng: np.random.Generator, zeros: float) -> np.ndarray:
    sizes = [next(len(other.states) for other in listed if other.name == parent) for parent in variable.parents]
    table = rng.gamma(0.7, size=(1, *sizes, len(variable.states))) + 1e-6
    if variable.role == "manifestation":
        table[0, 0, 1] = 0.0  # an absent disease is never manifest
    if variable.name == "setting":
        return np.full_like(table, 1 / table.shape[-1])
    table[..., 1:] *= rng.random(table[..., 1:].shape) >= zeros  # the base state stays possible
    if variable.form == "any_of":
        roles = {other.name: other.role for other in listed}
        for index in np.ndindex(*sizes):
            if any(state and roles[name] == "test" for name, state in zip(variable.parents, index, strict=True)):
                table[(0, *index)] = 0.0, 1.0
    return table / table.sum(axis=-1, keepdims=True)


def random_evidence(
    variables: Sequence[Variable], count: int, rng: np.random.Generator, *, known: float = 0.5, soft: float = 0.0
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Masks (variables, cases) and likelihoods: hard, set-valued or none, and soft beside them at times."""
    masks = np.empty((len(variables), count), dtype=np.uint8)
    likelihoods: dict[int, np.ndarray] = {}
    for row, variable in enumerate(variables):
        size = len(variable.states)
        hard = 1 << rng.integers(size, size=count)
        some = rng.integers(1, variable.full_mask + 1, size=count)
        kind = rng.random(count)
        masks[row] = np.where(kind < known, np.where(kind < known * 0.7, hard, some), variable.full_mask)
        if variable.name == "setting":
            masks[row] = hard
        elif variable.in_network and rng.random() < soft:
            likelihoods[row] = rng.random((count, size)) * 3
    return without_contradictions(variables, masks), likelihoods
