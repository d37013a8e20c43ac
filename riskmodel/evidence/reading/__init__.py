"""Prior files in: TOML to checked records, every problem listed."""
