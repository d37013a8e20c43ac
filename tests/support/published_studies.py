"""Counts that meta-analyses published, and what other programs made of them."""

import numpy as np

# Anti-CCP for rheumatoid arthritis, 37 studies: Nishimura K et al. Ann Intern Med 2007;146:797, as in chapter 10 of the
# Cochrane Handbook for Systematic Reviews of Diagnostic Test Accuracy.
ANTI_CCP = {
    "tp": [110, 40, 43, 110, 40, 72, 139, 90, 115, 23, 236, 74, 89, 90, 31, 69, 25, 70, 167, 26, 26, 64, 71, 68, 38, 42,
           149, 147, 47, 24, 171, 7, 481, 190, 82, 865, 69],
    "fp": [24, 5, 1, 3, 11, 14, 7, 7, 17, 0, 20, 11, 4, 2, 0, 8, 2, 5, 8, 8, 1, 14, 2, 14, 3, 2, 7, 10, 7, 3, 26, 2, 23,
           12, 13, 79, 5],
    "fn": [86, 58, 63, 148, 46, 77, 101, 101, 16, 7, 88, 8, 29, 50, 22, 18, 10, 17, 98, 15, 20, 15, 58, 35, 0, 60, 109,
           35, 20, 18, 60, 9, 68, 105, 71, 252, 107],
    "tn": [215, 227, 120, 118, 146, 298, 464, 313, 73, 39, 231, 130, 142, 129, 75, 38, 40, 228, 88, 15, 56, 293, 66,
           132, 73, 96, 114, 106, 375, 79, 443, 51, 185, 408, 301, 2218, 133],
}  # fmt: skip
# Telomerase for bladder cancer, 10 studies: Glas AS et al. J Urol 2003;169:1975.
TELOMERASE = {
    "tp": [25, 17, 88, 16, 40, 38, 23, 27, 14, 37],
    "fp": [1, 3, 16, 3, 1, 6, 0, 2, 3, 22],
    "fn": [8, 4, 16, 10, 17, 9, 19, 6, 3, 7],
    "tn": [25, 11, 31, 80, 137, 24, 12, 18, 29, 7],
}
# CT for coronary disease, 5 studies: the same chapter of the Cochrane Handbook, appendix 12.
CORONARY_CT = {"tp": [62, 32, 25, 15, 16], "fp": [5, 6, 2, 2, 7], "fn": [4, 2, 1, 1, 1], "tn": [46, 12, 40, 2, 53]}
# BCG against tuberculosis, 13 trials: Colditz GA et al. JAMA 1994;271:698.
BCG = {
    "vaccinated": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "healthy": [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886],
    "controls": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "healthy_controls": [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825],
}


def true_results(counts: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """True positives and true negatives, and of how many people: (studies, 2) each."""
    tp, fp, fn, tn = (np.array(counts[key], float) for key in ("tp", "fp", "fn", "tn"))
    return np.stack([tp, tn], axis=1), np.stack([tp + fn, tn + fp], axis=1)
