from fractions import Fraction

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.metrics import anomaly
from keras_latent.models import Autoencoder, EncDec
from tests.models.cases import dense_networks, images, mixed_data, mixed_networks


def test_is_reached_from_the_package():
    assert kl.metrics.anomaly is anomaly


class TestReconstructionScores:
    def test_are_the_errors_of_the_reconstructions(self):
        model, x = Autoencoder(**dense_networks()), images(7)

        scores = anomaly.reconstruction_scores(model, x, batch_size=3)

        reconstructed = np.array(model.reconstruct(x))
        expected = ((x - reconstructed) ** 2).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(scores, expected, rtol=1e-5)

    def test_of_mixed_data_count_each_column_the_same(self):
        model, x = EncDec(**mixed_networks()), mixed_data(5)

        scores = anomaly.reconstruction_scores(model, x)

        reconstructed = model.reconstruct(x)
        image = ((x["image"] - reconstructed["image"]) ** 2).mean((1, 2, 3))
        category = ((x["category"] - reconstructed["category"]) ** 2).mean(1)
        np.testing.assert_allclose(scores, (image + category) / 2, rtol=1e-5)

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            (np.zeros((0, 4, 3, 1)), r"`x` .* at least one row.* \(0, 4, 3, 1\)"),
            (np.zeros((2, 5, 3, 1)), r"`x` .*batch, 4, 3, 1.* \(2, 5, 3, 1\)"),
            (np.full((2, 4, 3, 1), np.nan), "`x` .*finite"),
        ],
    )
    def test_refuse_what_the_model_does_not_take(self, x, message):
        model = Autoencoder(**dense_networks())

        with pytest.raises(ValueError, match=message):
            anomaly.reconstruction_scores(model, x)

    def test_refuse_a_batch_of_none(self):
        with pytest.raises(ValueError, match=r"`batch_size` .* batch_size=0"):
            anomaly.reconstruction_scores(None, None, batch_size=0)


class TestDistanceScores:
    @pytest.mark.parametrize("k", [1, 5, 30])
    def test_are_mean_distances_to_the_nearest(self, k):
        generator = np.random.default_rng(0)
        normal, codes = generator.normal(size=(30, 4)), generator.normal(size=(9, 4))

        scores = anomaly.distance_scores(normal, codes, k)

        distances = np.sqrt(((codes[:, None] - normal) ** 2).sum(-1))
        np.testing.assert_allclose(scores, np.sort(distances)[:, :k].mean(axis=1))

    def test_tell_what_lies_apart(self):
        generator = np.random.default_rng(0)
        normal = generator.normal(size=(100, 4))

        held_out = anomaly.distance_scores(normal, generator.normal(size=(50, 4)))
        apart = anomaly.distance_scores(normal, generator.normal(5, 1, size=(50, 4)))

        assert float(anomaly.auroc(held_out, apart)) > 0.99

    def test_refuse_more_neighbours_than_codes(self):
        with pytest.raises(ValueError, match=r"`k` .* normal codes, 4\. .* k=5"):
            anomaly.distance_scores(np.zeros((4, 2)), np.zeros((1, 2)))

    def test_refuse_another_latent_dimension(self):
        with pytest.raises(ValueError, match=r"`codes` .* 2\. Received: .* \(1, 3\)"):
            anomaly.distance_scores(np.zeros((4, 2)), np.zeros((1, 3)), k=1)

    @pytest.mark.parametrize("argument", ["normal_codes", "codes"])
    @pytest.mark.parametrize(
        ("bad", "message"),
        [([[np.inf]], "be finite"), (np.zeros((0, 1)), "not be empty")],
    )
    def test_refuse_bad_codes(self, argument, bad, message):
        arguments = {"normal_codes": [[0.0]], "codes": [[0.0]], argument: bad}

        with pytest.raises(ValueError, match=rf"`{argument}` must {message}"):
            anomaly.distance_scores(**arguments, k=1)


class TestThreshold:
    @pytest.mark.parametrize("count", [1, 2, 10, 19, 20, 21, 100])
    @pytest.mark.parametrize("rate", [0.0, 0.05, 0.1, 0.25, 0.5, 1.0])
    def test_lets_the_share_of_false_alarms_through(self, count, rate):
        scores = np.random.default_rng(0).permutation(count) * 0.1

        threshold = anomaly.threshold(scores, rate)

        allowed = min(int(Fraction(str(rate)) * count), count - 1)
        assert np.sum(scores > threshold) == allowed

    def test_of_equal_scores_lets_none_through(self):
        assert anomaly.threshold([2.0, 2.0, 2.0], 0.5) == 2.0

    def test_takes_any_range(self):
        assert anomaly.threshold([-30.0, -20.0, -10.0, -5.0], 0.25) == -10.0

    @pytest.mark.parametrize("rate", [-0.1, 5])
    def test_refuses_what_is_no_share(self, rate):
        with pytest.raises(ValueError, match=rf"`false_alarm_rate` .*_rate={rate}"):
            anomaly.threshold([1.0], rate)


class TestAuroc:
    def test_is_the_share_of_pairs_in_order(self):
        generator = np.random.default_rng(0)
        normal = generator.integers(0, 10, 40)
        anomalous = generator.integers(3, 13, 30)

        pairs = [(a > n) + 0.5 * (a == n) for a in anomalous for n in normal]
        area = anomaly.auroc(normal, anomalous)

        assert float(area) == pytest.approx(np.mean(pairs))
        assert 0.5 < float(area) < 1.0

    def test_range_from_inverted_to_perfect(self):
        low, high = np.arange(-5.0, 0.0), np.arange(100.0, 103.0)

        assert float(anomaly.auroc(low, high)) == 1.0
        assert float(anomaly.auroc(high, low)) == 0.0
        assert float(anomaly.auroc(np.ones(4), np.ones(3))) == 0.5

    def test_depends_on_the_order_alone(self):
        normal, anomalous = np.array([1.0, 3.0, 4.0]), np.array([2.0, 5.0])

        assert anomaly.auroc(normal, anomalous) == anomaly.auroc(
            np.exp(normal) - 100, np.exp(anomalous) - 100
        )

    def test_protocol_tells_how_it_was_measured(self):
        assert anomaly.auroc([0.0, 1.0], [1.0]).protocol == {
            "measure": "area under the receiver operating characteristic",
            "positive": "anomalous",
            "chance": 0.5,
            "n_normal": 2,
            "n_anomalous": 1,
        }


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("normal_scores", anomaly.threshold),
        ("normal_scores", lambda scores: anomaly.auroc(scores, [1.0])),
        ("anomalous_scores", lambda scores: anomaly.auroc([1.0], scores)),
    ],
)
@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], r"not be empty\. Received: .* shape \(0,\)"),
        ([1.0, np.nan], r"finite\. Received: .* with 1 values"),
        ([[1.0, 2.0]], r"\(count,\)\. Received: .* shape \(1, 2\)"),
    ],
)
def test_bad_scores_are_refused(argument, call, scores, message):
    with pytest.raises(ValueError, match=rf"`{argument}` must .*{message}"):
        call(scores)
