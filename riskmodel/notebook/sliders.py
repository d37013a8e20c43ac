"""Every statement as the page's sliders need it: what it says, who says it, how far it is moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.evidence.limits import MOST_CORRELATED
from riskmodel.evidence.number_origin import origin_of
from riskmodel.evidence.records import IGNORABLE
from riskmodel.evidence.scale import LOG, LOGIT, Scale, scale_of
from riskmodel.sensitivity.ranges import ranges
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.model import Model

BEYOND = 0.75  # a slider goes so many half widths of the 95 % range beyond both of its ends, on the statement's scale
NARROWEST = 0.4  # half width on the scale of a slider whose range is narrower
FURTHEST = 20.0  # log-odds or logarithm of a ratio: a value beyond is typed


NAMES = {LOG.kind: "log", LOGIT.kind: "logit"}  # of scales, on the page


def slider_data(model: Model) -> list[dict[str, Any]]:
    """The sliders of all statements that drive a table, under any recording profile; those of a profile name it."""
    plain = model.with_recording(IGNORABLE).priors
    sliders = _of(plain, plain.selected, "")
    for profile in plain.profiles:
        if profile != IGNORABLE:
            under = model.with_recording(profile).priors
            sliders += _of(under, tuple(name for name in under.selected if name not in plain.selected), profile)
    return sliders


def _of(priors: Priors, names: tuple[str, ...], profile: str) -> list[dict[str, Any]]:
    if not names:
        return []
    frame = ranges(priors, names)
    intervals = frame[["low", "high"]].to_numpy(float).tolist()
    rows = zip(frame["statement"].astype(str), intervals, frame["origin"].astype(str), strict=True)
    return [
        _slider(priors, priors.statement(name), (low, high), rests_on, profile) for name, (low, high), rests_on in rows
    ]


def _slider(
    priors: Priors, statement: Statement, interval: tuple[float, float], rests_on: str, profile: str
) -> dict[str, Any]:
    origin = origin_of(priors, statement)
    correlation = statement.quantity == "dependence"
    scale = scale_of(statement)
    least, most = (0.0, MOST_CORRELATED) if correlation else slider_ends(statement.value, *interval, scale)
    return {
        "id": statement.id,
        "says": origin.says,
        "about": words(statement.subject),
        "value": statement.value,
        "low": interval[0],
        "high": interval[1],
        "interval": rests_on,
        "who": origin.who,
        "title": origin.title if statement.source != "assumption" else "",
        "history": list(origin.history),
        "note": statement.note,
        "scale": "linear" if correlation else NAMES[scale.kind],
        "least": least,
        "most": most,
        "profile": profile,
    }


def slider_ends(value: float, low: float, high: float, scale: Scale) -> tuple[float, float]:
    """The least and the greatest value of a slider: the 95 % range, and as much again on both sides by `BEYOND`."""
    with np.errstate(divide="ignore"):
        at = np.clip(scale.to(np.array([value, low, high])), -FURTHEST, FURTHEST)
    half = max((at[2] - at[1]) / 2, NARROWEST)
    ends = np.clip([at.min() - BEYOND * half, at.max() + BEYOND * half], -FURTHEST, FURTHEST)
    least, most = scale.back(ends)
    return float(f"{least:.6g}"), float(f"{most:.6g}")
