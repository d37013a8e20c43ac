"""Policies followed to their end: who is scanned, who is missed, at what cost."""
