"""Policies: rules from posteriors and findings to actions."""
