"""Understudy and its peers side by side on one machine: the same requests, the same work, CPU time per request."""
