"""The analyses read cases in other words, through a mapping, as scoring does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel.model import Model
from riskmodel.sensitivity.what_if import coded_cases

MAPPING = {"columns": {"who": "case_id", "temp": "fever"}, "values": {"fever": {"hot": "present"}}}


def test_cases_in_other_words_are_coded_alike(seeds: Model) -> None:
    theirs = pd.DataFrame({"who": ["a", "b"], "temp": ["hot", "absent"]})
    ours = pd.DataFrame({"case_id": ["a", "b"], "fever": ["present", "absent"]})
    mapped = coded_cases(seeds, theirs, setting="emergency", mapping=MAPPING)
    plain = coded_cases(seeds, ours, setting="emergency")
    assert mapped.names == plain.names == ("a", "b")
    assert np.array_equal(mapped.masks, plain.masks)
    with pytest.warns(UserWarning, match="columns ignored: who, temp"):
        assert coded_cases(seeds, theirs, setting="emergency").names == ("0", "1")
