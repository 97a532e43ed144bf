"""Training steps of models of maps in PyTorch, with the networks of this library.

Written as a PyTorch user would: the table of `VQVAE` follows running means, by sums
over indices; `AutoencoderKL` moves its model first, and then a critic, which sees the
generated images once more, detached.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 28


class MapNetworks(nn.Module):
    """`map_encoder`, a 1×1 convolution to the code, and `map_decoder`.

    Args:
        channels: Of the code, a map of 7 × 7.
        heads: Of the code: 1, or 2 for mean and log variance.
    """

    def __init__(self, channels: int, heads: int = 1) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 64, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(64, 128, 4, 2, 1),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(128, heads * channels, 1)
        self.decoder = nn.Sequential(
            nn.Conv2d(channels, 128, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(128, 64, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(None, 2),
            nn.Conv2d(64, 32, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(None, 2),
            nn.Conv2d(32, 1, 3, padding=1),
            nn.Sigmoid(),
        )

    def encode(self, x: Tensor) -> Tensor:
        """The code, or mean and log variance side by side."""
        return self.head(self.encoder(x))


class Tokens(MapNetworks):
    """And a table of codes that running means move.

    Args:
        channels: Of the code.
        codes: Number of codes.
        decay: Of the running means.
    """

    def __init__(self, channels: int, codes: int = 512, decay: float = 0.99) -> None:
        super().__init__(channels)
        self.decay = decay
        bound = 1.0 / codes
        table = torch.empty(codes, channels).uniform_(-bound, bound)
        self.register_buffer("table", table)
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", table.clone())

    def quantized(self, e: Tensor) -> Tensor:
        """The nearest codes, which the table follows."""
        # In float32 under any precision, as ours are.
        rows = e.permute(0, 2, 3, 1).reshape(-1, e.shape[1]).float()
        with torch.no_grad(), torch.autocast(e.device.type, enabled=False):
            nearest = (self.table.square().sum(1) - 2 * rows @ self.table.T).argmin(1)
            found = self.table[nearest]
            counts = torch.zeros_like(self.counts).index_add_(
                0, nearest, torch.ones_like(nearest, dtype=rows.dtype)
            )
            sums = torch.zeros_like(self.sums).index_add_(0, nearest, rows)
            self.counts.lerp_(counts, 1 - self.decay)
            self.sums.lerp_(sums, 1 - self.decay)
            everything = self.counts.sum()
            smoothed = (self.counts + 1e-5) / (everything + len(self.counts) * 1e-5)
            self.table.copy_(self.sums / (smoothed * everything)[:, None])
        size = (e.shape[0], e.shape[2], e.shape[3], e.shape[1])
        return found.reshape(size).permute(0, 3, 1, 2)


class Judged(MapNetworks):
    """And `patch_critic`.

    Args:
        channels: Of the code.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, heads=2)
        steps: list[nn.Module] = [nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2)]
        # 28, 14, 7 and 4 pixels: TensorFlow pads the last by a row more behind.
        for before, after in ((64, 128), (128, 256)):
            if before == 128:
                steps.append(nn.ZeroPad2d((1, 2, 1, 2)))
            steps += [
                nn.Conv2d(before, after, 4, 2, 0 if before == 128 else 1),
                nn.GroupNorm(8, after, eps=1e-3),
                nn.LeakyReLU(0.2),
            ]
        self.critic = nn.Sequential(*steps, nn.Conv2d(256, 1, 3, padding=1))

    def turns(self) -> list[list[nn.Parameter]]:
        """What each player moves."""
        model = [*self.encoder.parameters(), *self.head.parameters()]
        return [[*model, *self.decoder.parameters()], [*self.critic.parameters()]]


def squared(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance, summed over an image, mean over the batch."""
    return (a - b).square().flatten(1).sum(1).mean()


def vqvae(networks: Tokens, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(c)), and the commitment."""
    e = networks.encode(x)
    c = networks.quantized(e)
    generated = networks.decoder(e + (c - e).detach())
    return 0.5 * squared(generated, x) + 0.25 * squared(e, c)


def model(networks: Judged, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x|z), the divergence, and what the critic says."""
    mean, log_var = networks.encode(x).chunk(2, dim=1)
    z = mean + (0.5 * log_var).exp() * torch.randn_like(mean)
    generated = networks.decoder(z)
    networks.generated = generated.detach()
    kl = 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var).flatten(1).sum(1).mean()
    adversarial = -SIDE * SIDE * networks.critic(generated).mean()
    return 0.5 * squared(generated, x) + 1e-6 * kl + 0.1 * adversarial


def critic(networks: Judged, x: Tensor, y: Tensor) -> Tensor:
    """½·max(0, 1 − T(x)) + ½·max(0, 1 + T(x̂))."""
    real, told = networks.critic(x), networks.critic(networks.generated)
    return 0.5 * (functional.relu(1.0 - real) + functional.relu(1.0 + told)).mean()
