"""The check of a model as data: what :mod:`riskmodel.report.check.check` prints, for another program to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from riskmodel._version import __version__
from riskmodel.evidence.distributions import draw_values
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.network.coherence import AuditedStatement, audit, disagreements
from riskmodel.network.roundtrip import Reading
from riskmodel.report.check.check import AUDIT_DRAWS, INTERVAL_DRAWS, network_size, unheld_intervals
from riskmodel.text import RESEARCH_ONLY


def check_data(model: Model, readings: Sequence[Reading], draws: int = 0, seed: int = 0) -> dict[str, object]:
    """The check as nested dicts and lists of texts and numbers."""
    priors, network = model.priors, model.tables
    values = draw_values(priors, draws or AUDIT_DRAWS, np.random.default_rng(seed))
    drawn = build_network(priors, values)
    variables, arcs, entries = network_size(network)
    return {
        "riskmodel": __version__,
        "model": model.scoring.model_hash,
        "priors": {
            "set": priors.prior_set.name,
            "statements": dict(Counter(statement.basis for statement in priors.statements)),
            "driving_tables": dict(Counter(statement.basis for statement in priors.selected_statements)),
            "read": dict(Counter(statement.read for statement in priors.selected_statements)),
            "origins": {name: priors.origin(name) for name in priors.selected if priors.origin(name)},
        },
        "network": {"variables": variables, "arcs": arcs, "table_entries": entries},
        "policy": {"name": model.policy.name, "rules": len(model.policy.rules)},
        "round_trip": _round_trip(readings),
        "intervals_not_held": unheld_intervals(priors, INTERVAL_DRAWS, seed),
        "coherence": [_audited(item) for item in audit(priors, network, drawn)],
        "disagreements": [
            {"first": pair.first.id, "second": pair.second.id, "distance": pair.distance, "note": pair.note}
            for pair in disagreements(priors)
        ],
        "draws": {"number": drawn.draws, "held": dict(drawn.held), "clipped": dict(drawn.clipped)},
        "note": RESEARCH_ONLY,
    }


def _round_trip(readings: Sequence[Reading]) -> dict[str, object]:
    worst = max(readings, key=lambda reading: reading.worst)
    return {
        "passed": all(reading.holds for reading in readings),
        "readings": len(readings),
        "largest_relative_difference": float(worst.worst),
        "in": worst.statement,
        "failed": [reading.statement for reading in readings if not reading.holds],
    }


def _audited(item: AuditedStatement) -> dict[str, object]:
    numbers = ("stated", "stated_low", "stated_high", "implied", "implied_low", "implied_high", "distance")
    return {
        "statement": item.statement.id,
        "role": item.role,
        "source": item.statement.source,
        **{name: float(getattr(item, name)) for name in numbers},
    }
