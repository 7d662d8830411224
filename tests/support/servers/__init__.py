"""Real servers on loopback, each in a folder and on a port of its own, ended by who started it."""
