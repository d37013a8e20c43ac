"""Policy files in: TOML to checked policies."""
