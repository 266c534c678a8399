"""Intercept mode: a proxy that brings clients with a built-in address to Understudy, and reaches nothing else."""
