"""Models with a posterior and a prior."""
