"""Write the reference report again: ``python -m tests.whole.regenerate_report``, part of ``make docs``."""

from __future__ import annotations

import sys

from riskmodel.cli.report import prepared
from riskmodel.outputs.folder import write_folder
from riskmodel.pages.render import HTML, files
from riskmodel.pages.section import Report
from riskmodel.report.sensitivity.make import make
from riskmodel.report.sensitivity.spec import read_spec
from tests.support.paths import ROOT

REPORTS = ROOT / "reports"
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
