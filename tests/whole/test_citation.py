"""How the project asks to be cited: what version 1.2.0 of the Citation File Format wants, and what the package says."""

import re
import tomllib

import yaml

import riskmodel as rm
from tests.support.paths import ROOT

FIELDS = {"cff-version", "message", "type", "title", "abstract", "authors", "version", "license", "keywords"}


def test_the_citation_is_that_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(cited) == FIELDS
    assert (cited["cff-version"], cited["type"]) == ("1.2.0", "software")
    assert (str(cited["version"]), cited["license"]) == (rm.__version__, package["license"])
    assert all(set(author) == {"name"} for author in cited["authors"])
    assert re.match(r"riskmodel: ", cited["title"])
    assert len(set(cited["keywords"])) == len(cited["keywords"])
