"""The columns of a REDCap data dictionary: their headings today, in older versions and from the API."""

from __future__ import annotations

from collections.abc import Mapping

FIELD, FORM, SECTION, TYPE, LABEL, CHOICES = "field", "form", "section", "type", "label", "choices"
NOTE, VALIDATION, MINIMUM, MAXIMUM = "note", "validation", "minimum", "maximum"
IDENTIFIER, BRANCHING, REQUIRED, ALIGNMENT = "identifier", "branching", "required", "alignment"
QUESTION, MATRIX, RANKING, ANNOTATION = "question", "matrix", "ranking", "annotation"

# As REDCap expects them in a file to import, in this order.
HEADINGS: Mapping[str, str] = {
    FIELD: "Variable / Field Name",
    FORM: "Form Name",
    SECTION: "Section Header",
    TYPE: "Field Type",
    LABEL: "Field Label",
    CHOICES: "Choices, Calculations, OR Slider Labels",
    NOTE: "Field Note",
    VALIDATION: "Text Validation Type OR Show Slider Number",
    MINIMUM: "Text Validation Min",
    MAXIMUM: "Text Validation Max",
    IDENTIFIER: "Identifier?",
    BRANCHING: "Branching Logic (Show field only if...)",
    REQUIRED: "Required Field?",
    ALIGNMENT: "Custom Alignment",
    QUESTION: "Question Number (surveys only)",
    MATRIX: "Matrix Group Name",
    RANKING: "Matrix Ranking?",
    ANNOTATION: "Field Annotation",
}
# Without these a field cannot be read, or what hides it is not to be seen.
NEEDED = (FIELD, FORM, TYPE, LABEL, CHOICES, BRANCHING)
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    FIELD: ("field_name", "Variable/Field Name"),
    FORM: ("form_name",),
    SECTION: ("section_header",),
    TYPE: ("field_type",),
    LABEL: ("field_label",),
    CHOICES: ("select_choices_or_calculations", "Choices OR Calculations"),
    NOTE: ("field_note", "Field Units"),
    VALIDATION: ("text_validation_type_or_show_slider_number", "Text Validation Type"),
    MINIMUM: ("text_validation_min",),
    MAXIMUM: ("text_validation_max",),
    IDENTIFIER: ("identifier",),
    BRANCHING: ("branching_logic", "Branching Logic"),
    REQUIRED: ("required_field",),
    ALIGNMENT: ("custom_alignment",),
    QUESTION: ("question_number",),
    MATRIX: ("matrix_group_name",),
    RANKING: ("matrix_ranking",),
    ANNOTATION: ("field_annotation",),
}


def heading_columns() -> dict[str, str]:
    """Every heading that is understood, in lower case, and which column it is.

    >>> heading_columns()["choices or calculations"], heading_columns()["branching_logic"]
    ('choices', 'branching')
    """
    names = {heading.lower(): column for column, heading in HEADINGS.items()}
    for column, others in _OTHER_NAMES.items():
        names.update((other.lower(), column) for other in others)
    return names
