"""Checks of what a caller names of a model, or as one."""

from __future__ import annotations

from collections.abc import Sequence

from riskmodel.errors import UsageError, as_list
from riskmodel.model.model import Model


def checked_settings(model: Model, settings: Sequence[str] | None) -> tuple[str, ...]:
    """The settings asked for, or all; one without a name in a network that has none."""
    if settings is None:
        return model.settings or ("",)
    as_list("settings", settings)
    for setting in settings:
        model.default_setting(setting)
    return tuple(settings)


def checked_model(model: object, where: str) -> None:
    """Refuse what is no model where one is needed: the name of a set, or arguments in another order.

    Raises
    ------
    UsageError
        naming where, and what was given.
    """
    if not isinstance(model, Model):
        given = repr(model) if isinstance(model, str) else f"a {type(model).__name__}"
        raise UsageError(f"{where} takes a model, as riskmodel.load() gives it, not {given}")
