import numpy as np

from keras_latent.callbacks import CodeHistograms


def bins(events, tag):
    """Left edge, right edge and count of each bin, by step."""
    return {
        event.step: np.reshape(
            np.frombuffer(event.tensor_proto.tensor_content, "float64"), (-1, 3)
        )
        for event in events.Tensors(tag)
    }


def test_histograms_of_the_codes(vae, images, tmp_path, read_events):
    vae.fit(images, epochs=2, callbacks=[CodeHistograms(images, tmp_path)], verbose=0)

    codes = np.asarray(vae.encode(images))
    expected = {
        "code/values": codes.ravel(),
        "code/means": codes.mean(axis=0),
        "code/variances": codes.var(axis=0),
        "code/divergences": vae.kl_by_element(images).mean(axis=0),
    }
    assert sorted(read_events().Tags()["tensors"]) == sorted(expected)
    for tag, values in expected.items():
        histograms = bins(read_events(), tag)
        assert list(histograms) == [0, 1]
        left, right, counts = histograms[1].T
        np.testing.assert_allclose(
            [left[0], right[-1]], [values.min(), values.max()], rtol=1e-4
        )
        assert counts.sum() == values.size


def test_mixed_observations(mixed_vae, tmp_path, read_events):
    observations = {
        "image": np.zeros((4, 4, 5, 3), "float32"),
        "category": np.eye(3, dtype="float32")[[0, 1, 2, 0]],
    }

    mixed_vae.fit(
        observations, callbacks=[CodeHistograms(observations, tmp_path)], verbose=0
    )

    assert bins(read_events(), "code/values")[0][:, 2].sum() == 4 * 2
