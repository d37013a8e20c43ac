"""The network as a picture: variables in columns by role, arcs between them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.records import MANIFEST, acting_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from riskmodel.evidence.records import Variable
    from riskmodel.model import Model

    Boxes = Mapping[str, "Box"]

# The columns of the picture of a network: their roles, left edge and width. A row is 1 high.
COLUMNS = (
    (("context",), 0.0, 1.9),
    (("risk_factor",), 3.2, 4.9),
    (("condition",), 10.6, 3.8),
    (("manifestation",), 15.8, 1.6),
    (("finding", "test"), 20.6, 5.6),
)
HEADINGS = {
    "context": "context",
    "risk_factor": "risk factors",
    "condition": "conditions",
    "manifestation": "signs",
    "finding": "findings",
    "test": "tests",
}
DOTS, DOT = 26.8, 0.66  # the first dot beside a finding, and from one to the next
GAP = 1.7  # between findings and tests
TALLEST = 2.1  # a condition's box
INK, GREY, PALE, FAINT, PAPER = "#222222", "#8c8c8c", "#bdbdbd", "#dcdcdc", "#f3f3f3"
# Neighbours differ in lightness and in dashes, so that they can be told apart in grey.
STROKES: tuple[tuple[str, Any], ...] = (
    ("#8c1d18", "-"),
    ("#1f5aa6", (0, (5, 1.5))),
    ("#2f7d32", "-"),
    ("#4a2377", (0, (1.5, 1))),
    ("#c8661a", "-"),
    ("#1697a6", (0, (5, 1.5))),
    ("#9a8600", (0, (1.5, 1))),
    ("#c2417c", "-"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a variable stands: left edge, width, middle and height."""

    x: float
    width: float
    y: float
    height: float

    def port(self, index: int, count: int) -> float:
        """The height at which one of ``count`` arcs, counted from below, meets the box."""
        return self.y + 0.84 * self.height * ((index + 0.5) / count - 0.5)


def network(model: Model, ax: Axes | None = None) -> Axes:
    """Draw a model's variables and arcs, and beside each finding and test the conditions that lead to it.

    Serious conditions are bold. A dot is hollow where the condition leads to the finding only while it is manifest.
    Every arc has an id of its own (``arc.infection.fever``), which an SVG keeps.

    Parameters
    ----------
    ax
        where to draw; by default a new figure of 11 by 9 inches.
    """
    variables = model.priors.network_variables
    boxes = _boxes(variables)
    conditions = [variable for variable in variables if variable.role == "condition"]
    strokes = {v.name: STROKES[i % len(STROKES)] for i, v in enumerate(conditions)}
    of_signs = {v.name: strokes[v.parents[0]] for v in variables if v.role == "manifestation"}
    ax = _blank() if ax is None else ax
    _arcs(ax, variables, boxes, strokes | of_signs)
    for variable in variables:
        _box(ax, variable, boxes[variable.name], (strokes | of_signs).get(variable.name, (INK, "-"))[0])
    top = max(box.y for box in boxes.values()) + 1.0
    _headings(ax, variables, boxes, top)
    _dots(ax, variables, boxes, strokes, top)
    ax.set_xlim(-0.2, DOTS + DOT * len(conditions) + 2.6)
    ax.set_ylim(min(box.y for box in boxes.values()) - 0.8, top + 4.2)
    ax.set_axis_off()
    return ax


def _blank() -> Axes:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(11, 9))
    figure.subplots_adjust(0, 0, 1, 1)
    return ax


def _boxes(variables: Sequence[Variable]) -> dict[str, Box]:
    """Columns from left to right, each variable in file order, every column as high as the fullest.

    A manifestation stands beside its condition.
    """
    columns = [([[v for v in variables if v.role == role] for role in roles], x, w) for roles, x, w in COLUMNS]
    height = max(sum(map(len, groups)) + GAP * (len(groups) - 1) for groups, _, _ in columns)
    boxes: dict[str, Box] = {}
    for groups, x, width in columns:
        count = sum(map(len, groups))
        pitch = (height - GAP * (len(groups) - 1)) / max(count, 1)
        y = height - pitch / 2
        for group in groups:
            for variable in group:
                tall = min(TALLEST, 0.65 * pitch) if variable.role == "condition" else 0.84
                beside = boxes[variable.parents[0]].y if variable.role == "manifestation" else y
                boxes[variable.name] = Box(x, width, beside, tall)
                y -= pitch
            y -= GAP
    return boxes


def _arcs(ax: Axes, variables: Sequence[Variable], boxes: Boxes, strokes: Mapping[str, tuple[str, Any]]) -> None:
    arcs = [(parent, variable.name) for variable in variables for parent in variable.parents]
    across = [(start, end) for start, end in arcs if boxes[start].x != boxes[end].x]
    for start, end in arcs:
        source, target = boxes[start], boxes[end]
        colour, dashes = strokes.get(start, (_shade(source, target), "-"))
        style = {"edgecolor": colour, "linestyle": dashes, "linewidth": 0.9}
        if source.x == target.x:
            _curve(ax, _beside(source, target), f"arc.{start}.{end}", style)
            continue
        leaving = sorted((e for s, e in across if s == start), key=lambda name: boxes[name].y)
        arriving = sorted((s for s, e in across if e == end), key=lambda name: boxes[name].y)
        y, z = source.port(leaving.index(end), len(leaving)), target.port(arriving.index(start), len(arriving))
        x, right = source.x + source.width, target.x
        middle = (x + right) / 2
        _curve(ax, [(x, y), (middle, y), (middle, z), (right, z)], f"arc.{start}.{end}", style)


def _shade(source: Box, target: Box) -> str:
    """The grey of an arc from no condition: arcs that pass over a column stay in the background."""
    lefts = [x for _, x, _ in COLUMNS]
    if lefts.index(target.x) - lefts.index(source.x) > 1:
        return FAINT
    return PALE if source.x == lefts[0] else GREY


def _beside(source: Box, target: Box) -> list[tuple[float, float]]:
    """Within a column: a straight line in the first, where it is short, else a bow on the left."""
    if source.x == COLUMNS[0][1]:
        middle = source.x + source.width / 2
        return [(middle, source.y), (middle, source.y), (middle, target.y), (middle, target.y)]
    bow = source.x - 0.4 - 0.22 * abs(source.y - target.y)
    return [(source.x, source.y), (bow, source.y), (bow, target.y), (target.x, target.y)]


def _curve(ax: Axes, points: list[tuple[float, float]], name: str, style: Mapping[str, Any]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(PathPatch(path, fill=False, gid=name, zorder=_depth(style["edgecolor"]), **style))


def _depth(colour: str) -> int:
    return (FAINT, PALE, GREY).index(colour) if colour in (FAINT, PALE, GREY) else 3


def _box(ax: Axes, variable: Variable, box: Box, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    inferred, sign = variable.role == "condition", variable.role == "manifestation"
    ax.add_patch(
        FancyBboxPatch(
            (box.x, box.y - box.height / 2),
            box.width,
            box.height,
            boxstyle=f"round,pad=0,rounding_size={0.25 if inferred else 0.15}",
            facecolor="white" if inferred else PAPER,
            edgecolor=colour if inferred or sign else PALE,
            linewidth=2.0 if inferred else 0.6,
            zorder=4,
        )
    )
    label = MANIFEST if sign else variable.name.replace("_", " ")
    ax.text(
        box.x + (box.width / 2 if inferred or sign else 0.2),
        box.y,
        "\n".join(wrap(label, 12)) if inferred else label,
        ha="center" if inferred or sign else "left",
        va="center",
        fontsize=10 if inferred else 6.5 if sign else 8.5,
        fontweight="bold" if variable.serious else "normal",
        color=INK,
        linespacing=1.0,
        zorder=5,
    )


def _headings(ax: Axes, variables: Sequence[Variable], boxes: Boxes, top: float) -> None:
    for role, heading in HEADINGS.items():
        members = [boxes[variable.name] for variable in variables if variable.role == role]
        if members:
            above = members[0].y + 0.95 if role == "test" else top
            ax.text(members[0].x, above, heading, fontsize=9.5, style="italic", color=INK, va="center")


def _dots(
    ax: Axes,
    variables: Sequence[Variable],
    boxes: Boxes,
    strokes: Mapping[str, tuple[str, Any]],
    top: float,
) -> None:
    """A dot for each condition with an arc to the finding or test of the row."""
    last = DOTS + DOT * (len(strokes) - 1)
    for variable in variables:
        if variable.role in ("finding", "test"):
            box = boxes[variable.name]
            ax.plot([box.x + box.width, last], [box.y, box.y], color=PAPER, linewidth=1.0, zorder=1)
            for i, (name, (colour, _)) in enumerate(strokes.items()):
                if way := acting_node(name, variable.parents):
                    (dot,) = ax.plot([DOTS + DOT * i], [box.y], "o", markersize=4.6, color=colour, zorder=3)
                    dot.set_markerfacecolor(colour if way == name else "white")
    for i, (name, (colour, _)) in enumerate(strokes.items()):
        ax.text(
            DOTS + DOT * i,
            top - 0.3,
            name.replace("_", " "),
            rotation=50,
            rotation_mode="anchor",
            fontsize=8,
            color=colour,
        )
