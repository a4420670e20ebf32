"""Recordings of other tools, read as exchanges: a module for each format."""
