"""Write the reference report again: ``python -m tests.regenerate_report``, part of ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

from riskmodel.cli.report import prepared
from riskmodel.report.folder import write_folder
from riskmodel.report.make import make
from riskmodel.report.render import HTML, files
from riskmodel.report.spec import read_spec

REPORTS = Path(__file__).resolve().parents[1] / "reports"
REFERENCE = REPORTS / "reference"
SPEC = REPORTS / "reference.toml"


def reference() -> dict[str, str]:
    """Every file of the reference report but the page, which is long and shows the same."""
    made = files(make(prepared(read_spec(SPEC), SPEC.name)))
    return {name: text for name, text in made.items() if name != HTML}


def main() -> None:
    write_folder(REFERENCE, reference())
    sys.stdout.write(f"reports/{REFERENCE.name} written\n")


if __name__ == "__main__":
    main()
