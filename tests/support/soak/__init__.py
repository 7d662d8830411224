"""The whole system under load while things are broken on purpose, and a verdict on its answers."""
