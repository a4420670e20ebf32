"""One request on its way, and what carries it."""
