"""Encoder-decoders that compare codes."""
