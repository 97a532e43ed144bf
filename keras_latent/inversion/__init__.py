"""What serves the inversion of features alone: hyper layers, detector, scenes, pairs.

Its public names stand with their kin in `layers`, `networks`, `datasets`, `metrics`.
"""
