import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import VAE
from keras_latent.training.replicas import (
    Coupled,
    gathered,
    is_distributed,
    replica_share,
)
from keras_latent.training.strategies import check_compilation, spans_workers


def shares(strategy, *counts):
    """The shares of replicas that hold these numbers of rows."""
    rows = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(counts[context.replica_id_in_sync_group])
    )

    @tf.function
    def ask():
        return strategy.run(
            lambda rows: (*replica_share(rows), replica_share(rows).fraction), (rows,)
        )

    by_field = [strategy.experimental_local_results(value) for value in ask()]
    return [
        [float(value) for value in replica] for replica in zip(*by_field, strict=True)
    ]


def test_one_replica_holds_the_whole_batch():
    share = replica_share(7)
    assert [int(value) for value in share] == [7, 0, 7]
    assert float(share.fraction) == 1.0
    assert not is_distributed()


def test_no_rows_at_all_are_no_division_by_zero():
    assert float(replica_share(0).fraction) == 0.0


def test_uneven_shares(two_replicas):
    first, second = shares(two_replicas, 4, 3)
    np.testing.assert_allclose(first, [4, 0, 7, 4 / 7], rtol=1e-6)
    np.testing.assert_allclose(second, [3, 4, 7, 3 / 7], rtol=1e-6)


def test_a_replica_without_rows(two_replicas):
    first, second = shares(two_replicas, 1, 0)
    assert first == [1, 0, 1, 1]
    assert second == [0, 1, 1, 0]


def test_inside_a_replica(two_replicas):
    inside = two_replicas.run(lambda: tf.constant(is_distributed()))
    assert all(two_replicas.experimental_local_results(inside))


def test_predict_where_a_replica_has_no_row(two_replicas):
    x = np.random.default_rng(0).random((5, 8, 8, 1), "float32")
    with two_replicas.scope():
        model = VAE.for_images((8, 8, 1), latent_dim=2)
    alone = VAE.for_images((8, 8, 1), latent_dim=2)
    alone.set_weights(model.get_weights())
    expected = alone.predict(x, batch_size=4, verbose=0)
    found = model.predict(x, batch_size=4, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


ROWS = np.arange(1.0, 15.0, dtype="float32").reshape(7, 2)


def on_two(strategy, function, first):
    """What a function gives on each replica, of `first` rows and of the others."""
    parts = [ROWS[:first], ROWS[first:]]
    rows = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )

    @tf.function
    def run():
        return strategy.run(function, (rows,))

    results = strategy.experimental_local_results(run())
    return [np.array(result) for result in results]


def share_of(rows):
    return replica_share(tf.shape(rows)[0])


@pytest.mark.parametrize("first", [4, 7])
def test_gathered_rows_stand_in_the_order_of_the_replicas(two_replicas, first):
    results = on_two(two_replicas, lambda rows: gathered(rows, share_of(rows)), first)
    for result in results:
        np.testing.assert_array_equal(result, ROWS)


def test_what_stands_in_for_absent_rows_is_not_gathered(two_replicas):
    def gather(rows):
        padded = {"x": tf.pad(rows, [[0, 2], [0, 0]], constant_values=9.0)}
        return gathered(padded, share_of(rows))["x"]

    for result in on_two(two_replicas, gather, 7):
        np.testing.assert_array_equal(result, ROWS)


def test_one_replica_gathers_its_own_rows():
    assert gathered(ROWS, replica_share(7)) is ROWS


def neighbours(rows):
    """Each row times the next one, around the end."""
    return tf.reduce_sum(rows * tf.roll(rows, -1, axis=0), axis=1)


@pytest.mark.parametrize("first", [4, 7])
def test_a_coupled_term_is_that_of_the_whole_batch(two_replicas, first):
    def term(rows):
        return Coupled(neighbours, rows).on_whole_batch(share_of(rows))

    here, there = on_two(two_replicas, term, first)
    assert len(here) == first
    np.testing.assert_array_equal(np.concatenate([here, there]), neighbours(ROWS))


def test_a_coupled_scalar_is_the_same_on_each_replica(two_replicas):
    def largest(rows):
        return tf.reduce_max(neighbours(rows))

    def term(rows):
        return Coupled(largest, rows).on_whole_batch(share_of(rows))

    assert on_two(two_replicas, term, 3) == [np.max(neighbours(ROWS))] * 2


def test_gradients_of_a_coupled_term_add_up(two_replicas):
    """A row moves by the terms of its neighbours, wherever they are."""

    def gradient(rows):
        share = share_of(rows)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            loss = tf.reduce_sum(Coupled(neighbours, rows).on_whole_batch(share) ** 2)
        return tape.gradient(loss, rows)

    parts = on_two(two_replicas, gradient, 4)
    rows = tf.constant(ROWS)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        loss = tf.reduce_sum(neighbours(rows) ** 2)
    expected = tape.gradient(loss, rows)
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-6)


def test_replicas_of_one_process_span_no_workers(two_replicas):
    assert not spans_workers(two_replicas)
    assert not spans_workers(tf.distribute.get_strategy())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, "auto"), "`steps_per_execution` must be 1.*steps_per_execution=2"),
        ((1, True), '`jit_compile` must be "auto" or False.*jit_compile=True'),
    ],
)
def test_what_several_replicas_cannot_compile(two_replicas, arguments, message):
    with pytest.raises(ValueError, match=message):
        check_compilation(two_replicas, *arguments)
    check_compilation(tf.distribute.get_strategy(), *arguments)


@pytest.mark.parametrize("jit_compile", ["auto", False])
def test_what_several_replicas_can_compile(two_replicas, jit_compile):
    check_compilation(two_replicas, 1, jit_compile)
