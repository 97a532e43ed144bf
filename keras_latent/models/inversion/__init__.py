"""Decoders of the features of other networks."""
