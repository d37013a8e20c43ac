"""Results out: CSV, Parquet, Arrow and workbooks, whole or not at all."""
