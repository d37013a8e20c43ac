"""The check of a model, and of two models beside each other."""
