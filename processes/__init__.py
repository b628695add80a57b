"""How the program runs: one process of it, all of them together, and the Valkey that comes with it."""
