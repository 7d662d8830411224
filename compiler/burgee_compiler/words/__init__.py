"""Definitions in words, for people."""
