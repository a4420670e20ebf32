"""Who is calling, and what callers may do."""
