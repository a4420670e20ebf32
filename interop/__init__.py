"""Real clients in several languages, run against the mock as a process: see README.md."""
