"""The plan: what a change of the flag repository does to users, before it is merged."""
