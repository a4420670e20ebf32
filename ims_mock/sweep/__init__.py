"""The fault sweep: work that is run once well, and then under every failure that its requests can meet."""
