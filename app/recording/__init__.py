"""Record and replay: requests forwarded to a real service, its answers kept as files, and answers from such files."""
