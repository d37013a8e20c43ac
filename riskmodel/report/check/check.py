"""The check of a model: is everything loaded, does every statement come back, do the others agree?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

import numpy as np

from riskmodel.decision.reading.load import policy_names
from riskmodel.evidence.distributions import draw_values, intervals_missed
from riskmodel.evidence.lineage import basis_shares, fit_sentences, informed_words
from riskmodel.evidence.records import BASES, CRUDE_RATIOS, Priors
from riskmodel.model import Model
from riskmodel.network.ask import implied
from riskmodel.network.build import build_network
from riskmodel.network.coherence import audit, disagreements, nearest_coherent
from riskmodel.network.network import Network
from riskmodel.network.roundtrip import Reading
from riskmodel.pathways.first_step import compare_policies
from riskmodel.report.sources import how_read, seed_documents
from riskmodel.text import figure, table

INTERVAL_DRAWS = 2049  # in which stated intervals are looked for
AUDIT_DRAWS = 300  # for the intervals of the coherence audit
AGREES = 0.05  # standard deviations
WIDTH = 118  # of sentences
CONFLICT = 1.0  # beyond it, the nearest coherent values are worked out


def check_lines(model: Model, readings: Sequence[Reading], draws: int = 0, seed: int = 0) -> Iterator[str]:
    """The lines of the check, part by part.

    Parameters
    ----------
    readings
        of :func:`riskmodel.network.roundtrip.round_trip`: every statement asked of the network.
    draws
        of all statements, for the intervals of what the network implies; 0 for 300.
    """
    priors, network = model.priors, model.tables
    bases = {basis: sum(s.basis == basis for s in priors.statements) for basis in BASES}
    counts, selected = ", ".join(f"{n} {basis}" for basis, n in bases.items()), len(priors.selected)
    yield f"Priors {priors.prior_set.name}: {len(priors.statements)} statements ({counts}), {selected} selected"
    driving = how_read(priors.selected_statements)
    yield from wrap(f"Of the selected statements: {driving}.", WIDTH)
    yield from wrap(seed_documents(priors), WIDTH)
    for fit in fit_sentences(priors):
        yield from wrap(fit, WIDTH)
    variables, arcs, entries = network_size(network)
    yield f"Network: {variables} variables, {arcs} arcs, {entries} table entries"
    yield f"Policy {model.policy.name}: {len(model.policy.rules)} rules"
    yield from wrap(f"Blanks: {model.scoring.blanks}", WIDTH)
    yield from _origins(priors)
    yield from _informed(priors)
    yield from _round_trip(readings)
    yield from _unheld(priors, seed)
    yield from _rarer(model)
    yield from _other_settings(model)
    yield from _audit(model, draws or AUDIT_DRAWS, seed)


def network_size(network: Network) -> tuple[int, int, int]:
    """How many variables, arcs and table entries a network has."""
    arcs = sum(len(variable.parents) for variable in network.variables)
    return len(network.variables), arcs, sum(table[0].size for table in network.tables.values())


def _origins(priors: Priors) -> Iterator[str]:
    """The numbers that the set did not simply take from their source."""
    marked = [(name, priors.origin(name)) for name in priors.selected if priors.origin(name)]
    if marked:
        yield ""
        yield f"Numbers that {priors.prior_set.name} fixes, overrides or pools:"
        rows = [[name, figure(priors.statement(name).value), origin] for name, origin in marked]
        yield from (f"  {line}" for line in table(["statement", "value", "origin"], rows))


def _informed(priors: Priors) -> Iterator[str]:
    """What fits and studies told of the numbers: each that rests on a fit by a tenth or more, or on several studies."""
    fitted = [s for s in priors.selected_statements if set(basis_shares(s)) - {s.basis}]
    behind = [s for s in priors.selected_statements if s.studies]
    parts = {
        "Numbers that rest on a fit by a tenth or more:": [(s, informed_words(s)) for s in fitted],
        "Numbers of several studies:": [(s, "; ".join(map(str, s.studies))) for s in behind],
    }
    for heading, numbers in parts.items():
        if numbers:
            yield ""
            yield heading
        for statement, sentence in numbers:
            line = f"{statement.id} = {figure(statement.value)}: {sentence}"
            yield from wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _round_trip(readings: Sequence[Reading]) -> Iterator[str]:
    worst = max(readings, key=lambda reading: reading.worst)
    failed = [reading for reading in readings if not reading.holds]
    yield ""
    yield f"Round trip: the network gives back {len(readings)} values of the selected statements;"
    yield f"largest relative difference {worst.worst:.1e} ({worst.statement})"
    yield from (
        f"  FAILED {r.statement} {r.where}: stated {r.stated[0]:.6g}, network {r.implied[0]:.6g}" for r in failed
    )


def unheld_intervals(priors: Priors, draws: int, seed: int) -> dict[str, float]:
    """The statements whose stated intervals draws do not hold, and the share of draws that lie inside."""
    return dict(intervals_missed(priors, draw_values(priors, draws, np.random.default_rng(seed))))


def _unheld(priors: Priors, seed: int) -> Iterator[str]:
    """The stated intervals that draws cannot hold: of parts of one distribution that rule each other out."""
    shares = unheld_intervals(priors, INTERVAL_DRAWS, seed)
    if shares:
        yield ""
        yield "Stated intervals that draws do not hold as often as stated (parts of one distribution that rule out"
        yield "what another states):"
        for name, share in shares.items():
            yield f"  {name}: {100 * share:.0f} % of draws lie inside, not {100 * priors.statement(name).level:g} %"


def _rarer(model: Model) -> Iterator[str]:
    if model.tables.rarer:
        yield ""
        yield "Conditions that make a finding rarer (a link above 1):"
        yield from (f"  {name}: {', '.join(conditions)}" for name, conditions in model.tables.rarer.items())


def _other_settings(model: Model) -> Iterator[str]:
    """The crude ratios, which hold at the reference setting, as they come out in the others."""
    crude = [s for s in model.priors.selected_statements if s.quantity in CRUDE_RATIOS]
    if not crude or not model.settings:
        return
    reference = model.priors.prior_set.reference_setting
    rows = [
        [
            s.id,
            s.quantity,
            *(figure(float(implied(model.tables, s, reference, setting)[0])) for setting in model.settings),
        ]
        for s in crude
    ]
    yield ""
    yield f"Crude ratios by setting (stated ones hold in {reference}):"
    yield from (f"  {line}" for line in table(["statement", "ratio", *model.settings], rows))


def _audit(model: Model, draws: int, seed: int) -> Iterator[str]:
    """Every statement beside what the network says, the pairs that differ, and the nearest coherent values."""
    priors = model.priors
    values = draw_values(priors, draws, np.random.default_rng(seed))
    network = build_network(priors, values)
    audited = audit(priors, model.tables, network)
    rows = [
        [
            item.statement.id,
            ", ".join(filter(None, (item.role, priors.origin(item.statement.id)))),
            f"{item.stated:.4g} ({item.stated_low:.3g} to {item.stated_high:.3g})",
            f"{item.implied:.4g} ({item.implied_low:.3g} to {item.implied_high:.3g})",
            figure(item.distance, "+.1f"),
            item.statement.source,
        ]
        for item in audited
        if item.role != "drives" or abs(item.distance) >= AGREES
    ]
    yield ""
    yield f"Coherence: {len(audited)} statements and what the network implies, 95 % intervals from {draws} draws."
    yield f"Left out: {len(audited) - len(rows)} that the network gives back exactly. Distance in standard deviations:"
    yield from (f"  {line}" for line in table(["statement", "role", "stated", "network", "distance", "source"], rows))
    pairs = [
        [
            pair.first.id,
            figure(pair.first.value),
            pair.second.id,
            figure(pair.second.value),
            figure(pair.distance, "+.1f"),
            pair.note,
        ]
        for pair in disagreements(priors)
    ]
    yield ""
    yield "Statements about the same quantity that differ, or that use the same data:"
    yield from (
        f"  {line}" for line in table(["statement", "value", "other statement", "value", "distance", "note"], pairs)
    )
    for conflict in [item for item in audited if item.role == "audit" and abs(item.distance) >= CONFLICT]:
        yield ""
        yield f"Nearest coherent values for {conflict.statement.id} (the smallest joint move, in standard deviations):"
        moves = nearest_coherent(priors, conflict, values, network)
        shown = [[m.statement.id, figure(m.before), figure(m.after), figure(m.deviations, "+.2f")] for m in moves]
        yield from (f"  {line}" for line in table(["statement", "stated", "coherent", "moved"], shown))
    yield from _draws(network)


def _draws(network: Network) -> Iterator[str]:
    yield ""
    yield f"{network.draws} draws of all statements: every table of every draw is valid."
    yield from (f"  truncated at the largest possible value: {name} in {n} draws" for name, n in network.held.items())
    yield from (
        f"  truncated so that the states add up to 1: {name} in {n} draws" for name, n in network.clipped.items()
    )


def policy_lines(model: Model, people: int, seed: int) -> Iterator[str]:
    """What every shipped policy does with simulated people of each setting."""
    names = sorted(policy_names(model.root), key=lambda name: name != model.policy.name)
    frame = compare_policies(model, names, people, np.random.default_rng(seed))
    percent = [
        [row[0], row[1], *("" if np.isnan(value) else figure(100 * value, ".1f") for value in row[2:])]
        for row in frame.itertuples(index=False)
    ]
    yield ""
    yield f"Policies on {people} simulated people of each setting, in %, history and examination known (seed {seed}):"
    yield from (f"  {line}" for line in table([name.replace("_", " ") for name in frame.columns], percent))
    yield "  caught: imaged, or referred within two weeks, of those with the condition (blank if fewer than 50)"
