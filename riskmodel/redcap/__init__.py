"""REDCap: data dictionaries in and out, exports as cases."""
