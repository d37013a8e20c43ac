"""The docstrings of this package as the site's reader of docstrings wants them."""

import re

import griffe

ROLE = re.compile(r":(?:func|meth|class|mod|data|attr):`~?([^`]+)`")
EXAMPLE = re.compile(r"^(?=[ ]*>>> )", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Examples that stand below a text without a heading get one; names in roles of Sphinx become code."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is None:
            return
        text = ROLE.sub(lambda match: f"`{match[1]}`", obj.docstring.value)
        first = EXAMPLE.search(text)
        if first and "\nExamples\n" not in text[: first.start()]:
            text = f"{text[: first.start()].rstrip()}\n\nExamples\n--------\n{text[first.start() :]}"
        obj.docstring.value = text
