"""A validation.toml of a few rows beside small priors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import riskmodel as rm
from tests.support.tabular import without_policy, write_priors

SOURCES = '[sources.{name}]\ntitle = "{name}"\nkind = "study"\n'


def with_published(folder: Path, rows: Sequence[Mapping[str, object]], **priors: object) -> rm.Model:
    """The model of the small network of :mod:`tests.support.tabular`, with published rows, of source a by default."""
    root = write_priors(folder, **priors)  # type: ignore[arg-type]
    texts = [SOURCES.format(name=name) for name in sorted({str(row.get("source", "a")) for row in rows})]
    for number, row in enumerate(rows):
        keys = {"id": f"row{number}", "source": "a", "locator": "", "given": [], "read": "abstract", **row}
        texts.append("[[row]]\n" + "".join(f"{key} = {json.dumps(content)}\n" for key, content in keys.items()))
    (root / "validation.toml").write_text("\n".join(texts), encoding="utf-8")
    return without_policy(root)
