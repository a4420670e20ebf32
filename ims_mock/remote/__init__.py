"""A mock in another process, used from Python as one in this process: see docs/connect.md."""
