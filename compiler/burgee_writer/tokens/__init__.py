"""Tokens that the writer issues to clients of its clients file, and keys that rotate."""
