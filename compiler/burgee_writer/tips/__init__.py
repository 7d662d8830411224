"""Commits as they were read and checked; what comes next is worked out from what differs."""
