"""Output that appears whole or not at all: files, the folder of a report; and streams, which cannot."""
