"""For those who test."""
