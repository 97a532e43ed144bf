"""Models that a discriminator of codes or images teaches."""
