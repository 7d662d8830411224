"""Git as the writer uses it: commits that it makes and signs, and branches that it moves safely."""
