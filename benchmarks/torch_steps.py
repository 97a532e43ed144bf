"""Training steps in PyTorch, with the networks and objectives of this library.

Each objective is written as a PyTorch user would write it: `EncDec` encodes the
generated images twice, once live and once detached. Steps run eagerly.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# From networks, images and labels to the loss.
Objective = Callable[[Any, Tensor, Tensor], Tensor]


class Networks(nn.Module):
    """Encoder, heads of the code, and decoder.

    Args:
        encoder: From images to features of shape (batch, features).
        features: Number of features.
        latent_dim: Length of the code.
        decoder: From codes to images, or to logits.
        heads: Heads of the code: 1, or 2 for mean and log variance.
    """

    def __init__(
        self,
        encoder: nn.Module,
        features: int,
        latent_dim: int,
        decoder: nn.Module,
        heads: int = 1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(features, heads * latent_dim)
        self.decoder = decoder
        self.classifier = nn.Linear(latent_dim, 10)

    def encode(self, x: Tensor) -> Tensor:
        """The code, or mean and log variance side by side."""
        return self.head(self.encoder(x))


class Crop(nn.Module):
    """Rows and columns up to a size."""

    def __init__(self, size: Sequence[int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Of shape (batch, channels, height, width)."""
        return x[:, :, : self.size[0], : self.size[1]]


def dense(side: int, latent_dim: int, hidden: int) -> tuple[nn.Module, int, nn.Module]:
    """One hidden layer on each side."""
    pixels = side * side
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU())
    decoder = nn.Sequential(
        nn.Linear(latent_dim, hidden),
        nn.ReLU(),
        nn.Linear(hidden, pixels),
        nn.Unflatten(1, (1, side, side)),
    )
    return encoder, hidden, decoder


def convolutional(
    side: int, latent_dim: int, is_bounded: bool
) -> tuple[nn.Module, int, nn.Module]:
    """`convolutional_encoder` and `convolutional_decoder`, of their default widths."""
    sizes = [side]
    steps: list[nn.Module] = []
    channels = 1
    for width in (32, 64, 128):
        # As TensorFlow pads for a stride of 2: less before than behind, where odd.
        total = (math.ceil(sizes[-1] / 2) - 1) * 2 + 4 - sizes[-1]
        before, behind = total // 2, total - total // 2
        if before == behind:
            steps.append(nn.Conv2d(channels, width, 4, 2, before))
        else:
            steps.append(nn.ZeroPad2d((before, behind, before, behind)))
            steps.append(nn.Conv2d(channels, width, 4, 2))
        steps.append(nn.ReLU())
        sizes.append(math.ceil(sizes[-1] / 2))
        channels = width
    encoder = nn.Sequential(*steps, nn.Flatten())
    smallest = sizes[-1]
    made: list[nn.Module] = [
        nn.Linear(latent_dim, 128 * smallest**2),
        nn.ReLU(),
        nn.Unflatten(1, (128, smallest, smallest)),
    ]
    channels = 128
    for width, size in zip((64, 32, 16), sizes[-2::-1], strict=True):
        made += [
            nn.Conv2d(channels, width, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(None, 2),
        ]
        if size % 2:
            made.append(Crop((size, size)))
        channels = width
    made.append(nn.Conv2d(channels, 1, 3, padding=1))
    if is_bounded:
        made.append(nn.Sigmoid())
    return encoder, 128 * smallest**2, nn.Sequential(*made)


def published(latent_dim: int) -> tuple[nn.Module, int, nn.Module]:
    """The network of 5×5 convolutions that `EncDec` was published with."""
    steps: list[nn.Module] = []
    channels = 1
    for width in (32, 64, 128):
        steps += [nn.Conv2d(channels, width, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    decoder = nn.Sequential(
        nn.Linear(latent_dim, 4 * 4 * 128),
        nn.ReLU(),
        nn.Unflatten(1, (128, 4, 4)),
        nn.Upsample(None, 2),
        Crop((7, 7)),
        nn.Conv2d(128, 64, 5, padding=2),
        nn.ReLU(),
        nn.Upsample(None, 2),
        nn.Conv2d(64, 32, 5, padding=2),
        nn.ReLU(),
        nn.Upsample(None, 2),
        nn.Conv2d(32, 1, 5, padding=2),
        nn.Sigmoid(),
    )
    return nn.Sequential(*steps, nn.Flatten()), 128 * 3 * 3, decoder


class Inverter(nn.Module):
    """A frozen network's features, an extra encoder, and a decoder that it controls.

    Args:
        side: Of the images.
        features: Number of features.
        extra: Of extra numbers.
    """

    def __init__(self, side: int, features: int = 128, extra: int = 5) -> None:
        super().__init__()
        encoder, size, decoder = convolutional(side, 1, is_bounded=True)
        self.extractor = nn.Sequential(encoder, nn.Linear(size, features), nn.ReLU())
        self.extractor.requires_grad_(False)
        encoder, _, _ = convolutional(side, 1, is_bounded=True)
        self.extra_encoder = nn.Sequential(encoder, nn.Linear(size, extra))
        self.hidden = nn.Linear(features, 256)
        self.hyper = HyperLinear(256, extra, size)
        # What follows the dense layer.
        self.decoder = decoder[1:]

    def forward(self, x: Tensor) -> Tensor:
        """The image that is made of the features."""
        f, n = self.extractor(x), self.extra_encoder(x)
        return self.decoder(self.hyper(functional.relu(self.hidden(f)), n))


class HyperLinear(nn.Module):
    """`HyperDense` of a rank.

    Args:
        inputs: Number of features.
        condition: Length of the condition.
        units: Number of outputs.
        rank: Of what multiplies the weights.
        control: Width of the control network.
    """

    def __init__(
        self, inputs: int, condition: int, units: int, rank: int = 4, control: int = 32
    ) -> None:
        super().__init__()
        self.rank = rank
        self.control = nn.Sequential(nn.Linear(condition, control), nn.ReLU())
        self.u = nn.Linear(control, rank * inputs)
        self.v = nn.Linear(control, rank * units)
        self.kernel = nn.Linear(inputs, units, bias=False)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        """Σ_k v_k ⊙ ((x ⊙ u_k) W) + b."""
        hidden = self.control(n)
        u = self.u(hidden).unflatten(1, (self.rank, -1))
        v = self.v(hidden).unflatten(1, (self.rank, -1))
        return (self.kernel(x[:, None] * u) * v).sum(1) + self.bias


def gaussian(x: Tensor, mean: Tensor) -> Tensor:
    """−log N(x; mean, 1), mean over the batch, without its constant."""
    return 0.5 * (x - mean).square().flatten(1).sum(1).mean()


def drawn(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A draw of the posterior, its mean and its log variance."""
    mean, log_var = parameters.chunk(2, dim=1)
    return mean + (0.5 * log_var).exp() * torch.randn_like(mean), mean, log_var


def autoencoder(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(E(x)))."""
    return gaussian(x, networks.decoder(networks.encode(x)))


def sparse(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """And the activity of the code."""
    z = networks.encode(x)
    return gaussian(x, networks.decoder(z)) + 0.1 * z.abs().sum(1).mean()


def denoising(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """The image is masked before it's encoded."""
    corrupted = x * (torch.rand_like(x) >= 0.3)
    return gaussian(x, networks.decoder(networks.encode(corrupted)))


def contractive(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """And the norm of the encoder's Jacobian, by one probe."""
    x = x.detach().requires_grad_()
    z = networks.encode(x)
    projection = (z * torch.randn_like(z)).sum()
    (row,) = torch.autograd.grad(projection, x, create_graph=True)
    norm = row.square().flatten(1).sum(1).mean()
    return gaussian(x, networks.decoder(z)) + 0.1 * norm


def vae(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x|z) of binary pixels, and KL(q(z|x) ‖ N(0, I))."""
    z, mean, log_var = drawn(networks.encode(x))
    logits = networks.decoder(z)
    likelihood = functional.binary_cross_entropy_with_logits(
        logits, x, reduction="none"
    )
    kl = 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var).sum(1)
    return (likelihood.flatten(1).sum(1) + kl).mean()


def different(a: Tensor, b: Tensor) -> Tensor:
    """½·max(1 − d(a, b), 0)², mean over the batch."""
    distance = ((a - b).square().mean(1) + 1e-12).sqrt()
    return 0.5 * (1.0 - distance).clamp(min=0.0).square().mean()


def encdec(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """The three contrasts of codes."""
    z = networks.encode(x)
    generated = networks.decoder(z)
    cycled = networks.encode(generated)
    stopped = networks.encode(generated.detach())
    cycle = 0.5 * (cycled - z).square().mean()
    return cycle + different(z[0::2], z[1::2]) + 2.0 * different(stopped, z)


def variational_encdec(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """The three contrasts of drawn codes, and the divergence of the variances."""
    z, _, log_var = drawn(networks.encode(x))
    generated = networks.decoder(z)
    cycled, cycled_log_var = networks.encode(generated).chunk(2, dim=1)
    stopped, stopped_log_var = networks.encode(generated.detach()).chunk(2, dim=1)
    kl: Any = sum(
        part * 0.5 * (log.exp() - 1.0 - log).sum(1).mean()
        for part, log in (
            (0.25, log_var),
            (0.25, cycled_log_var),
            (0.5, stopped_log_var),
        )
    )
    cycle = 0.5 * (cycled - z).square().mean()
    contrast = different(z[0::2], z[1::2]) + 2.0 * different(stopped, z)
    return cycle + contrast + 1e-3 * kl


def constrained(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(E(x))), and the cross-entropy of a linear head."""
    z = networks.encode(x)
    classification = functional.cross_entropy(networks.classifier(z), y)
    return gaussian(x, networks.decoder(z)) + classification


def inversion(networks: Any, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(f(x), n(x)))."""
    return gaussian(x, networks(x))


OBJECTIVES: dict[str, Objective] = {
    "Autoencoder": autoencoder,
    "SparseAutoencoder": sparse,
    "DenoisingAutoencoder": denoising,
    "ContractiveAutoencoder": contractive,
    "VAE": vae,
    "EncDec": encdec,
    "VariationalEncDec": variational_encdec,
    "ConstrainedAutoencoder": constrained,
    "FeatureInverter": inversion,
}


def under_autocast(objective: Objective, device: str, precision: str) -> Objective:
    """An objective as PyTorch computes it under one of Keras's dtype policies."""

    def computed(networks: Any, x: Tensor, y: Tensor) -> Tensor:
        is_half = precision == "mixed_bfloat16"
        with torch.autocast(device, torch.bfloat16, enabled=is_half):
            return objective(networks, x, y)

    return computed


def epoch(
    networks: nn.Module,
    objectives: Sequence[Objective],
    batches: Sequence[tuple[Tensor, Tensor]],
    memory_format: torch.memory_format,
) -> Callable[[], None]:
    """A function that trains once on all batches of images and labels.

    The networks and the images are brought into the memory format. Each objective has
    a turn in each step, with an optimizer for what it moves: `networks.turns()`, or
    everything.
    """
    networks = networks.to(memory_format=memory_format)
    laid_out = [(x.contiguous(memory_format=memory_format), y) for x, y in batches]
    everything = [p for p in networks.parameters() if p.requires_grad]
    turns = networks.turns() if hasattr(networks, "turns") else [everything]
    optimizers = [torch.optim.Adam(moved) for moved in turns]
    players = list(zip(objectives, turns, optimizers, strict=True))

    def run() -> None:
        for x, y in laid_out:
            for objective, moved, optimizer in players:
                optimizer.zero_grad(set_to_none=True)
                objective(networks, x, y).backward(inputs=moved)
                optimizer.step()

    return run
