"""Readers of tables: delimited text, workbooks, Parquet, Arrow, ORC and databases."""
