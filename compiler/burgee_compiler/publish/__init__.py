"""Publishing: how a build gets to where nodes read it, from any number of publishers at once."""
