"""Threads that stop when they are asked to."""
