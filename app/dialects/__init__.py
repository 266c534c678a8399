"""One folder per service; folders never import each other."""
