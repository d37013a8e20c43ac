"""How good are the probabilities and the actions? Metrics of predictions against known outcomes.

Outcomes are 1, 0 or NaN (unknown: the person is left out of that condition's metrics, and the counts say so).

References
----------
Begg and Greenes, Biometrics 1983;39:207 (partial verification). Brier, Mon Weather Rev 1950;78:1. Cox, Biometrika
1958;45:562 (calibration intercept and slope). Garwood, Biometrika 1936;28:437 (interval of a Poisson count). Hanley and
McNeil, Radiology 1982;143:29, and Newcombe, Stat Med 2006;25:559 (area under the ROC curve). Steyerberg and others,
Epidemiology 2010;21:128 (scaled Brier score). Vickers and Elkin, Med Decis Making 2006;26:565 (net benefit). Wilson,
J Am Stat Assoc 1927;22:209 (interval of a share).
"""

from riskmodel.metrics.curves import decision_curve, reliability, roc
from riskmodel.metrics.decisions import confusion, net_benefit
from riskmodel.metrics.evaluate import Judged, concat_judged, evaluate, judge, judge_coded, tabulate
from riskmodel.metrics.policies import policy_curves
from riskmodel.metrics.predictors import PREDICTOR_SETS, predictors_of
from riskmodel.metrics.probabilities import PROBABILITY_METRICS
from riskmodel.metrics.recalibration import smooth_reliability
from riskmodel.metrics.summary import FEWEST_EVENTS, summarise

__all__ = [
    "FEWEST_EVENTS",
    "PREDICTOR_SETS",
    "PROBABILITY_METRICS",
    "Judged",
    "concat_judged",
    "confusion",
    "decision_curve",
    "evaluate",
    "judge",
    "judge_coded",
    "net_benefit",
    "policy_curves",
    "predictors_of",
    "reliability",
    "roc",
    "smooth_reliability",
    "summarise",
    "tabulate",
]
