"""The Stability REST API in its three versions: v1 is the base, the older two state their differences."""
