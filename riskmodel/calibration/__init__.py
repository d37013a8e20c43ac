"""Fit the statements of a model to a cohort whose outcomes are known, at least in part.

For research, not for the care of a patient.
"""

from riskmodel.calibration.fit import calibrate, recalibrate
from riskmodel.calibration.result import Calibration
from riskmodel.calibration.sums.fit import calibrate_sums
from riskmodel.calibration.sums.piece import cohort_sums

__all__ = ["Calibration", "calibrate", "calibrate_sums", "cohort_sums", "recalibrate"]
