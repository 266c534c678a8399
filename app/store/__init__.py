"""Accounts, credits and rate limits in Redis, and the server that comes with us when none is given.

Nothing is imported here on purpose: the embedded server can be started before redis-py is loaded.
"""
