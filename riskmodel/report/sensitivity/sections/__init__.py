"""The parts of a report, one module each: from a study to a section."""
