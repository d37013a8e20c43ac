"""The model as a scikit-learn classifier: fitted by calibration, with unknown findings and outcomes.

For research, not for the care of a patient.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from riskmodel.calibration.fit import calibrate
from riskmodel.calibration.sklearn.labels import InputError, labels_of, outcome_columns
from riskmodel.calibration.verified_odds import Stated
from riskmodel.decision.stakes import imaging_stakes
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.metrics import PROBABILITY_METRICS, judge
from riskmodel.metrics.predictors import DEFAULT_PREDICTORS, predictors_of, restricted
from riskmodel.metrics.summary import with_known_outcome
from riskmodel.model import DEFAULT_POLICY, DEFAULT_PRIORS, Model, load

Array = NDArray[Any]


class RedFlagClassifier(TransformerMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """The four serious conditions as a multi-label classifier, or one of them as a binary one.

    ``X`` holds the columns of a case file, a blank (NaN, None) being not assessed; a column that is not there is
    blank. Columns are known by name, so their order does not matter and ``predict`` may see fewer or others than
    ``fit``.

    Parameters
    ----------
    priors, policy, root
        as of :func:`riskmodel.load`; the priors may also be a :class:`riskmodel.Model`, whose policy then holds.
    condition
        the one to classify; by default all serious ones (in the order of ``conditions_``).
    setting
        of the rows that name none; needed where there is no column ``setting``.
    learn
        what ``fit`` learns, as of :func:`riskmodel.calibration.calibrate`; None leaves the statements as they are.
    prior_weight
        of the statements against the cohort, 0 or more.
    outcomes
        how unknown outcomes are taken, as of :func:`riskmodel.calibration.calibrate`.
    verified_odds_ratio, hold_verified_odds_ratio
        of a known outcome, disease present against absent, as of :func:`riskmodel.calibration.calibrate`.
    predictors
        what predictions read of ``X``: ``history`` (no test), ``before_imaging`` (all but the results of imaging, which
        are how most of these diagnoses are made) or ``all``. ``fit`` learns from all of it.
    columns
        the names of the columns where ``X`` is an array.

    Attributes
    ----------
    model_
        the fitted :class:`riskmodel.Model`.
    calibration_
        what the fit found (:class:`riskmodel.calibration.Calibration`), None where nothing was learnt.
    conditions_
        the conditions, in the order of the columns of ``predict_proba`` and ``transform``.
    classes_
        with one condition its two labels, absent first; otherwise the conditions.
    predictors_
        the variables that predictions read.
    thresholds_
        condition → the policy's threshold for imaging: ``predict`` says 1 from there on.

    Examples
    --------
    >>> people = pd.DataFrame({"fever": ["yes", None], "iv_drug_use": ["yes", None]})
    >>> red_flags = RedFlagClassifier(setting="primary_care", learn=None).fit(people)
    >>> red_flags.predict(people)[:, 0].tolist(), list(red_flags.conditions_)
    ([1, 0], ['infection', 'malignancy', 'fracture', 'cauda_equina'])
    """

    def __init__(  # noqa: PLR0913
        self,
        priors: str | Path | Model = DEFAULT_PRIORS,
        policy: str | Path = DEFAULT_POLICY,
        *,
        condition: str | None = None,
        setting: str | None = None,
        learn: str | Sequence[str] | None = "base_rates",
        prior_weight: float = 1.0,
        outcomes: str = "ignorable",
        verified_odds_ratio: Stated | None = None,
        hold_verified_odds_ratio: bool = False,
        predictors: str = DEFAULT_PREDICTORS,
        columns: Sequence[str] | None = None,
        root: Path | None = None,
    ) -> None:
        self.priors = priors
        self.policy = policy
        self.condition = condition
        self.setting = setting
        self.learn = learn
        self.prior_weight = prior_weight
        self.outcomes = outcomes
        self.verified_odds_ratio = verified_odds_ratio
        self.hold_verified_odds_ratio = hold_verified_odds_ratio
        self.predictors = predictors
        self.columns = columns
        self.root = root

    def fit(self, X: pd.DataFrame | Array, Y: pd.DataFrame | pd.Series | Array | None = None) -> Self:
        """Calibrate the statements on people whose outcomes are known, at least in part.

        Parameters
        ----------
        X
            (people, columns).
        Y
            outcomes, 1 or present, 0 or absent, blank where unknown: a frame with conditions as columns, an array
            (people, ``conditions_``), or with one ``condition`` a vector. None where ``X`` has condition columns,
            as in a case file; predictions never read those.

        Raises
        ------
        InputError
            (a ValueError) data of a shape or with values that are not understood.
        CasesError, UsageError
            as of :func:`riskmodel.calibration.calibrate`.
        """
        model = self.priors if isinstance(self.priors, Model) else load(self.priors, self.policy, self.root)
        self.conditions_ = self._conditions(model)
        self.predictors_ = np.array(predictors_of(model, self.predictors), dtype=object)
        X = self._frame(X)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        named = {variable.name: variable for variable in model.variables}
        is_single = self.condition is not None
        self.classes_ = labels_of(Y, named[self.conditions_[0]].states) if is_single else self.conditions_
        cohort = self._cohort(X, Y, model)
        self.calibration_ = None if self.learn is None else self._learn(model, cohort)
        self.model_ = self.calibration_.model if self.calibration_ is not None else model
        self.thresholds_ = {
            stake.condition: model.policy.thresholds[stake.threshold].value for stake in imaging_stakes(model.policy)
        }
        return self

    def _learn(self, model: Model, cohort: pd.DataFrame) -> Any:
        calibration = calibrate(
            model, cohort, self.learn or "",
            setting=self.setting, prior_weight=self.prior_weight, outcomes=self.outcomes,
            verified_odds_ratio=self.verified_odds_ratio, hold_verified_odds_ratio=self.hold_verified_odds_ratio,
        )  # fmt: skip
        if not calibration.converged:
            warnings.warn(f"the fit has not converged: {calibration.why}", ConvergenceWarning, stacklevel=3)
        return calibration

    def transform(self, X: pd.DataFrame | Array) -> Array:
        """P(condition present | predictors) of each person, (people, ``conditions_``); ``set_output`` decides as what.

        Raises
        ------
        CasesError
            cells that are not understood, or findings that cannot be under the model.
        """
        check_is_fitted(self, "model_")
        X = self._frame(X)
        masks = restricted(self.model_, self.model_.code(self._evidence(X), setting=self.setting), self.predictors)
        posterior = CompiledScorer(self.model_.scoring.scorer).posterior(masks)
        impossible = np.nonzero(~(posterior.evidence > 0))[0]
        if impossible.size:
            raise CasesError(f"row {X.index[int(impossible[0])]}: its evidence has probability zero")
        names = list(self.model_.scoring.scorer.output_names)
        return np.clip(posterior.probability[[names.index(name) for name in self.conditions_]].T, 0, 1)

    def predict_proba(self, X: pd.DataFrame | Array) -> Array:
        """Probabilities.

        Returns
        -------
        with one condition (people, 2): of absent and present; otherwise (people, ``conditions_``) as scikit-learn's
        other multi-label classifiers have it, a frame after ``set_output(transform="pandas")``.
        """
        probabilities = self.transform(X)
        if self.condition is None:
            return probabilities
        present = np.asarray(probabilities)[:, 0]
        return np.column_stack([1 - present, present])

    def predict(self, X: pd.DataFrame | Array) -> Array:
        """Who is at or beyond the policy's threshold for imaging: (people, ``conditions_``), or labels of the one.

        Raises
        ------
        UsageError
            where the policy has no threshold for a condition.
        """
        probabilities = np.asarray(self.transform(X))
        without = [name for name in self.conditions_ if name not in self.thresholds_]
        if without:
            raise UsageError(
                f"policy {self.model_.policy.name} has no threshold for imaging for {', '.join(without)}: "
                "take one that has (consensus), or the probabilities"
            )
        acted = (probabilities >= [self.thresholds_[name] for name in self.conditions_]).astype(int)
        return acted if self.condition is None else np.asarray(self.classes_[acted[:, 0]])

    def score(self, X: pd.DataFrame | Array, Y: pd.DataFrame | pd.Series | Array | None = None) -> float:
        """Mean log of the probability given to what happened: 0 is perfect; higher is better.

        Unlike accuracy it rewards true probabilities, however rare the condition. The mean over conditions of the
        mean over the people in whom each is known; the outcomes are in ``Y``, or in ``X`` as for :meth:`fit`.
        """
        check_is_fitted(self, "model_")
        cohort = self._cohort(self._frame(X), Y, self.model_)
        judged = judge(self.model_, cohort, setting=self.setting, predictors=self.predictors)
        scores = []
        for name in self.conditions_:
            y, p = with_known_outcome(judged.outcomes[name].to_numpy(), judged.probabilities[name].to_numpy())
            if len(y):
                scores.append(-PROBABILITY_METRICS["log_score"](y, p, np.ones(len(y))))
        if not scores:
            raise InputError(f"no outcome is known: a score needs some of {', '.join(self.conditions_)}")
        return float(np.mean(scores))

    def get_feature_names_out(self, input_features: object = None) -> Array:  # noqa: ARG002 - scikit-learn's signature
        """The columns of ``transform``."""
        check_is_fitted(self, "model_")
        return np.asarray(self.conditions_, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        tags.classifier_tags.multi_label = self.condition is None
        tags.classifier_tags.multi_class = False
        tags.target_tags.required = False
        return tags

    def _conditions(self, model: Model) -> Array:
        names = [variable.name for variable in model.variables if variable.role == "condition"]
        if self.condition is None:
            return np.array([v.name for v in model.variables if v.role == "condition" and v.serious], dtype=object)
        if self.condition not in names:
            hint = nearest(str(self.condition), names)
            raise UsageError(f"condition: {self.condition!r} is not one of {', '.join(names)}{hint}")
        return np.array([self.condition], dtype=object)

    def _cohort(self, X: pd.DataFrame, Y: Any, model: Model) -> pd.DataFrame:
        """The cases with their outcomes as further columns; rows may be there twice, as in a resample."""
        outcomes: dict[str, Any] = outcome_columns(Y, list(self.conditions_), model.variables)
        for column in outcomes.values():
            check_consistent_length(X, column)
        twice = [name for name in outcomes if name in X.columns]
        if twice:
            raise InputError(f"the outcome {twice[0]} stands in X and in Y: leave it out of one")
        return X.drop(columns="case_id", errors="ignore").reset_index(drop=True).assign(**outcomes)

    def _evidence(self, X: pd.DataFrame) -> pd.DataFrame:
        """The cases without their names, which may be there twice, and without outcomes, which are never read."""
        outcomes = [variable.column for variable in self.model_.variables if variable.role == "condition"]
        return X.drop(columns=["case_id", *outcomes], errors="ignore")

    def _frame(self, X: pd.DataFrame | Array) -> pd.DataFrame:
        """The cases as a frame with names."""
        if isinstance(X, pd.DataFrame):
            frame = X
        else:
            if issparse(X):
                raise InputError("sparse X is not supported, for its zeros would be findings: give a frame")
            values = np.asarray(X)
            if values.ndim != 2:
                raise InputError(f"X must have two dimensions, people and columns, not {values.ndim}")
            if self.columns is None:
                raise InputError("X is an array without names: give a frame, or the names with columns=[…]")
            if values.shape[1] != len(self.columns):
                raise InputError(f"X has {values.shape[1]} columns, but columns= names {len(self.columns)}")
            frame = pd.DataFrame(values, columns=list(self.columns))
        if not len(frame):
            raise InputError("X has no row")
        return frame
