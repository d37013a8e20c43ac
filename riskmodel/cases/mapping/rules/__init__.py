"""The rules of a mapping by which a column is worked out of others: one file a kind."""
