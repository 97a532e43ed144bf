"""Data as users hand it over: each form trains, and a look at it takes nothing away."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_latent as kl
from keras_latent import models
from tests.models.cases import CASES, dense_networks
from tests.tiers import rarely

CONSTRAINED = next(case for case in CASES if case.name == "constrained")


def images(count=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, 4, 3, 1), dtype="float32")


def compiled(rate=0.1, seed=3):
    keras.utils.set_random_seed(seed)
    model = models.Autoencoder(**dense_networks())
    model.compile(keras.optimizers.SGD(rate), run_eagerly=True)
    return model


def counted(x, taken):
    """A dataset that notes each of its rows as it is read."""

    def read():
        for row in x:
            taken.append(row)
            yield row

    spec = tf.TensorSpec(x.shape[1:], x.dtype)
    return tf.data.Dataset.from_generator(read, output_signature=spec).batch(4)


class TestLooks:
    @pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode"])
    def test_each_row_is_read_once(self, method):
        model, taken = compiled(), []
        verbose = {} if method == "encode" else {"verbose": 0}
        getattr(model, method)(counted(images(), taken), **verbose)
        assert len(taken) == 16

    @pytest.mark.parametrize("is_dataset", [True, *rarely(False)])
    def test_three_epochs_and_three_are_six(self, is_dataset, tmp_path):
        x = images()

        def data():
            if not is_dataset:
                return {"x": x, "batch_size": 4, "shuffle": False}
            rows = tf.data.Dataset.from_tensor_slices(x)
            return {"x": rows.shuffle(16, seed=3).batch(4)}

        whole, half, given = compiled(), compiled(), data()
        whole.fit(**data(), epochs=6, verbose=0)
        half.fit(**given, epochs=3, verbose=0)
        half.save(tmp_path / "half.keras")
        again = kl.load_model(tmp_path / "half.keras")
        again.fit(**given, initial_epoch=3, epochs=6, verbose=0)
        for a, b in zip(again.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


class Loader:
    """Batches of somebody else's making, in a form that nobody knows."""

    def __len__(self):
        return 4

    def __iter__(self):
        return iter([(images(4),)] * 4)


class TestContainers:
    @pytest.mark.parametrize("method", ["fit", "evaluate"])
    def test_what_cannot_be_looked_into_is_left_to_keras(self, method):
        with pytest.raises(ValueError, match=r"Unrecognized data type: x=<.*Loader"):
            getattr(compiled(), method)(Loader())

    def test_iterators_of_batches(self):
        history = compiled().fit(iter(Loader()), steps_per_epoch=4, verbose=0).history
        expected = (
            compiled()
            .fit(
                np.tile(images(4), (4, 1, 1, 1)), batch_size=4, shuffle=False, verbose=0
            )
            .history
        )
        np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)


class TestClassWeight:
    def logs(self, **data):
        keras.utils.set_random_seed(3)
        model = CONSTRAINED.build()
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        return model.fit(shuffle=False, verbose=0, **data).history

    @pytest.mark.parametrize("is_dataset", [True, *rarely(False)])
    @pytest.mark.parametrize("is_weighed", [True, False])
    def test_a_missing_label_counts_as_given(self, is_dataset, is_weighed):
        x, y = CONSTRAINED.data(8), np.array(CONSTRAINED.labels(8))
        assert -1 in y
        by_class = {0: 2.0, 1: 0.5, 2: 1.0, 3: 0.0}
        rows = np.array([by_class.get(label, 1.0) for label in y], "float32")
        weight = np.linspace(0.1, 1.0, 8, dtype="float32") if is_weighed else None
        given = (x, y) if weight is None else (x, y, weight)
        if is_dataset:
            data = {"x": tf.data.Dataset.from_tensor_slices(given).batch(4)}
        else:
            names = ("x", "y", "sample_weight")
            data = {"batch_size": 4, **dict(zip(names, given, strict=False))}
        expected = rows if weight is None else rows * weight
        found = self.logs(**data, class_weight=by_class)
        by_row = self.logs(x=x, y=y, sample_weight=expected, batch_size=4)
        for name, values in by_row.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_without_compile_keras_says_so(method):
    model = models.VAE(**dense_networks())
    with pytest.raises(ValueError, match=r"must call `compile\(\)` before"):
        getattr(model, method)(images())


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
class TestOneBatch:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"y": "labels"}, r"^`y` must .*Received: .*'labels'"),
            ({"y": np.zeros(3)}, r"^`y` must hold as many rows as `x`, 4\..*\(3,\)"),
            ({"y": 3}, r"^`y` must .*Received: y"),
            ({"sample_weight": np.ones(3)}, r"^`sample_weight` must .*\(3,\)"),
            ({"sample_weight": "heavy"}, r"^`sample_weight` must "),
        ],
    )
    def test_refuses_what_belongs_to_no_row(self, method, given, message):
        model = models.VAE(**dense_networks())
        model.compile("sgd", run_eagerly=True)
        with pytest.raises(ValueError, match=message):
            getattr(model, method)(images(4), **given)

    def test_labels_that_nobody_reads_are_passed(self, method):
        model = models.VAE(**dense_networks())
        model.compile("sgd", run_eagerly=True)
        logs = getattr(model, method)(images(4), np.arange(4), return_dict=True)
        assert logs["loss"] == pytest.approx(logs["reconstruction"] + logs["kl"])
