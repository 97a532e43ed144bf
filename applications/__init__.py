"""Recipes of the pretrained models: how each is trained, on what, measured how.

`python -m applications.conv_vae_mnist` trains one anew and writes its weights and card
to `saved_models`. Run it from a checkout.
"""
