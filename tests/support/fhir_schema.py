"""The published JSON schema of FHIR R4 (4.0.1), cut down to the resources that the project reads and writes.

HL7 publishes the definitions of FHIR under CC0 1.0. ``python -m tests.support.fhir_schema fhir.schema.json`` cuts the
whole schema (3.5 MB, as HL7 publishes it) to ``tests/data/fhir/r4.schema.json``: the four resources and all types that
they use, without the descriptions; what may be an entry of a Bundle is one of the four.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from tests.support.paths import ROOT

CUT = ROOT / "tests" / "data" / "fhir" / "r4.schema.json"
RESOURCES = ("Bundle", "Questionnaire", "QuestionnaireResponse", "RiskAssessment")
NOTICE = (
    "Cut from the JSON schema of HL7 FHIR release 4 (4.0.1), which HL7 publishes under Creative Commons CC0 1.0: "
    "https://hl7.org/fhir/R4/fhir.schema.json.zip. FHIR is a registered trademark of HL7."
)


@cache
def validator() -> Any:
    return jsonschema.Draft6Validator(json.loads(CUT.read_text(encoding="utf-8")))


def faults(resource: dict[str, Any]) -> list[str]:
    """What the published schema has against a resource, each with its path."""
    whole = {"$ref": f"#/definitions/{resource['resourceType']}"}
    schema = {**whole, "definitions": validator().schema["definitions"]}
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in jsonschema.Draft6Validator(schema).iter_errors(resource)
    ]


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _referred(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(value)


def _bare(node: Any) -> Any:
    """Without the descriptions, which are texts; a property of that name is none."""
    if isinstance(node, dict):
        return {
            key: _bare(value) for key, value in node.items() if not (key == "description" and isinstance(value, str))
        }
    return [*map(_bare, node)] if isinstance(node, list) else node


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    definitions, wanted, kept = whole["definitions"], [*RESOURCES], {}
    while wanted:
        name = wanted.pop()
        if name not in kept and name != "ResourceList":
            kept[name] = _bare(definitions[name])
            wanted += _referred(kept[name])
    kept["ResourceList"] = {"oneOf": [{"$ref": f"#/definitions/{name}"} for name in RESOURCES]}
    head = {"$schema": whole["$schema"], "id": whole["id"], "description": NOTICE}
    return {**head, "oneOf": kept["ResourceList"]["oneOf"], "definitions": dict(sorted(kept.items()))}


if __name__ == "__main__":
    schema = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    CUT.parent.mkdir(exist_ok=True)
    CUT.write_text(json.dumps(cut(schema), separators=(",", ":"), sort_keys=False) + "\n", encoding="utf-8")
