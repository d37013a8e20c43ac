"""The arrays that the parts hand to each other, by what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Masks = NDArray[np.uint8]  # one byte a variable and case: bit s is set while state s is still possible
Ints = NDArray[np.int64]  # counts
States = NDArray[np.int64]  # positions of states in their variables
