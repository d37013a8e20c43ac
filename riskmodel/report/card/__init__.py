"""The report card of a fit."""
