"""Models by the names of their prior set and policy; what scoring needs of them, from the cache."""

from __future__ import annotations

from pathlib import Path

from riskmodel.answers import cache
from riskmodel.answers.scoring import Scoring
from riskmodel.decision.reading.load import load_policy
from riskmodel.evidence.load import load_priors, priors_digest, priors_root, recording_digest, with_recording
from riskmodel.evidence.records import IGNORABLE
from riskmodel.model.model import Model

DEFAULT_PRIORS = "seeds"
DEFAULT_POLICY = "consensus"


def load(
    priors: str | Path = DEFAULT_PRIORS,
    policy: str | Path = DEFAULT_POLICY,
    root: str | Path | None = None,
    recording: str | Path | None = None,
) -> Model:
    """Load a model.

    Parameters
    ----------
    priors
        a set's name (``seeds``, ``literature``) or the path of a set's TOML file.
    policy
        a policy's name (``consensus``, ``whitlock_2026`` …) or the path of a TOML file.
    root
        a priors folder of your own.
    recording
        what a blank means: the name of a recording profile or its TOML file, see :meth:`Model.with_recording`.
        Without one blanks say nothing, and files that seem to need a profile are warned of.

    Raises
    ------
    PriorsError, PolicyError
        with every problem found.
    """
    folder = Path(root) if root else priors_root()
    loaded = with_recording(load_priors(priors, folder), IGNORABLE if recording is None else recording)
    rules = load_policy(policy, loaded.case_variables, folder, loaded.sources, tuple(loaded.composites))
    return Model(loaded, rules, folder, profile_named=recording is not None)


def load_scoring(
    priors: str | Path = DEFAULT_PRIORS,
    policy: str | Path = DEFAULT_POLICY,
    root: str | Path | None = None,
    recording: str | Path = IGNORABLE,
) -> Scoring:
    """What scoring a file needs of a model, from the cache of compiled networks where it holds one."""
    folder = Path(root) if root else priors_root()
    digest = priors_digest(priors, folder) + recording_digest(recording)
    entry = cache.fetch(digest)
    if entry is None:
        model = load(priors, policy, root, recording)
        s, sources = model.scoring, tuple(model.priors.sources)
        cache.keep(digest, cache.Entry(s.scorer, s.weights, s.inputs, s.fitted, s.blanks, sources))
        return s
    variables = entry.scorer.variables
    composites = entry.scorer.output_names[len(entry.scorer.conditions) :]
    rules = load_policy(policy, variables, folder, entry.sources, composites)
    return Scoring(variables, entry.scorer, entry.weights, rules, entry.inputs, entry.fitted, entry.blanks)
