import numpy as np
import tensorflow as tf

from keras_latent.distribution import is_distributed, replica_share


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
