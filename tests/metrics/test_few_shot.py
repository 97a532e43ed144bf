import numpy as np
import pytest

from keras_latent.metrics import few_shot_accuracy


def blobs(spread, classes=6, each=30, seed=0):
    """Codes around one corner for each class, and the class as the label."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(classes), each))
    return np.eye(classes)[labels] + generator.normal(0, spread, (len(labels), classes))


def labels_of(classes=6, each=30, seed=0):
    generator = np.random.default_rng(seed)
    return generator.permutation(np.repeat(np.arange(classes), each))


def test_equals_episodes_counted_by_hand():
    codes, labels = blobs(0.5), labels_of()

    score = few_shot_accuracy(codes, labels, 3, shots=2, queries=4, episodes=20, seed=5)

    generator = np.random.default_rng(5)
    accuracies = []
    for _ in range(20):
        chosen = generator.choice(6, 3, replace=False)
        drawn = [
            generator.choice(np.flatnonzero(labels == label), 6, replace=False)
            for label in chosen
        ]
        centroids = [sum(codes[rows[:2]]) / 2 for rows in drawn]
        correct = 0
        for label, rows in enumerate(drawn):
            for code in codes[rows[2:]]:
                squares = [((code - centroid) ** 2).sum() for centroid in centroids]
                correct += int(np.argmin(squares)) == label
        accuracies.append(correct / 12)
    assert score.value == pytest.approx(np.mean(accuracies))
    assert score.interval == pytest.approx(
        1.96 * np.sqrt(np.var(accuracies) * 20 / 19) / np.sqrt(20)
    )
    assert 0.4 < score.value < 1.0


def test_range_from_useless_to_perfect():
    labels = labels_of()
    noise = np.random.default_rng(1).normal(size=(len(labels), 4))

    perfect = few_shot_accuracy(blobs(0.01), labels, episodes=50)
    useless = few_shot_accuracy(noise, labels, episodes=200)

    assert (perfect.value, perfect.interval) == (1.0, 0.0)
    assert abs(useless.value - 0.2) < 2 * useless.interval < 0.05


def test_collapsed_codes_score_exactly_as_chance():
    labels = labels_of()

    score = few_shot_accuracy(np.ones((len(labels), 4)), labels, episodes=10)

    assert score.value == pytest.approx(0.2)


def test_the_interval_holds_the_mean_of_many_episodes():
    codes, labels = blobs(0.5), labels_of()
    truth = few_shot_accuracy(codes, labels, episodes=2000, seed=999).value

    scores = [
        few_shot_accuracy(codes, labels, episodes=40, seed=seed) for seed in range(40)
    ]

    inside = [abs(score.value - truth) <= score.interval for score in scores]
    assert np.mean(inside) > 0.85


def test_more_shots_score_higher():
    codes, labels = blobs(0.5), labels_of()

    one, five = (
        few_shot_accuracy(codes, labels, shots=shots, episodes=100) for shots in (1, 5)
    )

    assert five.value - five.interval > one.value + one.interval


def test_shots_are_never_queries():
    # No code has a neighbour but itself: whoever meets a shot again scores above 0.5.
    codes = np.eye(8)
    labels = np.array([0, 1] * 4)

    score = few_shot_accuracy(codes, labels, 2, shots=1, queries=3, episodes=30)

    assert score.value == pytest.approx(0.5)


def test_same_seed_same_score():
    codes, labels = blobs(0.5), labels_of()

    def score(seed):
        return few_shot_accuracy(codes, labels, episodes=20, seed=seed)

    assert score(3) == score(3)
    assert score(3).value != score(4).value


def test_protocol_tells_how_it_was_measured():
    score = few_shot_accuracy(blobs(0.1), labels_of(), episodes=2)

    assert score.protocol == {
        "measure": "accuracy",
        "classifier": "nearest class centroid",
        "ways": 5,
        "shots": 1,
        "queries": 15,
        "episodes": 2,
        "seed": 0,
        "distance": "euclidean",
        "standardised": False,
        "interval": "95 % over episodes",
        "chance": 0.2,
        "n_classes": 6,
        "n": 180,
    }


def test_one_episode_has_no_interval():
    assert few_shot_accuracy(blobs(0.1), labels_of(), episodes=1).interval is None


def test_takes_labels_of_any_type():
    score = few_shot_accuracy(
        [[0.0], [0.1], [5.0], [5.1]], ["cat", "cat", "dog", "dog"], ways=2, queries=1
    )

    assert score.value == 1.0


@pytest.mark.parametrize("ways", [1, 7])
def test_refuses_more_ways_than_classes(ways):
    with pytest.raises(ValueError, match=rf"`ways` .* 6\. Received: ways={ways}"):
        few_shot_accuracy(blobs(0.1), labels_of(), ways=ways)


def test_names_the_classes_that_are_too_small():
    labels = ["cat"] * 3 + ["dog"] * 9 + ["cow"] * 2

    with pytest.raises(
        ValueError, match=r"`labels` .* class, 4\. Received: .* 3 of 'cat', 2 of 'cow'"
    ):
        few_shot_accuracy(np.zeros((14, 2)), labels, ways=2, queries=3)


@pytest.mark.parametrize("argument", ["ways", "shots", "queries", "episodes"])
def test_refuses_what_is_no_count(argument):
    with pytest.raises(ValueError, match=rf"`{argument}` .* Received: {argument}=0"):
        few_shot_accuracy(blobs(0.1), labels_of(), **{argument: 0})


@pytest.mark.parametrize(
    ("codes", "labels", "message"),
    [
        (np.zeros((4, 2, 2)), [0, 1, 0, 1], r"`codes` .*\(4, 2, 2\)"),
        (np.zeros((4, 2)), [0, 1], r"`labels` .* 4 codes\. Received: labels .*\(2,\)"),
        (np.full((4, 2), np.nan), [0, 1, 0, 1], "`codes` must be finite"),
    ],
)
def test_bad_codes_and_labels_are_refused(codes, labels, message):
    with pytest.raises(ValueError, match=message):
        few_shot_accuracy(codes, labels)
