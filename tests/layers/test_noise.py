import numpy as np
import pytest

from keras_latent.layers import StandardNormal
from keras_latent.training.replicas import rowwise_noise


def test_is_standard_normal():
    noise = np.array(StandardNormal(seed=1)(np.zeros((5000, 4), "float32")))
    assert noise.mean() == pytest.approx(0.0, abs=0.03)
    assert noise.std() == pytest.approx(1.0, abs=0.03)


def test_seeds():
    like = np.zeros((4, 3), "float32")
    first, same, other = (np.array(StandardNormal(seed)(like)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).min() > 0.0


def test_is_float32_in_any_policy():
    layer = StandardNormal(dtype="float16")
    assert layer(np.zeros((2, 3), "float16")).dtype == "float32"


def test_config():
    layer = StandardNormal(3, name="mine")
    assert StandardNormal.from_config(layer.get_config()).get_config() == (
        layer.get_config()
    )


@pytest.mark.parametrize("rows", [8, 7, 1])
def test_replicas_share_out_one_draw(rows, two_replicas):
    draw = np.random.default_rng(0).normal(size=(rows, 3)).astype("float32")
    halves = (rows + 1) // 2, rows // 2

    def values(context):
        return np.zeros((halves[context.replica_id_in_sync_group], 3), "float32")

    likes = two_replicas.experimental_distribute_values_from_function(values)
    noise = two_replicas.run(
        lambda like: rowwise_noise(lambda shape: draw[: int(shape[0])], like), (likes,)
    )
    parts = two_replicas.experimental_local_results(noise)
    assert [len(part) for part in parts] == list(halves)
    np.testing.assert_array_equal(np.concatenate(parts), draw)
