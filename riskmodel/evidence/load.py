"""The only reader of ``priors/``: TOML files in, checked records out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.reading.files import PATHWAYS, priors_root, read_files
from riskmodel.evidence.records import IGNORABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.evidence.origin import CitedSource
    from riskmodel.evidence.records import Priors

__all__ = [
    "load_priors",
    "pathways_digest",
    "priors_digest",
    "priors_root",
    "recording_digest",
    "with_overrides",
    "with_recording",
    "with_replaced",
    "with_statements",
]


def priors_digest(priors: str | Path = "seeds", root: Path | None = None) -> str:
    """A SHA-256 over the bytes of every file behind a prior set: a cache key, without parsing them.

    >>> len(priors_digest("seeds"))
    64
    """
    return read_files(priors, Path(root) if root else priors_root()).digest


def pathways_digest(root: Path) -> str:
    """The digest of what pathways cost, notes and comments apart; empty where the folder has no such file."""
    from riskmodel.evidence.digests import digest_of_text

    file = root / PATHWAYS
    return digest_of_text(file.read_bytes()) if file.exists() else ""


def load_priors(priors: str | Path = "seeds", root: Path | None = None) -> Priors:
    """Load and check everything behind a prior set.

    Parameters
    ----------
    priors
        The name of a set in ``root/sets``, or the path of a set's TOML file.
    root
        A folder with network.toml, evidence/ and sources.toml; without it, the shipped one.

    Raises
    ------
    PriorsError
        With every problem of every file. Nothing is loaded half.

    Examples
    --------
    >>> load_priors("seeds").statement("find.fever.infection").value
    0.67
    """
    from riskmodel.evidence.reading.assemble import assemble

    files = read_files(priors, Path(root) if root else priors_root())
    name = Path(priors).stem if str(priors).endswith(".toml") else str(priors)
    return assemble(name, files)


def with_overrides(
    priors: Priors,
    overrides: Mapping[str, Mapping[str, Any]],
    sources: Mapping[str, CitedSource] | None = None,
) -> Priors:
    """The same priors with other numbers in some statements; what they drive stays selected.

    Parameters
    ----------
    priors
        Left as they are.
    overrides
        For each statement's id any of value, low, high, n, informed and note, as in a set's ``[override]``.
    sources
        What they cite beside the sources of the priors.

    Raises
    ------
    PriorsError
        If an id is unknown, a number out of range, or a distribution would no longer sum to 1.

    Examples
    --------
    >>> other = with_overrides(load_priors("seeds"), {"find.fever.infection": {"value": 0.55}})
    >>> other.statement("find.fever.infection").value
    0.55
    """
    from riskmodel.evidence.reading.overrides import apply_overrides

    return apply_overrides(priors, overrides, sources or {})


def with_statements(
    priors: Priors,
    tables: Sequence[Mapping[str, Any]],
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    drawn_together: Sequence[Mapping[str, Any]] = (),
) -> Priors:
    """The same priors with further statements; each that drives a table goes in place of what states the same.

    Parameters
    ----------
    priors
        left as they are.
    tables
        with the keys of a ``[[statement]]``: id, quantity, of, given, value, events, n, basis, source, locator, read …
    sources
        what they cite beside the sources of the priors: for each key title, kind, year …, as under ``[sources.KEY]``.
    drawn_together
        with the keys of a ``[[drawn_together]]``: statements (two ids) and correlation.

    Raises
    ------
    PriorsError
        with every problem of every statement.
    """
    from riskmodel.evidence.reading.restated import add_statements

    return add_statements(priors, tables, sources or {}, drawn_together)


def with_replaced(
    priors: Priors, identifier: str, changes: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]] | None = None
) -> Priors:
    """The same priors in which one statement has another source; keys and errors as of :func:`with_statements`."""
    from riskmodel.evidence.reading.restated import replace_statement

    return replace_statement(priors, identifier, changes, sources or {})


def recording_digest(profile: str | Path) -> str:
    """A cache key of a recording profile beside that of the priors; empty for ``ignorable``.

    >>> recording_digest("ignorable"), recording_digest("chart")
    ('', ' recording chart')
    """
    from riskmodel.evidence.recording import is_file

    if not is_file(profile):
        return "" if profile == IGNORABLE else f" recording {profile}"
    from riskmodel.evidence.reading.recording import profile_files  # loads a heavy library

    content = [(Path(file.name).stem, file.data) for file in profile_files(Path(profile).expanduser())]
    return f" recording {hashlib.sha256(repr(content).encode()).hexdigest()}"


def with_recording(priors: Priors, profile: str | Path) -> Priors:
    """The same priors under a recording profile, which says what a blank means.

    Parameters
    ----------
    priors
        left as they are.
    profile
        the name of one of their profiles (``ignorable``, ``positives_only``, ``chart``, ``form``), or the path of a
        profile's TOML file.

    Raises
    ------
    UsageError
        for a name that they do not have.
    PriorsError
        with every problem of the file.

    Examples
    --------
    >>> usual = load_priors("seeds")
    >>> charts = with_recording(usual, "chart")
    >>> charts.recording, len(charts.selected) > len(usual.selected)
    ('chart', True)
    """
    from riskmodel.evidence.reading.recording import add_profile
    from riskmodel.evidence.recording import is_file, use_profile

    if not is_file(profile):
        return use_profile(priors, str(profile))
    path = Path(profile)
    return use_profile(add_profile(use_profile(priors, IGNORABLE), path), path.stem)
