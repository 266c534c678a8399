"""End to end: processes, terminals, crashes, wheels."""
