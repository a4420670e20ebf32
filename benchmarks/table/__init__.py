"""What the mock costs beside other servers and beside an earlier build: one table, measured in one run."""
