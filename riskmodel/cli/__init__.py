"""The command line: arguments and printing, nothing else."""

from __future__ import annotations

import click

from riskmodel._version import __version__
from riskmodel.cli.calibrate import calibrate
from riskmodel.cli.common import Commands
from riskmodel.cli.network import check, codebook, export, simulate
from riskmodel.cli.report import report
from riskmodel.cli.scoring import explain, score
from riskmodel.cli.validate import validate_command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="riskmodel")
def main() -> None:
    """Risk scoring of red flags in back pain. For research, not for the care of a patient."""


for command in (score, explain, check, codebook, simulate, export, calibrate, report, validate_command):
    main.add_command(command)
