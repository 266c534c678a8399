"""The workshop: a request in, pictures out; it knows nothing of HTTP, accounts or Redis."""
