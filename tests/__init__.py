"""The tests: unit, wire, engines, store, end to end."""
