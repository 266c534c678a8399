"""From files to models on a device, within a memory budget; imported in the worker process only."""
