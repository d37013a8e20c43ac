"""Where people present: named by whoever scores them, never assumed, for base rates differ up to a hundredfold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskmodel.errors import NoSettingError, UsageError, nearest
from riskmodel.evidence.records import ANY_SERIOUS, SETTING
from riskmodel.text import Numeral, percent, table

if TYPE_CHECKING:
    from riskmodel.answers.scoring import Scoring
    from riskmodel.evidence.records import Variable


def settings_of(variables: Sequence[Variable]) -> tuple[str, ...]:
    """The states of the setting, none in a network without one."""
    return next((variable.states for variable in variables if variable.name == SETTING), ())


def checked_setting(variables: Sequence[Variable], setting: str | None) -> str | None:
    """The setting asked for, checked; None where none is asked for, or the network has none.

    A network with a single setting needs no name for it.
    """
    settings = settings_of(variables)
    if not settings:
        return None
    if setting is None:
        return settings[0] if len(settings) == 1 else None
    if setting not in settings:
        raise UsageError(f"setting {setting!r} is not one of {', '.join(settings)}{nearest(setting, settings)}")
    return setting


def named_setting(scoring: Scoring, setting: str | None) -> str | None:
    """The setting of people who are to be simulated; None only in a network that has none.

    Raises
    ------
    NoSettingError
        where none is named; it lists them with their shares of serious disease.
    """
    chosen = checked_setting(scoring.variables, setting)
    if chosen is None and settings_of(scoring.variables):
        with shares_listed(scoring):
            raise NoSettingError(
                "no setting is named, and the base rates depend on it: give --setting (setting= in Python)"
            )
    return chosen


@contextmanager
def shares_listed(scoring: Scoring) -> Iterator[None]:
    """Lists the settings, with their shares of serious disease, in an error about one that nobody named."""
    try:
        yield
    except NoSettingError as error:
        raise NoSettingError("\n".join([str(error), *_choices(scoring)])) from None


def _choices(scoring: Scoring) -> Iterator[str]:
    """One line a setting, with P(any serious) before anything is known of a person."""
    variable = next(variable for variable in scoring.variables if variable.name == SETTING)
    names = scoring.scorer.output_names
    if ANY_SERIOUS in names:
        shares = scoring.weights.baseline[:, names.index(ANY_SERIOUS)]
        rows = [[state, Numeral(percent(float(share)))] for state, share in zip(variable.states, shares, strict=True)]
        yield from (f"  {line}" for line in table(["setting", "with any serious disease"], rows))
    else:
        yield from (f"  {state}" for state in variable.states)
    if variable.definition:
        yield f"{SETTING}: {variable.definition}"
