"""Statements → conditional probability tables → a network, and exact questions to it."""
