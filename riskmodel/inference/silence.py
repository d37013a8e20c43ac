"""What silence tells: the likelihood of a blank, and how probable an answer is where nothing was written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskmodel.arrays import Masks
from riskmodel.inference.scorer import Posterior, Scorer


def as_answers(scorer: Scorer, before: Masks, after: Masks, posterior: Posterior) -> Posterior:
    """The posteriors of what-ifs, with the evidence of an answer that is given now instead of one that was written.

    That a finding was not written down, or that nothing is known of it, stays true when it is asked about later. The
    evidence of a what-if over that of the case is so P(answer | case). The same posterior without a recording profile.

    Parameters
    ----------
    before, after
        evidence before and after the answers, (variables, cases); an answer is one state.
    posterior
        of ``after``.
    """
    if not scorer.recorded_rows:
        return posterior
    evidence, setting = posterior.evidence.copy(), scorer.settings(after)
    for row in scorer.recorded_rows:
        asked = np.flatnonzero(before[row] != after[row])
        state = np.log2(after[row, asked]).astype(np.int64)
        written = scorer.written_in(row, setting[asked])[np.arange(len(asked)), state]
        silent, unknown = before[row, asked] == 0, before[row, asked] == scorer.variables[row].full_mask
        evidence[asked] *= np.where(silent, 1.0 - written, np.where(unknown, 1.0, written)) / written
    return replace(posterior, evidence=evidence)
