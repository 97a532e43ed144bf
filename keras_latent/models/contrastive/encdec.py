"""The encoder-decoder that compares in latent space."""

from typing import Any, ClassVar

import keras

from keras_latent.losses import different, same
from keras_latent.models.contrastive import contrast
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class EncDec(DeterministicModel):
    """Encoder-decoder that is trained by distances between codes alone.

    Objective, with z = E(x), x' = D(z), z' = E(x'), z'' = E(sg(x')), sg the stopped
    gradient and d²(a, b) = mean over the latent dimensions of (a − b)²:

        same(a, b)      = ½·d²(a, b)
        different(a, b) = ½·max(margin − d(a, b), 0)²

        loss = cycle_weight·same(z', z)
             + spread_weight·different(z of even rows, z of odd rows)
             + discrimination_weight·different(z'', z)

    The last term makes the encoder tell generated observations from real ones: x' is
    cut from the graph in it, so that it doesn't move the decoder through x'. E(x') is
    computed once for z' and z''; an encoder with dropout thus draws one mask for both.
    Activity regularisers of the encoder's layers count for E(x'), the last pass.

    `spread` pairs rows 0-1, 2-3, ...; a last odd row has no partner. On several
    replicas the pairs are formed among each replica's own rows, or with `global_batch`
    among all rows, as on one replica: the codes are then gathered. The logs also hold
    `latent_length`, ½·(mean z² + mean z'²) over batch and dimensions, at whose
    equilibrium the images no longer improve (`callbacks.LatentEquilibrium`), and `mse`
    between x and x'.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: Says how the decoder's output is read; the objective doesn't use it.
            Defaults to `"gaussian"`: the output is the observation.
        margin: Distance from which on codes are different enough. Defaults to 1.0.
        cycle_weight: Weight of the term `cycle`. Defaults to 1.0.
        spread_weight: Weight of the term `spread`. Defaults to 1.0.
        discrimination_weight: Weight of the term `discrimination`. Defaults to 2.0.
        repair: A layer that maps a generated observation to the nearest valid one
            before the discrimination sees it, such as `layers.Repair`; it costs a
            second pass of the encoder. Defaults to `None`.
        global_batch: Whether `spread` pairs the rows of all replicas together. Defaults
            to `False`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If a weight or the margin is negative.

    When: Where pixels shouldn't be compared at all: data of mixed columns, or images
    that are alike without agreeing pixel by pixel.

    Source: small-yellow-duck, "Encoder-decoder networks" (github.com/small-yellow-duck/
    encdec); the contrastive terms are those of Hadsell, Chopra and LeCun 2006.

    >>> model = EncDec.for_images((28, 28, 1), latent_dim=32)
    >>> model.reconstruct(keras.ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 28, 28, 1])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "cycle": "distance of an observation's code and its reconstruction's",
        "spread": "closeness of the codes of two observations",
        "discrimination": "closeness of the codes of real and generated",
    }

    default_optimizer = ("rmsprop", 3e-4)
    bounds_images = True

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        margin: float = 1.0,
        cycle_weight: float = 1.0,
        spread_weight: float = 1.0,
        discrimination_weight: float = 2.0,
        repair: keras.layers.Layer | None = None,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_number("margin", margin)
        self.repair = repair
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("cycle", weight=cycle_weight)
        self.add_term("spread", weight=spread_weight)
        self.add_term("discrimination", weight=discrimination_weight)
        self.add_monitor("latent_length")
        self.add_monitor("mse")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """same(z', z), different(z of even rows, z of odd rows), different(z'', z)."""
        x = batch.x

        def encode(x: Any) -> Tensor:
            return self.encoded(x, training)

        z = encode(x)
        generated = self.decoded(z, training=training)
        z_live, z_stopped = contrast.encode_generated(encode, generated, self.repair)
        return {
            "cycle": same(z_live, z),
            "spread": contrast.spread(z, self.margin, self.global_batch),
            "discrimination": different(z_stopped, z, self.margin),
            **contrast.monitors(x, generated, z, z_live),
        }
