"""Case files in: CSV, compressed CSV and Parquet, as blocks of coded cases."""
