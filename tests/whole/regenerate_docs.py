"""What documents show of the program: written by ``python -m tests.whole.regenerate_docs``, checked by the tests.

Generated are the output below each ``$ command`` of a ``console`` block, the text between
``<!-- generated: NAME -->`` and ``<!-- end -->``, and the pictures of the network and of the rooms. The ``>>>``
examples of ``python`` blocks are run, never written. A document's blocks run in order, in one folder of their own that
holds ``notebooks/``, ``priors/`` and every file that the document shows below a line like "`cases.csv`:".
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import numpy as np
import pandas as pd

import riskmodel as rm
from riskmodel.cases.codebook import as_markdown
from riskmodel.decision.costs import load_pathways
from riskmodel.pathways.first_step import compare_policies
from riskmodel.pathways.load import policy_load
from riskmodel.sensitivity import pathways, scans_in_vain
from tests.support.architecture import PACKAGE, holds
from tests.support.paths import ROOT
from tests.whole import clinical_tables, picture_of_rooms, recording_tables, synthesis_tables

PICTURE = ROOT / "docs" / "network.svg"
BLOCK = re.compile(
    r"(?P<label>`(?P<file>[\w.-]+)`:\n\n(?=```(?:csv|toml)\n))?```(?P<kind>\w*)\n(?P<body>.*?)^```$"
    r"|(?P<open><!-- generated: (?P<name>\w+) -->\n).*?(?P<close><!-- end -->)",
    re.MULTILINE | re.DOTALL,
)
PEOPLE, SEED = 20_000, 1
MANY = 50_000  # where few of them are ill
FEWEST = 50  # people with a condition, for a share of them to be shown


def documents() -> list[Path]:
    """The documents with generated parts."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def refresh(path: Path) -> tuple[str, list[str]]:
    """A document as it should be, and what its examples in Python failed to give."""
    failures: list[str] = []
    names: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shared in ("notebooks", "priors"):
            (folder / shared).symlink_to(ROOT / shared)

        def renew(found: re.Match[str]) -> str:
            if found["name"]:
                return f"{found['open']}{BLOCKS[found['name']]()}{found['close']}"
            if found["file"]:
                (folder / found["file"]).write_text(found["body"], encoding="utf-8")
            if found["kind"] == "console":
                shown = "".join(run(command, folder) for command in commands(found["body"]))
                return f"```console\n{shown}```"
            if found["kind"] == "python" and ">>>" in found["body"]:
                failures.extend(examples(found["body"], names, path.name, folder))
            return found.group()

        return BLOCK.sub(renew, path.read_text(encoding="utf-8")), failures


def commands(body: str) -> Iterator[str]:
    """The commands of a console block, without their output; a backslash goes on in the next line."""
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += f"\n{next(lines)}"
            yield command


def run(command: str, folder: Path) -> str:
    """A command and what it prints, as a console shows it."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {**os.environ, "PATH": paths, "RISKMODEL_CACHE": str(folder / ".cache")}
    asked = recipe(command) if command.startswith("make ") else command
    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return f"$ {command}\n" + "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def recipe(command: str) -> str:
    """The command that a target of the Makefile runs, without building the environment first."""
    target, *rest = command.removeprefix("make ").split(" ", 1)
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    body = re.search(rf"^{target}:.*\n\t(.*)$", text, re.MULTILINE)
    if body is None:
        raise ValueError(f"the Makefile has no target {target!r}")
    return " ".join([body[1].replace("$(BIN)/", ""), *rest])


def examples(body: str, names: dict[str, object], document: str, folder: Path) -> list[str]:
    """What the ``>>>`` examples of a block print otherwise than shown."""
    test = doctest.DocTestParser().get_doctest(body, names, document, document, 0)
    runner = doctest.DocTestRunner(
        verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.FAIL_FAST
    )
    said = io.StringIO()
    with contextlib.chdir(folder):
        runner.run(test, out=said.write, clear_globs=False)
    names.update(test.globs)
    return [said.getvalue()] if said.getvalue() else []


# ---- generated blocks ----------------------------------------------------------------------------


@cache
def model() -> rm.Model:
    return rm.load()


def table(headings: list[str], rows: list[list[str]], align: str = "") -> str:
    """A Markdown table; ``align`` has an ``r`` for each column of numbers."""
    rules = [f"---{':' if side == 'r' else ''}" for side in align.ljust(len(headings), "l")]
    lines = [headings, rules, *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def codebook() -> str:
    return as_markdown(model().priors)


def sources() -> str:
    """How many statements come from where, and how the studies were read."""
    statements = model().priors.statements
    basis = Counter(statement.basis for statement in statements)
    read = Counter(statement.read for statement in statements if statement.basis == "study")
    text = (
        f"Of the {len(statements)} statements, {basis['seed']} come from that blog, {basis['study']} come from "
        f"studies ({read['full_text']} read in full text, {read['abstract']} as an abstract, {read['second_hand']} "
        f"second hand, {read['no']} recalled from memory and not read), "
        f"and {basis['assumption']} are assumptions of this project."
    )
    return fill(text, 120) + "\n"


ASKED = re.compile(
    r"Published tables asked of the prior set (\w+), (\d+) draws of its statements\n"
    r"(\d+) of (\d+) published tables lie inside .*; of (\d+) more, .*, (\d+)\.$",
    re.MULTILINE,
)


def validated() -> str:
    """How many published tables each prior set meets, as the front page shows the command to say."""
    shown = ASKED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    if len({name for name, *_ in shown}) < 2:
        raise ValueError("README.md does not show what validate says of two prior sets")
    rows = {
        name: [f"`{name}`", f"{inside} of {asked}", f"{inside_too} of {no_test}", draws]
        for name, draws, inside, asked, no_test, inside_too in shown
    }
    return table(["prior set", "inside", "whose studies also drive a table", "draws"], [*rows.values()], "-rrr")


def folders() -> str:
    """What the folders inside the rooms hold."""
    names = [path.parent.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("__init__.py"))]
    inner = [name.as_posix() for name in names if len(name.parts) > 1]
    return table(["folder", "holds"], [[f"`{name}`", holds(name)] for name in inner])


def rules() -> str:
    rows = [
        [f"`{row['id']}`", f"`{row['when']}`", row["then"], row["reason"], row["source"]]
        for row in model().policy.describe()
    ]
    return table(["rule", "when", "asks for", "because", "source"], rows)


def thresholds() -> str:
    rows = [
        [f"`{name}`", f"{one.harm:g}", f"{one.benefit:g}", f"{100 * one.value:.2g} %", one.note]
        for name, one in model().policy.thresholds.items()
    ]
    return table(["threshold", "harm H", "benefit B", "t = H / (H + B)", "what they stand for"], rows, "lrrr")


@cache
def shares() -> str:
    """What the policies do with simulated people; shares of very few people are left out."""
    names = sorted(path.stem for path in (ROOT / "priors" / "policies").glob("*.toml"))
    names.sort(key=lambda name: name != model().policy.name)
    frame = compare_policies(model(), names, PEOPLE, np.random.default_rng(SEED))
    baseline = model().scoring.weights.baseline
    rows = []
    for record in frame.to_dict("records"):
        cells = [str(record.pop("setting")), f"`{record.pop('policy')}`"]
        setting = model().settings.index(cells[0])
        for column, share in record.items():
            condition = str(column).removeprefix("caught_")
            known = model().scoring.scorer.output_names
            few = condition in known and PEOPLE * baseline[setting, known.index(condition)] < FEWEST
            cells.append("–" if few else f"{100 * share:.1f}")
        rows.append(cells)
    return table([str(name).replace("_", " ") for name in frame.columns], rows, "ll" + "r" * (len(frame.columns) - 2))


@cache
def loads() -> str:
    """Who is imaged and sent under the default policy, both prior sets, everything recorded and a third blank."""
    rows = []
    for priors in ("seeds", "literature"):
        for missing in (0.0, 0.3):
            load = policy_load(rm.load(priors), load_pathways(), MANY, np.random.default_rng(SEED), missing=missing)
            for row in load.shares.to_dict("records"):
                cells = [row[name] for name in ("imaged", "sent", "ill", "ill_elsewhere_too", "missed")]
                named = [f"`{priors}`", str(row["setting"]), f"{100 * missing:g}"]
                rows.append([*named, *("–" if np.isnan(cell) else f"{100 * cell:.1f}" for cell in cells)])
    return table(["priors", "setting", "blank", "imaged", "sent", "ill", "elsewhere too", "missed"], rows, "--rrrrrr")


@cache
def compared() -> pd.DataFrame:
    return pathways(model(), people=PEOPLE, draws=40, seed=SEED)


def rounded(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.2g}"


def followed() -> str:
    """What each policy does to people who are followed through its tests, with intervals."""
    names = ("in_time", "missed", "delay", "imaged", "mri", "emergency", "cost", "net_benefit")
    found = compared().set_index(["setting", "policy", "measure"])
    rows = []
    for setting, policy in dict.fromkeys(key[:2] for key in found.index):
        cells = []
        for name in names:
            value, low, high = found.loc[(setting, policy, name)]
            cells.append(f"{rounded(value)} ({rounded(low)} to {rounded(high)})")
        rows.append([setting, f"`{policy}`", *cells])
    return table(["setting", "policy", *(name.replace("_", " ") for name in names)], rows, "--rrrrrrrr")


def in_vain() -> str:
    """The claim about unnecessary scans beside the same people."""
    rows = [
        [row.setting, f"`{row.policy}`", f"{row.flagless_share:.1f}", f"{row.vain_share:.1f}", f"{row.claimed:.0f}"]
        for row in scans_in_vain(compared()).itertuples()
    ]
    headings = ["setting", "policy", "no flag, no serious disease", "no serious disease", "claimed"]
    return table(headings, rows, "--rrr")


def beside_the_network() -> str:
    """Every number on pathways."""
    rows = [
        [f"`{s.id}`", f"{s.value:g}", f"{s.low:g} to {s.high:g}", s.unit, s.basis, s.note]
        for s in load_pathways().statements
    ]
    return table(["number", "value", "95 % interval", "unit", "basis", "note"], rows, "-rr---")


def clinical(name: str, align: str) -> Callable[[], str]:
    """A table of the clinical model."""
    return lambda: table(*getattr(clinical_tables, name)(model()), align)


BLOCKS: dict[str, Callable[[], str]] = {
    "codebook": codebook, "folders": folders, "sources": sources, "validated": validated,
    "rules": rules, "thresholds": thresholds, "shares": shares, "loads": loads,
    "followed": followed, "in_vain": in_vain, "beside_the_network": beside_the_network,
    "conditions": clinical("conditions", "--rrrrr"), "silence": clinical("silence", "--rr"),
    "groups": clinical("groups", ""), "steps": clinical("steps", ""), "parts": clinical("parts_of_scans", ""),
    "profiles": lambda: table(*recording_tables.profiles(model())),
    "next_settings": lambda: table(*synthesis_tables.next_settings(), "-rrrrr"),
    "informed_most": lambda: table(*synthesis_tables.informed_most(), "----r"),
    "informed_counts": synthesis_tables.informed_counts,
    "where_next": lambda: table(*synthesis_tables.where_next(), "---rr"),
    "rests_on": lambda: table(*synthesis_tables.rests_on(), "--rrrr"),
    "records": lambda: table(*recording_tables.records(), "--rrrrrr"),
}  # fmt: skip


def picture() -> bytes:
    """The picture of the network: the same bytes each time."""
    from matplotlib.figure import Figure

    from riskmodel.figures import network

    with mpl.rc_context({"svg.hashsalt": "riskmodel", "svg.fonttype": "path"}):
        figure = Figure(figsize=(11, 9))
        network(model(), figure.add_axes((0, 0, 1, 1)))
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()


def main() -> None:
    for path in documents():
        text, failures = refresh(path)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)} written\n")
        sys.stdout.writelines(failures)
    PICTURE.write_bytes(picture())
    picture_of_rooms.PICTURE.write_bytes(picture_of_rooms.rooms())


if __name__ == "__main__":
    main()
