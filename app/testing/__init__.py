"""Test mode at the socket: outcomes on demand, faults of the network, the journal. Only imported with `--test`."""
