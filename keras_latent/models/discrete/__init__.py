"""Models whose codes are maps of tokens."""
