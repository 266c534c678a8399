"""Models of transformers that read texts and pictures; imported in the worker process only, but for ``reader``."""
