"""The writer: HTTP in, commits out. Git is its only store."""
