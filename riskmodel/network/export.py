"""The network in other programs' formats: its point values, every digit, variables in file order.

All five are written here. Of pgmpy 1.1's writers NET rounds to 8 decimals, UAI lists the parents in reverse
beside tables with the child first, XDSL rounds to 16 decimals and places the nodes at random, and BIF and
XMLBIF sort the variables by name. In every format a table runs through the combinations of the parents with
the last parent fastest, as the formats' own descriptions have it. pyAgrum reads XDSL and UAI with the first
parent fastest, unlike GeNIe and the rules of UAI, and BIF, NET and UAI in single precision: it wants XMLBIF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import Variable
from riskmodel.network.build import in_order
from riskmodel.network.network import Network
from riskmodel.outputs.files import write_files

NAME = "riskmodel"
NODE_WIDTH, NODE_HEIGHT, GAP = 150, 40, 30  # of the nodes as GeNIe draws them, in pixels


def export(network: Network, path: str | Path, form: str, *, for_pyagrum: bool = False) -> list[Path]:
    """Write the point values (draw 0) of a network in another program's format.

    Parameters
    ----------
    path
        of the file, in whose place the whole file appears or nothing.
    form
        ``bif`` (bnlearn, JavaBayes), ``xmlbif``, ``net`` (Hugin, SamIam), ``uai`` or ``xdsl`` (GeNIe).
    for_pyagrum
        writes the tables of ``uai`` and ``xdsl`` with the first parent fastest, as pyAgrum alone reads them.

    Returns
    -------
    the files written: one, and for ``uai``, which knows no names, before it ``<path without its
    extension>.names.csv`` with the index, name and states of each variable.

    Raises
    ------
    UsageError
        of an unknown format.
    OutputError
        where a file cannot be written.

    Examples
    --------
    >>> from riskmodel.evidence.load import load_priors
    >>> from riskmodel.network.build import build_network
    >>> export(build_network(load_priors("seeds")), "redflags.biff", "biff")
    Traceback (most recent call last):
        ...
    riskmodel.errors.UsageError: format 'biff' is not one of bif, xmlbif, net, uai, xdsl (did you mean 'bif'?)
    """
    if form not in FORMATS:
        raise UsageError(f"format {form!r} is not one of {', '.join(FORMATS)}{nearest(form, FORMATS)}")
    if for_pyagrum and form in ("uai", "xdsl"):
        network = _first_parent_fastest(network)
    target = Path(path)
    files = {target.with_suffix(".names.csv"): _names(network)} if form == "uai" else {}
    files[target] = FORMATS[form](network)
    write_files(files)
    return list(files)


def _first_parent_fastest(network: Network) -> Network:
    """The tables with their parents' axes reversed, so that they run through the first parent fastest."""
    tables = {
        name: np.transpose(table, [0, *range(table.ndim - 2, 0, -1), table.ndim - 1])
        for name, table in network.one_draw(0).tables.items()
    }
    return Network(network.variables, tables, network.composites)


def _number(p: float) -> str:
    """All digits that tell a number from every other, without an exponent, which not every reader takes.

    >>> _number(8.1e-05)
    '0.000081'
    """
    return np.format_float_positional(p, trim="0")


def _row(column: Array, separator: str) -> str:
    return separator.join(_number(float(p)) for p in column)


def _flat(table: Array) -> str:
    """A whole table, the variable itself fastest, then its last parent."""
    return _row(table.ravel(), " ")


def _columns(network: Network, variable: Variable) -> Iterator[tuple[list[str], Array]]:
    """Each combination of the parents' states, the last parent fastest, with its distribution."""
    parents = [network.variable(name) for name in variable.parents]
    table = network.tables[variable.name][0]
    for index in np.ndindex(*table.shape[:-1]):
        yield [parent.states[i] for parent, i in zip(parents, index, strict=True)], table[index]


def _bif(network: Network) -> str:
    lines = [f"network {NAME} {{", "}"]
    for variable in network.variables:
        states = ", ".join(variable.states)
        lines += [
            f"variable {variable.name} {{",
            f"  type discrete [ {len(variable.states)} ] {{ {states} }};",
            "}",
        ]
    for variable in network.variables:
        given = f" | {', '.join(variable.parents)}" if variable.parents else ""
        lines.append(f"probability ( {variable.name}{given} ) {{")
        for states_given, column in _columns(network, variable):
            key = f"({', '.join(states_given)})" if states_given else "table"
            lines.append(f"  {key} {_row(column, ', ')};")
        lines.append("}")
    return _text(lines)


def _xmlbif(network: Network) -> str:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<BIF VERSION="0.3">',
        "<NETWORK>",
        f"<NAME>{NAME}</NAME>",
    ]
    for variable in network.variables:
        lines += ['<VARIABLE TYPE="nature">', f"  <NAME>{variable.name}</NAME>"]
        lines += [f"  <OUTCOME>{state}</OUTCOME>" for state in variable.states]
        lines.append("</VARIABLE>")
    for variable in network.variables:
        lines += ["<DEFINITION>", f"  <FOR>{variable.name}</FOR>"]
        lines += [f"  <GIVEN>{parent}</GIVEN>" for parent in variable.parents]
        lines += [f"  <TABLE>{_flat(network.tables[variable.name][0])}</TABLE>", "</DEFINITION>"]
    return _text([*lines, "</NETWORK>", "</BIF>"])


def _net(network: Network) -> str:
    lines = ["net {", "}"]
    for variable in network.variables:
        states = " ".join(f'"{state}"' for state in variable.states)
        lines += [f"node {variable.name} {{", f"  states = ({states});", "}"]
    for variable in network.variables:
        given = f" | {' '.join(variable.parents)}" if variable.parents else ""
        lines += [
            f"potential ({variable.name}{given}) {{",
            f"  data = {_nested(network.tables[variable.name][0])};",
            "}",
        ]
    return _text(lines)


def _nested(table: Array) -> str:
    inside = _row(table, " ") if table.ndim == 1 else "".join(_nested(part) for part in table)
    return f"({inside})"


def _uai(network: Network) -> str:
    index = {variable.name: str(i) for i, variable in enumerate(network.variables)}
    count = str(len(index))
    lines = ["BAYES", count, " ".join(str(len(variable.states)) for variable in network.variables), count]
    for variable in network.variables:  # the child comes last
        scope = [index[name] for name in (*variable.parents, variable.name)]
        lines.append(f"{len(scope)} {' '.join(scope)}")
    for variable in network.variables:
        table = network.tables[variable.name][0]
        lines += ["", str(table.size), _flat(table)]
    return _text(lines)


def _names(network: Network) -> str:
    rows = [f"{i},{v.name},{'|'.join(v.states)}" for i, v in enumerate(network.variables)]
    return _text(["index,variable,states", *rows])


def _xdsl(network: Network) -> str:
    head = f'<smile version="1.0" id="{NAME}" numsamples="10000" discsamples="10000">'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, "  <nodes>"]
    order = in_order(network.variables)  # a node's parents must stand before it
    for variable in order:
        lines.append(f'    <cpt id="{variable.name}">')
        lines += [f'      <state id="{state}" />' for state in variable.states]
        if variable.parents:
            lines.append(f"      <parents>{' '.join(variable.parents)}</parents>")
        flat = _flat(network.tables[variable.name][0])
        lines += [f"      <probabilities>{flat}</probabilities>", "    </cpt>"]
    lines += ["  </nodes>", "  <extensions>", f'    <genie version="1.0" app="{NAME}" name="{NAME}">']
    for name, (x, y) in _layout(order).items():
        lines += [
            f'      <node id="{name}">',
            f"        <name>{name}</name>",
            '        <interior color="e5f6f7" />',
            '        <outline color="000080" />',
            '        <font color="000000" name="Arial" size="8" />',
            f"        <position>{x} {y} {x + NODE_WIDTH} {y + NODE_HEIGHT}</position>",
            "      </node>",
        ]
    return _text([*lines, "    </genie>", "  </extensions>", "</smile>"])


def _layout(variables: Iterable[Variable]) -> dict[str, tuple[int, int]]:
    """Where GeNIe draws the upper left corner of each node: every variable in a row below those of its parents."""
    row: dict[str, int] = {}
    corners: dict[str, tuple[int, int]] = {}
    for variable in variables:
        row[variable.name] = 1 + max((row[parent] for parent in variable.parents), default=-1)
        before = sum(other == row[variable.name] for other in row.values()) - 1
        x, y = GAP + before * (NODE_WIDTH + GAP), GAP + row[variable.name] * 3 * (NODE_HEIGHT + GAP)
        corners[variable.name] = x, y
    return corners


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[[Network], str]] = {
    "bif": _bif,
    "xmlbif": _xmlbif,
    "net": _net,
    "uai": _uai,
    "xdsl": _xdsl,
}
