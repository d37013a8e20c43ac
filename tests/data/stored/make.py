"""What other programs say of the predictions in ``predictions.csv``; run in an environment with them.

Needs dcurves (net benefit), statsmodels (slope and intercept, by its formulas) and numpy, pandas.
"""

import json

import numpy as np
import pandas as pd

from tests.support.paths import TESTS


def main():
    rng = np.random.default_rng(20)
    p = np.round(rng.beta(0.6, 6, 400), 6).clip(0.0005, 0.9995)
    y = (rng.random(400) < 1 / (1 + np.exp(-(0.4 + 0.8 * np.log(p / (1 - p)))))).astype(int)
    acted = ((p > 0.12) ^ (rng.random(400) < 0.1)).astype(int)
    frame = pd.DataFrame({"y": y, "p": p, "acted": acted})
    frame.to_csv(TESTS / "predictions.csv", index=False)

    import statsmodels.formula.api as smf
    from dcurves import dca

    thresholds = [0.02, 0.05, 0.1, 0.2, 0.35]
    curve = dca(data=frame, outcome="y", modelnames=["p", "acted"], thresholds=thresholds)
    frame["lp"] = np.log(frame["p"] / (1 - frame["p"]))
    slope = smf.logit("y ~ lp", frame).fit(disp=0)
    large = smf.logit("y ~ 1", frame, offset=frame["lp"]).fit(disp=0)
    found = {
        "net_benefit": {
            name: dict(zip(map(str, thresholds), part.sort_values("threshold")["net_benefit"], strict=True))
            for name, part in curve.groupby("model")
        },
        "calibration_slope": float(slope.params["lp"]),
        "calibration_intercept": float(large.params["Intercept"]),
    }
    (TESTS / "results.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
