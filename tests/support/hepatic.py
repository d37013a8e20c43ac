"""A published example of partial verification: after a normal scan of the liver most people were not looked into.

Drum and Christacopoulos, J Nucl Med 1972;13:908: 650 scans, 344 livers verified by pathology. Begg and Greenes,
Biometrics 1983;39:207: sensitivity and specificity are 89.5 and 62.8 % in the verified, 83.6 and 73.8 % in all.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.support.small_policy import policy_text, probable, threshold
from tests.support.tabular import SET, write_folder

NETWORK = """
[[variable]]
name = "liver_disease"
role = "condition"
serious = true
states = ["absent", "present"]
definition = "Disease of the liver, by pathology."

[[variable]]
name = "scan"
role = "test"
states = ["normal", "abnormal"]
parents = ["liver_disease"]
definition = "Scintigraphy of the liver."
imaging = true
"""
STATEMENTS = [
    ("base.liver_disease", "liver_disease=present", "", 0.5),
    ("scan.none", "scan=abnormal", "none", 0.3),
    ("scan.liver_disease", "scan=abnormal", "liver_disease=present alone", 0.7),
]
COUNTS = {  # (scan, pathology): people
    ("abnormal", "present"): 231,
    ("abnormal", "absent"): 32,
    ("normal", "present"): 27,
    ("normal", "absent"): 54,
    ("abnormal", ""): 166,
    ("normal", ""): 140,
}
POLICY = policy_text(
    ["immediate", "routine"],
    [],
    probable("liver_disease", "look", urgency="immediate", imaging=["scan"]),
    head=threshold("look", 0.3, 0.7),
)


def write_hepatic(folder: Path) -> Path:
    """The prior set, with little weight on its guesses."""
    write_folder(folder, NETWORK, STATEMENTS, SET.replace("assumption = 20", "assumption = 2"))
    (folder / "policies" / "plain.toml").write_text(POLICY)
    return folder


def people() -> pd.DataFrame:
    """The 650 people as a case file."""
    rows = [pair for pair, count in COUNTS.items() for _ in range(count)]
    frame = pd.DataFrame(rows, columns=["scan", "liver_disease"])
    return frame.assign(case_id=[f"p{i}" for i in range(len(frame))])
