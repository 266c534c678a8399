"""Finished pictures, kept as files for a limited time under ids that nobody guesses."""
