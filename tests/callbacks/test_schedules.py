import keras
import numpy as np
import pytest

from keras_latent.callbacks import Cyclic, Exponential, Linear


def test_linear_goes_from_start_to_end_and_stays():
    schedule = Linear(start=4.0, end=1.0, duration=6)

    values = [schedule(step) for step in range(9)]

    np.testing.assert_allclose(values, [4, 3.5, 3, 2.5, 2, 1.5, 1, 1, 1])


def test_exponential_changes_by_the_same_factor_and_stays():
    schedule = Exponential(start=2.0, end=0.5, duration=8)

    values = [schedule(step) for step in range(11)]

    expected = 2.0 * np.exp(-np.arange(9) * np.log(4.0) / 8)
    np.testing.assert_allclose(values, [*expected, 0.5, 0.5])


def test_cyclic_is_the_papers_formula():
    """Fu et al. 2019: T steps in M cycles; t counts from 1 there, from 0 here."""
    total, cycles, ramp = 40, 4, 0.3
    schedule = Cyclic(start=0.0, end=1.0, period=total // cycles, ramp=ramp)

    for t in range(1, total + 1):
        tau = ((t - 1) % np.ceil(total / cycles)) / (total / cycles)
        assert schedule(t - 1) == pytest.approx(tau / ramp if tau <= ramp else 1.0)


def test_cyclic_rises_between_its_own_ends():
    schedule = Cyclic(start=1.0, end=3.0, period=4)

    assert [schedule(step) for step in range(5)] == [1.0, 2.0, 3.0, 3.0, 1.0]


def test_a_cycle_that_is_all_ramp_never_rests():
    schedule = Cyclic(start=0.0, end=1.0, period=4, ramp=1.0)

    assert [schedule(step) for step in range(5)] == [0.0, 0.25, 0.5, 0.75, 0.0]


def test_a_cycle_without_ramp_is_constant():
    schedule = Cyclic(start=0.0, end=2.0, period=4, ramp=0.0)

    assert [schedule(step) for step in range(5)] == [2.0] * 5


@pytest.mark.parametrize(
    ("schedule", "config"),
    [
        (Linear(0.0, 1.0, 10), {"start": 0.0, "end": 1.0, "duration": 10}),
        (Exponential(1.0, 0.5, 10), {"start": 1.0, "end": 0.5, "duration": 10}),
        (
            Cyclic(0.0, 1.0, 10, 0.25),
            {"start": 0.0, "end": 1.0, "period": 10, "ramp": 0.25},
        ),
    ],
)
def test_round_trip(schedule, config):
    assert schedule.get_config() == config
    serialized = keras.saving.serialize_keras_object(schedule)
    assert serialized["registered_name"].startswith("keras_latent>")
    assert keras.saving.deserialize_keras_object(serialized) == schedule


@pytest.mark.parametrize(
    ("kind", "argument", "value"),
    [
        (Linear, "start", -1.0),
        (Linear, "end", float("nan")),
        (Linear, "duration", 0),
        (Exponential, "start", 0.0),
        (Exponential, "end", -1.0),
        (Exponential, "duration", 0),
        (Cyclic, "start", float("inf")),
        (Cyclic, "end", "1"),
        (Cyclic, "period", 2.5),
        (Cyclic, "ramp", 1.5),
    ],
)
def test_errors_name_the_argument(kind, argument, value):
    arguments = {
        Linear: {"start": 0.0, "end": 1.0, "duration": 10},
        Exponential: {"start": 1.0, "end": 0.5, "duration": 10},
        Cyclic: {"start": 0.0, "end": 1.0, "period": 10, "ramp": 0.5},
    }[kind]

    with pytest.raises(ValueError, match=rf"`{argument}` .* {argument}={value!r}"):
        kind(**arguments | {argument: value})
