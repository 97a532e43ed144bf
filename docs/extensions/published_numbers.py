"""What papers and other libraries report of a variant, for its page."""

from typing import NamedTuple


class Published(NamedTuple):
    """A number of a paper.

    Args:
        what: Data, network and measure.
        value: The number as it was printed.
        source: Where.
    """

    what: str
    value: str
    source: str


_MNIST = "NLL of dynamically binarized MNIST by 5,000 importance samples, nats"
_SMALL = f"{_MNIST}; 784-200-200-50"
_BURDA = "Burda, Grosse and Salakhutdinov 2015, table 1"
_PYTHAE = "as pythae's table of reproduced results has it"
_BOUNDS = f"{_MNIST}; 8 bounds of 8 samples"
_GAUSSIANS = "FID of MNIST, samples of a mixture of 10 Gaussians"
_GHOSH = "Ghosh et al. 2020, the authors' configuration"
_ROMBACH = "Rombach et al. 2022, the authors' repository"
_ESSER = "Esser, Rombach and Ommer 2021, the authors' repository"

PUBLISHED: dict[str, tuple[Published, ...]] = {
    "adversarial": (
        Published("FID of CelebA (WAE-GAN)", "42", "Tolstikhin et al. 2018"),
    ),
    "autoencoder": (Published(_GAUSSIANS, "10.66", _GHOSH),),
    "autoencoder-kl": (
        Published(
            "FID of ImageNet's reconstructions; PSNR, f = 4", "0.27; 27.5", _ROMBACH
        ),
        Published("the same, f = 8", "0.90; 24.2", _ROMBACH),
    ),
    "beta-tc-vae": (
        Published(
            "minus the evidence bound of dSprites after 50 epochs, nats",
            "86.40",
            _PYTHAE,
        ),
    ),
    "ciwae": (Published(_BOUNDS, "84.57", f"Rainforth et al. 2018, {_PYTHAE}"),),
    "hamiltonian-vae": (
        Published(
            "NLL of statically binarized MNIST, nats",
            "86.40",
            f"Caterini, Doucet and Sejdinovic 2018, {_PYTHAE}",
        ),
    ),
    "hierarchical-vae": (
        Published(
            f"{_MNIST}; two stochastic layers, otherwise joined", "85.33", _BURDA
        ),
    ),
    "iwae": (
        Published(f"{_SMALL}, 5 samples", "85.54", _BURDA),
        Published(f"{_SMALL}, 50 samples", "84.78", _BURDA),
    ),
    "miwae": (Published(_BOUNDS, "84.97 ± 0.10", f"Rainforth et al. 2018, {_PYTHAE}"),),
    "piwae": (Published(_BOUNDS, "84.46", f"Rainforth et al. 2018, {_PYTHAE}"),),
    "regularized": (
        Published(f"{_GAUSSIANS}; no penalty of the decoder", "9.81", _GHOSH),
        Published(f"{_GAUSSIANS}; L2", "8.69", _GHOSH),
        Published(f"{_GAUSSIANS}; gradient penalty", "11.54", _GHOSH),
    ),
    "vae": (
        Published(_SMALL, "86.76", _BURDA),
        Published(_GAUSSIANS, "17.66", _GHOSH),
        Published("FID of MNIST, samples of the prior", "19.21", _GHOSH),
    ),
    "vqgan": (
        Published(
            "FID of ImageNet's reconstructions, f = 16, 1,024 codes", "7.94", _ESSER
        ),
        Published("the same, 16,384 codes", "4.98", _ESSER),
    ),
    "wasserstein": (
        Published("FID of CelebA (WAE-MMD)", "55", "Tolstikhin et al. 2018"),
        Published(_GAUSSIANS, "9.39", _GHOSH),
    ),
}
