"""What the documents say: the contract as data, and what follows from it."""
