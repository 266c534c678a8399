"""The process that holds torch, one per device: what it is told, what it answers, and who looks after it."""
