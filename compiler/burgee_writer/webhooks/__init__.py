"""Who is told of a change, and what came of it.

What is still to be told is worked out from git, so no write waits for it and nothing is lost with
a process: see `deliver.Webhooks`.
"""
