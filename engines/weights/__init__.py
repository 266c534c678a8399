"""Which weights serve which engine, where they lie, and how they come onto the disk; never imports torch."""
