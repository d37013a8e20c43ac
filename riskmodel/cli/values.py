"""Kinds of values on the command line: what is refused at once, and what the shell completes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem


class CaseFile(click.ParamType[str]):
    """A case file, or - for standard input; one that is not there is refused before any long work."""

    name = "text"

    def convert(self, value: str, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        from riskmodel.errors import CasesError, nearest

        path = Path(value)
        if value != "-" and not path.exists():
            near = nearest(path.name, [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else [])
            raise CasesError(f"{value}: no such file{near}")
        return value

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class Shipped(click.ParamType[str]):
    """The name of a shipped file of a folder of the priors, or the path of a TOML file."""

    name = "text"

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from riskmodel.evidence.reading.files import priors_root

        names = sorted(path.stem for path in (priors_root() / self.folder).glob("*.toml"))
        return _names_or_file(names, incomplete)


class ProfileName(click.ParamType[str]):
    """The name of a recording profile, or the path of a TOML file."""

    name = "text"

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        import tomllib

        from riskmodel.evidence.reading.files import priors_root
        from riskmodel.evidence.records import IGNORABLE

        content = tomllib.loads((priors_root() / "evidence" / "recording.toml").read_text(encoding="utf-8"))
        return _names_or_file([IGNORABLE, *content.get("profile", {})], incomplete)


def _names_or_file(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    files = [CompletionItem(incomplete, type="file")] if incomplete.endswith((".", "/")) or not incomplete else []
    return [*(CompletionItem(name) for name in names if name.startswith(incomplete)), *files]


class SettingName(click.ParamType[str]):
    """A setting of the prior set that the command line names."""

    name = "text"

    def shell_complete(self, ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from riskmodel.answers.settings import settings_of
        from riskmodel.errors import RiskModelError
        from riskmodel.evidence.load import load_priors
        from riskmodel.model import DEFAULT_PRIORS

        try:
            settings = settings_of(load_priors(ctx.params.get("priors") or DEFAULT_PRIORS).variables)
        except RiskModelError:
            return []
        return [CompletionItem(setting) for setting in settings if setting.startswith(incomplete)]
