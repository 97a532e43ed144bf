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
_AS_COMPARED = "Esser, Rombach and Ommer 2021, table"
_DANIEL = "Daniel and Tamar 2021, the authors' repository"
_KINGMA = "Kingma et al. 2014, table 1"
_VINCENT = "Vincent et al. 2010, table 3"

PUBLISHED: dict[str, tuple[Published, ...]] = {
    "adversarial": (
        Published("FID of CelebA (WAE-GAN)", "42", "Tolstikhin et al. 2018"),
    ),
    "alae": (
        Published(
            "FID of CelebA-HQ, 256 pixels a side, with StyleGAN's generator",
            "19.2",
            f"{_AS_COMPARED} 3",
        ),
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
    "bigan": (
        Published(
            "accuracy of the nearest neighbour on MNIST's features, %; 784 pixels "
            "in any order",
            "97.39",
            "Donahue, Krähenbühl and Darrell 2017, table 1",
        ),
        Published(
            "error on SVHN of an L2-SVM of the features by 1,000 labels, %",
            "19.14 ± 0.50",
            "Dumoulin et al. 2017, table 1",
        ),
    ),
    "ciwae": (Published(_BOUNDS, "84.57", f"Rainforth et al. 2018, {_PYTHAE}"),),
    "conditional-vae": (
        Published(
            "minus the conditional log-likelihood of three quarters of MNIST's digits "
            "given one, estimated; with a prior that depends on the condition",
            "71.8",
            "Pyro's tutorial after Sohn, Lee and Yan 2015",
        ),
    ),
    "denoising": (
        Published(
            "error on MNIST of three stacked layers, 25 % masked, then fine-tuned, %",
            "1.28",
            _VINCENT,
        ),
        Published("the same, rotated digits on images", "43.76", _VINCENT),
    ),
    "hamiltonian-vae": (
        Published(
            "NLL of statically binarized MNIST, nats; of its forerunner",
            "86.40",
            f"Salimans, Kingma and Welling 2014, {_PYTHAE}",
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
    "semi-supervised-vae": (
        Published("error on MNIST by 100 labels, %", "11.97 ± 1.71", _KINGMA),
        Published(
            "the same, of a variational autoencoder's codes (M1+M2)",
            "3.33 ± 0.14",
            _KINGMA,
        ),
    ),
    "soft-intro-vae": (
        Published(
            "FID of CelebA-HQ, 256 pixels a side, with StyleALAE's networks",
            "18.63",
            _DANIEL,
        ),
        Published("the same of FFHQ", "17.55", _DANIEL),
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
    "vqvae": (
        Published(
            "bits a dimension of CIFAR-10, an upper bound",
            "4.67",
            "van den Oord, Vinyals and Kavukcuoglu 2017, section 4.1",
        ),
    ),
    "vqvae2": (
        Published(
            "FID of ImageNet's reconstructions against the training images; maps "
            "of 64 and 32 positions a side, 512 codes",
            "about 10",
            f"{_AS_COMPARED} 5",
        ),
        Published(
            "FID of ImageNet, samples of its classes, 256 pixels a side, none rejected",
            "about 31",
            f"{_AS_COMPARED} 4",
        ),
    ),
    "wasserstein": (
        Published("FID of CelebA (WAE-MMD)", "55", "Tolstikhin et al. 2018"),
        Published(_GAUSSIANS, "9.39", _GHOSH),
    ),
}
