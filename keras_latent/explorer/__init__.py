"""A page on which one plays with the codes of a model."""
