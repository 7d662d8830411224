"""Who was given which arm of an experiment, for whoever works out what that did."""
