"""Usage from DuckDB and ClickHouse: queries are run, their results joined with contracts, nothing is priced."""
