"""Keras's own callbacks that pair weights with what an optimizer keeps of them."""

import keras
import numpy as np
import pytest

from tests.models.cases import few_cases, optimizers


class Watch(keras.callbacks.Callback):
    """Notes variables after each step, and while the model is measured."""

    def __init__(self, variables):
        super().__init__()
        self.variables = variables
        self.trained = [self.values()]

    def values(self):
        return [keras.ops.convert_to_numpy(v) for v in self.variables]

    def on_train_batch_end(self, batch, logs=None):
        self.trained.append(self.values())

    def on_test_batch_end(self, batch, logs=None):
        self.measured = self.values()


@few_cases
def test_averages_of_weights_are_measured_and_left_at_the_end(case):
    keras.utils.set_random_seed(4)
    model = case.build()
    average = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.75)
    model.compile(optimizers(model, average), run_eagerly=True)
    owned = model.players()
    first = [v for layer in next(iter(owned.values())).layers for v in layer.variables]
    moved = [v for v in model.trainable_variables if any(v is own for own in first)]
    watch = Watch(moved)
    x = case.with_labels(case.data(8))
    model.fit(
        x,
        batch_size=4,
        epochs=2,
        shuffle=False,
        verbose=0,
        validation_data=x,
        callbacks=[keras.callbacks.SwapEMAWeights(), watch],
    )
    # Keras starts the average with the weights after the first step.
    _, *steps = watch.trained
    averages = steps[0]
    for step in steps[1:]:
        averages = [0.75 * a + 0.25 * w for a, w in zip(averages, step, strict=True)]
    assert len(steps) == 4
    assert len(moved) > 2
    for name, found in {"measured": watch.measured, "left": moved}.items():
        for a, b in zip(found, averages, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=name)
    # Averages that differ from the weights: the test would tell.
    assert any(
        np.abs(a - b).max() > 1e-5 for a, b in zip(averages, steps[-1], strict=True)
    )
    assert float(model.optimizer.iterations) == pytest.approx(4)
