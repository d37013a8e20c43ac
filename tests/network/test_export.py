"""The network in other programs' formats, read back by other programs."""

from __future__ import annotations

import csv
import errno
import itertools
import os
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyagrum as gum
import pytest
from pgmpy.inference import VariableElimination
from pgmpy.readwrite import BIFReader, NETReader, XDSLReader, XMLBIFReader

from riskmodel.errors import OutputError, UsageError
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.load import load_priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from riskmodel.network.export import FORMATS, export
from riskmodel.network.network import Network
from riskmodel.network.pgmpy_network import to_pgmpy
from tests.support.engines import random_evidence, to_pyagrum
from tests.support.paths import DATA

EXTENSION = {"bif": "bif", "xmlbif": "bifxml", "net": "net", "uai": "uai", "xdsl": "xdsl"}  # as pyAgrum knows them
NETWORKS = ("seeds", "literature", "tiny", "plain")
SINGLE = 6e-8  # pyAgrum reads BIF, NET and UAI in single precision


@pytest.fixture(scope="module")
def networks() -> Mapping[str, Network]:
    return {
        name: build_network(load_priors("seeds", DATA / name) if name in ("tiny", "plain") else load_priors(name))
        for name in NETWORKS
    }


@pytest.fixture(scope="module")
def files(networks, tmp_path_factory) -> Mapping[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("export")
    written = {}
    for name, network in networks.items():
        for form, extension in EXTENSION.items():
            path = folder / f"{name}.{extension}"
            assert export(network, path, form)[-1] == path
            written[name, form] = path
    return written


def test_the_formats_are_those_of_the_command_line():
    assert tuple(FORMATS) == ("bif", "xmlbif", "net", "uai", "xdsl")


# ---- readers that share nothing with the writer -------------------------------------------------------

Read = dict[str, tuple[tuple[str, ...], tuple[str, ...], np.ndarray]]  # states, parents, table (parents …, states)


def from_pgmpy(model) -> Read:
    read = {}
    for name in model.nodes():
        cpd = model.get_cpds(name)
        assert cpd.variables[0] == name
        read[name] = (tuple(cpd.state_names[name]), tuple(cpd.variables[1:]), np.moveaxis(cpd.values, 0, -1))
    return read


def read_uai(path: Path) -> Read:
    """By the rules of the UAI competitions: the child last in a scope, the last variable fastest in a table."""
    with (path.with_suffix(".names.csv")).open() as file:
        names = list(csv.DictReader(file))
    assert [int(row["index"]) for row in names] == list(range(len(names)))
    words = iter(path.read_text().split())
    assert next(words) == "BAYES"
    count = int(next(words))
    sizes = [int(next(words)) for _ in range(count)]
    assert int(next(words)) == count == len(names)
    scopes = [[int(next(words)) for _ in range(int(next(words)))] for _ in range(count)]
    read = {}
    for scope in scopes:
        shape = [sizes[i] for i in scope]
        assert int(next(words)) == np.prod(shape)
        table = np.array([float(next(words)) for _ in range(int(np.prod(shape)))]).reshape(shape)
        child = names[scope[-1]]
        read[child["variable"]] = (
            tuple(child["states"].split("|")), tuple(names[i]["variable"] for i in scope[:-1]), table,
        )  # fmt: skip
    assert next(words, None) is None
    return read


READERS: Mapping[str, Callable[[Path], Read]] = {
    "bif": lambda path: from_pgmpy(BIFReader(str(path)).get_model()),
    "xmlbif": lambda path: from_pgmpy(XMLBIFReader(str(path)).get_model()),
    "net": lambda path: from_pgmpy(NETReader(str(path)).get_model()),
    "uai": read_uai,
    "xdsl": lambda path: from_pgmpy(XDSLReader(str(path)).get_model()),
}


def to_read() -> list[tuple[str, str]]:
    """All, but for the large ones in NET: pgmpy's reader takes ten seconds, and pyAgrum reads them below."""
    slow = {("net", "seeds"), ("net", "literature")} if not os.environ.get("RISKMODEL_FULL") else set()
    return [pair for pair in itertools.product(FORMATS, NETWORKS) if pair not in slow]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "name"), to_read())
def test_every_digit_comes_back(networks, files, form, name):
    """Names, states and parents in their order, and each number to the last bit."""
    network, read = networks[name], READERS[form](files[name, form])
    assert set(read) == {variable.name for variable in network.variables}
    for variable in network.variables:
        states, parents, table = read[variable.name]
        assert states == variable.states
        assert parents == variable.parents
        assert np.array_equal(table, network.tables[variable.name][0])


# ---- pyAgrum -----------------------------------------------------------------------------------------


def read_by_pyagrum(network: Network, path: Path, form: str) -> gum.BayesNet:
    """As pyAgrum reads it, under the variables' own names, after comparing states, parents and numbers."""
    net = gum.loadBN(str(path))
    place = {v.name: str(i) if form == "uai" else v.name for i, v in enumerate(network.variables)}
    assert set(net.names()) == set(place.values())
    read = to_pyagrum(network)
    for variable in network.variables:
        name, cpt = variable.name, net.cpt(place[variable.name])
        if form != "uai":
            assert net.variable(name).labels() == variable.states
        scope = [*variable.parents, name]
        assert set(cpt.names) == {place[each] for each in scope}
        axes = list(reversed(cpt.names))
        table = np.transpose(cpt.toarray(), [axes.index(place[each]) for each in scope])
        limit = 0.0 if form in ("xmlbif", "xdsl") else SINGLE
        assert np.max(np.abs(table - network.tables[name][0])) <= limit
        target = list(reversed(read.cpt(name).names))
        read.cpt(name)[:] = np.ascontiguousarray(np.transpose(table, [scope.index(each) for each in target]))
    return read


@pytest.fixture(scope="module")
def for_pyagrum(networks, tmp_path_factory) -> Mapping[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("for_pyagrum")
    written = {}
    for name, form in itertools.product(NETWORKS, FORMATS):
        written[name, form] = folder / f"{name}.{EXTENSION[form]}"
        export(networks[name], written[name, form], form, for_pyagrum=True)
    return written


@pytest.mark.parametrize("form", FORMATS)
def test_only_xdsl_and_uai_are_written_otherwise_for_pyagrum(files, for_pyagrum, form):
    same = files["seeds", form].read_text() == for_pyagrum["seeds", form].read_text()
    assert same == (form not in ("xdsl", "uai"))


@pytest.mark.parametrize("form", FORMATS)
def test_pyagrum_gives_the_same_posteriors(networks, for_pyagrum, form):
    """Within 1e-8 where its reader keeps the digits; it keeps those of XMLBIF and XDSL."""
    network = networks["seeds"]
    net = read_by_pyagrum(network, for_pyagrum["seeds", form], form)
    scorer = compile_scorer(network)
    masks, _ = random_evidence(network.case_variables, 40, np.random.default_rng(3), known=0.4)
    found = scorer.posterior(masks)
    engine = gum.LazyPropagation(net)
    worst = 0.0
    for case in range(40):
        engine.setEvidence({
            v.name: [float(masks[row, case] >> s & 1) for s in range(len(v.states))]
            for row, v in enumerate(network.case_variables) if masks[row, case] != v.full_mask
        })  # fmt: skip
        engine.makeInference()
        for i, condition in enumerate(network.conditions):
            worst = max(worst, abs(engine.posterior(condition.name)[1] - found.probability[i, case]))
    assert worst <= (1e-8 if form in ("xmlbif", "xdsl") else 1e-6)


@pytest.mark.parametrize("name", ["tiny", "plain", "literature"])
@pytest.mark.parametrize("form", FORMATS)
def test_pyagrum_reads_the_other_networks(networks, for_pyagrum, name, form):
    read_by_pyagrum(networks[name], for_pyagrum[name, form], form)


@pytest.mark.slow
def test_pgmpy_gives_the_same_posteriors(networks, files):
    network = networks["seeds"]
    scorer = compile_scorer(network)
    rng = np.random.default_rng(5)
    for reader, form in ((BIFReader, "bif"), (XMLBIFReader, "xmlbif"), (XDSLReader, "xdsl")):
        engine = VariableElimination(reader(str(files["seeds", form])).get_model())
        masks = scorer.blank(80, 2)
        for row, variable in enumerate(network.case_variables):
            if variable.role in ("finding", "test", "risk_factor"):
                states = 1 << rng.integers(len(variable.states), size=80)
                masks[row] = np.where(rng.random(80) < 0.4, states, variable.full_mask)
        possible = np.nonzero(scorer.posterior(masks).evidence > 0)[0]  # a scan and its parts can contradict each other
        masks = np.ascontiguousarray(masks[:, possible[:8]])
        assert masks.shape[1] == 8
        found = scorer.posterior(masks)
        for case in range(8):
            evidence = {
                v.name: v.states[int(masks[row, case]).bit_length() - 1]
                for row, v in enumerate(network.case_variables)
                if masks[row, case] != v.full_mask
            }
            for i, condition in enumerate(network.conditions[:4]):
                answer = engine.query([condition.name], evidence=evidence, show_progress=False)
                assert abs(answer.get_value(**{condition.name: "present"}) - found.probability[i, case]) <= 1e-10


# ---- the text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_bytes_every_time_and_variables_in_file_order(networks, files, tmp_path, form):
    network = networks["seeds"]
    again = tmp_path / f"again.{form}"
    export(network, again, form)
    text = again.read_text()
    assert text == files["seeds", form].read_text()
    assert text.endswith("\n")
    assert "\r" not in text
    if form in ("bif", "xmlbif", "net"):
        start = {"bif": "variable {}", "xmlbif": "<NAME>{}</NAME>", "net": "node {} "}[form]
        places = [text.index(start.format(variable.name)) for variable in network.variables]
        assert places == sorted(places)


def test_numbers_have_no_exponent(networks, files):
    """Not every reader knows 8.1e-05."""
    for (name, form), path in files.items():
        text = path.read_text()
        assert "e-0" not in text, (name, form)
        assert "nan" not in text.split()


@pytest.mark.slow
def test_the_setting_is_even_in_every_format(files):
    for form in FORMATS:
        _, parents, table = (READERS[form] if form != "net" else read_setting)(files["seeds", form])["setting"]
        assert parents == ()
        assert table.tolist() == [0.25] * 4


def read_setting(path: Path) -> Read:
    line = path.read_text().split("potential (setting) {\n  data = (")[1].split(");")[0]
    return {"setting": ((), (), np.array(line.split(), dtype=float))}


def test_xdsl_as_genie_wants_it(networks, files):
    """Parents before children, every node drawn somewhere of its own, only names that it takes."""
    root = ET.parse(files["seeds", "xdsl"]).getroot()  # noqa: S314  (our own file)
    assert root.tag == "smile"
    seen: set[str] = set()
    for cpt in root.find("nodes"):
        parents = (cpt.findtext("parents") or "").split()
        assert set(parents) <= seen
        seen.add(cpt.get("id"))
    network = networks["seeds"]
    assert seen == {variable.name for variable in network.variables}
    drawn = root.findall("extensions/genie/node")
    assert {node.get("id") for node in drawn} == seen
    places = [tuple(map(int, node.findtext("position").split())) for node in drawn]
    assert len(set(places)) == len(places)


def test_the_flat_order_of_xdsl_is_the_documented_one(files):
    """The first parent is the most significant coordinate, the node itself the least."""
    root = ET.parse(files["plain", "xdsl"]).getroot()  # noqa: S314
    grass = next(cpt for cpt in root.find("nodes") if cpt.get("id") == "grass")
    assert grass.findtext("parents") == "rain sprinkler"
    flat = [float(word) for word in grass.findtext("probabilities").split()]
    wet = [flat[4 * rain + 2 * sprinkler + 1] for rain in (0, 1) for sprinkler in (0, 1)]
    assert wet == pytest.approx([0.0, 0.9, 0.8, 0.99])


def test_uai_comes_with_its_names(networks, tmp_path):
    written = export(networks["tiny"], tmp_path / "net.uai", "uai")
    assert written == [tmp_path / "net.names.csv", tmp_path / "net.uai"]
    lines = (tmp_path / "net.names.csv").read_text().splitlines()
    assert lines[0] == "index,variable,states"
    assert lines[1] == "0,setting,here|there"
    assert len(lines) == 1 + len(networks["tiny"].variables)


@pytest.mark.slow
def test_the_point_values_are_written_of_a_network_of_draws(tmp_path, networks):
    priors = load_priors("seeds", DATA / "tiny")
    drawn = build_network(priors, draw_values(priors, 8, np.random.default_rng(1)))
    export(drawn, tmp_path / "drawn.bif", "bif")
    read = READERS["bif"](tmp_path / "drawn.bif")
    for name, (_, _, table) in read.items():
        np.testing.assert_allclose(table, networks["tiny"].tables[name][0], rtol=1e-11)


def test_pgmpy_has_the_same_network(networks):
    network = networks["seeds"]
    model = to_pgmpy(network)
    assert list(model.nodes()) == [variable.name for variable in network.variables]
    for name, (states, parents, table) in from_pgmpy(model).items():
        assert states == network.variable(name).states
        assert parents == network.variable(name).parents
        assert np.array_equal(table, network.tables[name][0])


# ---- what goes wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "hint"), [("biff", "'bif'"), ("xsdl", "'xdsl'"), ("BIF", None), ("hugin", None)])
def test_an_unknown_format_is_named_with_its_neighbour(networks, tmp_path, form, hint):
    with pytest.raises(UsageError) as caught:
        export(networks["plain"], tmp_path / "x", form)
    message = str(caught.value)
    assert message.startswith(f"format {form!r} is not one of bif, xmlbif, net, uai, xdsl")
    assert (hint is None) or message.endswith(f"(did you mean {hint}?)")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["bif", "uai"])
def test_a_file_appears_whole_or_not_at_all(networks, tmp_path, monkeypatch, form):
    path = tmp_path / f"net.{form}"
    path.write_text("what was there")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"net\.\w+(\.csv)?: cannot be written: No space left on device"):
        export(networks["plain"], path, form)
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written(networks, tmp_path):
    network = networks["plain"]
    (tmp_path / "folder.bif").mkdir()
    for path, message in (
        (tmp_path / "nowhere" / "net.bif", "No such file or directory"),
        (tmp_path / "folder.bif", "it is a folder"),
        (Path("/proc/net.bif"), "cannot be written"),
    ):
        with pytest.raises(OutputError, match=message) as caught:
            export(network, path, "bif")
        assert str(caught.value).startswith(f"{path}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.bif"]


def test_a_link_stays_a_link_and_modes_follow_the_umask(networks, tmp_path):
    target, link = tmp_path / "target.bif", tmp_path / "link.bif"
    target.write_text("old")
    link.symlink_to(target)
    export(networks["plain"], link, "bif")
    assert link.is_symlink()
    assert target.read_text().startswith("network riskmodel {")
    before = os.umask(0o027)
    try:
        export(networks["plain"], tmp_path / "fresh.net", "net")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fresh.net").stat().st_mode) == 0o640


def test_export_loads_neither_pgmpy_nor_pandas(tmp_path):
    code = f"""
import sys
from riskmodel.evidence.load import load_priors
from riskmodel.network.build import build_network
from riskmodel.network.export import export
export(build_network(load_priors("seeds")), {str(tmp_path / "net.xdsl")!r}, "xdsl")
print(*{{name.split(".")[0] for name in sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"pgmpy", "pandas", "scipy", "numba"}
