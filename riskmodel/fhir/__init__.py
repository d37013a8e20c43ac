"""FHIR R4: the columns of a case as a Questionnaire, its answers in, risk assessments out.

Resources are plain dicts, as ``json`` reads and writes them. HL7 FHIR release 4 (4.0.1), https://hl7.org/fhir/R4.
"""
