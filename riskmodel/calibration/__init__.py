"""Fit the statements of a model to a cohort whose outcomes are known, at least in part.

For research, not for the care of a patient.
"""

from riskmodel.calibration.fit import calibrate, recalibrate
from riskmodel.calibration.result import Calibration

__all__ = ["Calibration", "calibrate", "recalibrate"]
