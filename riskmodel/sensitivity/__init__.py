"""What the answers hang on, what it is worth to know, and whether the statements agree."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskmodel.sensitivity.head_to_head import pathways, scans_in_vain
    from riskmodel.sensitivity.next_question import ask_next, next_questions
    from riskmodel.sensitivity.value import ValueStudy, evpi, evppi

__all__ = ["ValueStudy", "ask_next", "evpi", "evppi", "next_questions", "pathways", "scans_in_vain"]

# Each name is imported when it is first used: a check of the priors needs neither people nor a compiler.
_HOMES = {
    "ValueStudy": "value",
    "ask_next": "next_question",
    "evpi": "value",
    "evppi": "value",
    "next_questions": "next_question",
    "pathways": "head_to_head",
    "scans_in_vain": "head_to_head",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
