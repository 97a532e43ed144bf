"""Models whose code is a function of the image, trained to reconstruct it."""
