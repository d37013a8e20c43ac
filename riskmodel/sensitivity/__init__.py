"""How answers depend on the statements: one way, two way, Sobol' indices, flips of the action, exact functions.

The front door of these analyses, and of what is made of them below: the value of information and patient pathways.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# These two first: the functions stand under the names of their modules.
from riskmodel.sensitivity.one_way import OneWay, one_way
from riskmodel.sensitivity.targets import Target
from riskmodel.sensitivity.two_way import TwoWay, two_way

if TYPE_CHECKING:
    from riskmodel.pathways.head_to_head import pathways, scans_in_vain
    from riskmodel.sensitivity.action_flips import Flips, cohort_flips, flips
    from riskmodel.sensitivity.entries import SensitivityFunction, sensitivity_function, steepest
    from riskmodel.sensitivity.sobol_indices import Sobol, sobol
    from riskmodel.value.next_question import ask_next, next_questions
    from riskmodel.value.study import ValueStudy, evpi, evppi

__all__ = [
    "Flips",
    "OneWay",
    "SensitivityFunction",
    "Sobol",
    "Target",
    "TwoWay",
    "ValueStudy",
    "ask_next",
    "cohort_flips",
    "evpi",
    "evppi",
    "flips",
    "next_questions",
    "one_way",
    "pathways",
    "scans_in_vain",
    "sensitivity_function",
    "sobol",
    "steepest",
    "two_way",
]

# Each name is imported when it is first used: most need a compiler or scipy, which take a second to load.
_HOMES = {
    "Flips": "sensitivity.action_flips",
    "SensitivityFunction": "sensitivity.entries",
    "Sobol": "sensitivity.sobol_indices",
    "ValueStudy": "value.study",
    "ask_next": "value.next_question",
    "cohort_flips": "sensitivity.action_flips",
    "evpi": "value.study",
    "evppi": "value.study",
    "flips": "sensitivity.action_flips",
    "next_questions": "value.next_question",
    "pathways": "pathways.head_to_head",
    "scans_in_vain": "pathways.head_to_head",
    "sensitivity_function": "sensitivity.entries",
    "sobol": "sensitivity.sobol_indices",
    "steepest": "sensitivity.entries",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"riskmodel.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
