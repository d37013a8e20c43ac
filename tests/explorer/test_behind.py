"""What is behind an answer on the page is what Python says: its numbers' origins, and rules that are explained away."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.answers.explain import explain_case
from riskmodel.explorer.content import ShownCases, content
from tests.support.explorer_script import NODE, in_node
from tests.support.explorer_vectors import random_evidence

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NODE is None, reason="there is no node on this machine")]
CASES = 60
ASK = """
Promise.all(given.map(async ({ masks, about }) => {
  const answer = explorer.answer({ set: "seeds", policy: "consensus", recording: "ignorable", masks });
  const output = answer.priors.network.conditions.findIndex(({ name }) => name === about);
  const rows = weightsFor(explorer.data, answer, output).map(({ row }) => row);
  const origins = await answer.priors.origins();
  return {
    numbers: numbersBehind(explorer.data, origins, answer, about, rows)
      .map(({ id, says, history }) => ({ id, says, history })),
    away: explainedAway(explorer.data, answer).map(({ rule, row }) => [rule.id, explorer.variables[row].name]),
    sources: origins.sources,
  };
}))
"""


@pytest.fixture(scope="module")
def asked(seeds, tmp_path_factory):
    """Each case as Python explains it, and what the page says of it."""
    evidence = random_evidence(seeds, 4 * CASES, np.random.default_rng(11))
    for row, variable in enumerate(seeds.variables):  # what is asked for on the page, and no contradictions
        if variable.role == "condition" or variable.imaging or variable.name.startswith("startback"):
            evidence[row] = variable.full_mask
    possible = np.nonzero(seeds.scoring.score(evidence).posterior.evidence > 0)[0][:CASES]
    masks = [evidence[:, [case]] for case in possible]
    python = [explain_case(seeds.scoring, each, priors=seeds.priors) for each in masks]
    given = [{"masks": each[:, 0].tolist(), "about": case.about} for each, case in zip(masks, python, strict=True)]
    page = in_node(content([seeds], cases=ShownCases()), ASK, given, tmp_path_factory.mktemp("behind"))
    return list(zip(python, page, strict=True))


def test_the_same_numbers_are_behind_it(asked, seeds):
    assert len(asked) == CASES
    for case, page in asked:
        wanted = [{"id": n.statement, "says": n.headline, "history": list(n.history)} for n in case.numbers]
        in_order = sorted(page["numbers"], key=lambda number: number["id"])
        assert in_order == sorted(wanted, key=lambda number: number["id"])
    sources = asked[0][1]["sources"]
    assert sources["henschke_2009"].endswith(seeds.priors.sources["henschke_2009"].where)


def test_the_same_rules_are_explained_away(asked):
    assert sum(len(case.explained_away) for case, _ in asked) > 0
    for case, page in asked:
        assert page["away"] == [[away.rule, away.flag] for away in case.explained_away]
