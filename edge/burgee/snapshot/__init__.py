"""Snapshots: their JSON forms, canonical bytes, and reading them with every digest checked."""
