"""The command line: arguments and printing, nothing else."""

from __future__ import annotations

import click

from riskmodel._version import __version__
from riskmodel.cli.calibrate import calibrate_command
from riskmodel.cli.common import Commands
from riskmodel.cli.explorer import explorer_command
from riskmodel.cli.mapping import mapping_commands
from riskmodel.cli.network import check_command, codebook_command, export_command, simulate_command
from riskmodel.cli.report import report_command
from riskmodel.cli.scoring import explain_command, score_command
from riskmodel.cli.shards import merge_command
from riskmodel.cli.sums import sums_group
from riskmodel.cli.synthesise import synthesise_command
from riskmodel.cli.validate import validate_command


@click.group(
    "riskmodel", cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="riskmodel")
def commands() -> None:
    """Risk scoring of red flags in back pain. For research, not for the care of a patient."""


for command in (
    score_command,
    explain_command,
    check_command,
    codebook_command,
    simulate_command,
    export_command,
    calibrate_command,
    sums_group,
    report_command,
    explorer_command,
    merge_command,
    synthesise_command,
    validate_command,
    mapping_commands,
):
    commands.add_command(command)
