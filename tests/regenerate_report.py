"""Write the reference report again: ``python -m tests.regenerate_report``, part of ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

from riskmodel.cli.report import prepared
from riskmodel.report.folder import write_folder
from riskmodel.report.make import make
from riskmodel.report.render import HTML, files
from riskmodel.report.section import Report
from riskmodel.report.spec import read_spec

REPORTS = Path(__file__).resolve().parents[1] / "reports"
REFERENCE = REPORTS / "reference"
SPEC = REPORTS / "reference.toml"


def reference() -> Report:
    """The reference report of the shipped priors."""
    return make(prepared(read_spec(SPEC), SPEC.name))


def main() -> None:
    """Every file but the page, which is long and shows the same."""
    write_folder(REFERENCE, {name: text for name, text in files(reference()).items() if name != HTML})
    sys.stdout.write(f"reports/{REFERENCE.name} written\n")


if __name__ == "__main__":
    main()
