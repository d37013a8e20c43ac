"""Results out: CSV, compressed CSV and Parquet, whole or not at all."""
