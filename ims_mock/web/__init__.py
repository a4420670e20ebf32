"""How a mock is reached: HTTP, TLS, and the control API."""
