"""What happened: requests, responses, and what they show of a client."""
