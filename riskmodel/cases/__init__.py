"""What a cell of a case means: columns, states, bands, mappings."""
