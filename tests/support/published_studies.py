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
# Rheumatoid factor for rheumatoid arthritis, 50 studies: the same review as anti-CCP.
RHEUMATOID_FACTOR = {
    "tp": [64, 482, 36, 143, 80, 61, 27, 60, 261, 20, 42, 18, 8, 93, 143, 84, 30, 32, 70, 48, 75, 64, 32, 130, 50, 20,
           77, 73, 36, 56, 115, 49, 22, 8, 35, 161, 80, 5, 57, 383, 89, 57, 196, 163, 75, 157, 26, 62, 113, 25],
    "fp": [16, 2, 6, 43, 50, 36, 6, 8, 54, 2, 46, 3, 8, 28, 39, 41, 2, 29, 39, 1, 42, 18, 10, 8, 14, 32, 16, 22, 3, 11,
           53, 23, 2, 8, 8, 89, 28, 4, 9, 38, 3, 25, 75, 10, 21, 287, 1, 11, 19, 1],
    "fn": [27, 82, 41, 53, 39, 37, 3, 20, 63, 29, 14, 31, 0, 25, 63, 56, 23, 3, 36, 40, 12, 29, 9, 128, 20, 26, 52, 29,
           5, 46, 67, 28, 20, 31, 51, 7, 69, 11, 33, 166, 9, 6, 99, 28, 21, 78, 32, 114, 29, 14],
    "tn": [153, 153, 313, 196, 45, 196, 33, 119, 197, 18, 127, 25, 31, 118, 130, 90, 73, 13, 93, 99, 191, 73, 13, 113,
           191, 25, 52, 90, 70, 87, 63, 359, 80, 91, 149, 360, 284, 49, 93, 170, 39, 111, 345, 140, 106, 1466, 29, 127,
           481, 20],
}  # fmt: skip
# IQCODE for dementia, 13 studies: the example data of Freeman SC et al. BMC Med Res Methodol 2019;19:81 (MetaDTA).
IQCODE = {
    "tp": [188, 83, 109, 73, 43, 17, 215, 52, 33, 145, 173, 94, 21],
    "fp": [35, 4, 17, 36, 29, 9, 50, 17, 25, 90, 52, 12, 41],
    "fn": [28, 7, 43, 12, 0, 7, 14, 6, 0, 24, 7, 6, 3],
    "tn": [48, 19, 35, 23, 105, 36, 44, 31, 18, 317, 37, 88, 124],
}
# Tau and amyloid in spinal fluid for dementia, 14 studies: example data of Nyaga VN, Arbyn M. Res Synth Methods 2023.
SPINAL_FLUID = {
    "tp": [18, 18, 15, 24, 17, 53, 9, 4, 32, 47, 9, 5, 32, 62],
    "fp": [17, 43, 12, 10, 2, 36, 9, 4, 113, 33, 10, 11, 16, 41],
    "fn": [4, 2, 7, 5, 6, 4, 5, 7, 5, 5, 2, 0, 10, 29],
    "tn": [25, 99, 19, 13, 16, 41, 5, 40, 46, 75, 16, 37, 42, 82],
}
# AUDIT-C for unhealthy alcohol use, 14 studies: Kriston L et al. Ann Intern Med 2008;149:879.
AUDIT_C = {
    "tp": [47, 126, 19, 36, 130, 84, 68, 752, 59, 142, 137, 57, 34, 152],
    "fp": [101, 272, 12, 78, 211, 68, 112, 3226, 55, 571, 107, 103, 21, 88],
    "fn": [9, 51, 10, 3, 19, 2, 0, 0, 5, 50, 24, 3, 1, 51],
    "tn": [738, 1543, 192, 276, 959, 89, 423, 2977, 136, 2788, 358, 437, 56, 264],
}
# What smokers say, against a laboratory test, the first table of 26 studies; ``own`` is 1 where they filled the
# questionnaire themselves, 0 where they were interviewed: Patrick DL et al. Am J Public Health 1994;84:1086.
SMOKING = {
    "tp": [21, 3, 437, 350, 379, 3, 59, 27, 81, 120, 21, 120, 132, 55, 312, 163, 28, 346, 25, 149, 213, 126, 77, 1357,
           1649, 19],
    "fp": [28, 2, 78, 77, 9, 6, 5, 25, 5, 54, 22, 39, 110, 32, 45, 24, 2, 13, 3, 15, 2, 0, 1, 68, 423, 1],
    "fn": [15, 0, 23, 35, 37, 45, 5, 47, 7, 5, 25, 1, 52, 0, 24, 3, 3, 3, 11, 8, 47, 11, 2, 185, 17, 2],
    "tn": [324, 77, 901, 155, 854, 198, 227, 1233, 170, 329, 177, 148, 889, 180, 594, 178, 164, 77, 40, 370, 76, 181,
           43, 3322, 6632, 96],
    "own": [1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1],
}  # fmt: skip
# Bloodstream infections with a coated and with a plain catheter, 18 trials: Niel-Weise BS et al. Intensive Care Med
# 2007;33:2058, as in Stijnen T et al. Stat Med 2010;29:3046.
CATHETERS = {
    "plain": [3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1],
    "of_plain": [117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69],
    "coated": [0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4],
    "of_coated": [116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64],
}


def true_results(counts: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """True positives and true negatives, and of how many people: (studies, 2) each."""
    tp, fp, fn, tn = (np.array(counts[key], float) for key in ("tp", "fp", "fn", "tn"))
    return np.stack([tp, tn], axis=1), np.stack([tp + fn, tn + fp], axis=1)


def positive_results(counts: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives, and of how many people: (studies, 2) each."""
    tp, fp, fn, tn = (np.array(counts[key], float) for key in ("tp", "fp", "fn", "tn"))
    return np.stack([tp, fp], axis=1), np.stack([tp + fn, fp + tn], axis=1)
