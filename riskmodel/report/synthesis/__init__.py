"""The page of a synthesis of studies."""
