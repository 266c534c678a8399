"""How the cost of one request grows with what there is: accounts, keys, journal rows, engines, contracts, pixels."""
