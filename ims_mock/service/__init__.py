"""What is done: from a request to a response."""
