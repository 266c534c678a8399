"""Complete models of every kind, so small that they are built, saved and run within seconds and without a network."""
