"""A first mapping for a file that was never seen: every guess marked, nothing that a code means guessed silently."""
