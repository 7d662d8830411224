"""What git's history says of definitions: when they became what they are, and what they were."""
