"""Tables → a compiled scorer → exact posteriors of batches of cases, and why."""
