"""The command line: `understudy serve | keys | accounts | credits | engines`."""
