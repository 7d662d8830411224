"""The command `burgee`, a file per sub-command."""
