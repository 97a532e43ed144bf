import numpy as np
import pytest
import sklearn

from keras_latent.metrics import retrieval_accuracy


@pytest.fixture
def pairs():
    generator = np.random.default_rng(0)
    queries = generator.normal(size=(80, 3))
    return queries, queries + generator.normal(0, 0.3, (80, 3))


@pytest.mark.parametrize("k", [1, 5, 80])
def test_equals_ranks_counted_by_hand(pairs, k):
    queries, gallery = pairs

    found = 0
    for i, query in enumerate(queries):
        distances = [np.sqrt(((query - code) ** 2).sum()) for code in gallery]
        found += sorted(distances).index(distances[i]) < k

    score = retrieval_accuracy(queries, gallery, k)
    assert float(score) == found / 80
    assert float(score) > 0.3


def test_range_from_useless_to_perfect(pairs):
    queries, _ = pairs
    noise = np.random.default_rng(1).normal(size=(1000, 3))

    assert float(retrieval_accuracy(queries, queries)) == 1.0
    useless = retrieval_accuracy(noise[:500], noise[500:], k=50)
    assert abs(float(useless) - useless.protocol["chance"]) < 0.05


@pytest.mark.parametrize("k", [1, 9])
@pytest.mark.parametrize("value", [1.0, 1 / 3, 1e6 + 0.1])
def test_ties_count_against(k, value):
    codes = np.full((10, 7), value)

    assert float(retrieval_accuracy(codes + 0.7, codes, k)) == 0.0
    assert float(retrieval_accuracy(codes, codes, k=10)) == 1.0


def test_a_duplicate_of_the_partner_takes_its_place():
    queries = np.array([[0.0], [5.0], [9.0]])
    gallery = np.array([[1.0], [1.0], [9.0]])

    assert float(retrieval_accuracy(queries, gallery, k=1)) == pytest.approx(1 / 3)
    assert float(retrieval_accuracy(queries, gallery, k=2)) == pytest.approx(2 / 3)


def test_parts_do_not_alter_the_score(pairs):
    whole = retrieval_accuracy(*pairs)

    # Mebibytes for a part: at 0.002, three rows.
    with sklearn.config_context(working_memory=0.002):
        assert retrieval_accuracy(*pairs) == whole


def test_protocol_tells_how_it_was_measured(pairs):
    assert retrieval_accuracy(*pairs, k=4).protocol == {
        "measure": "share of queries whose partner is among the k nearest",
        "k": 4,
        "distance": "euclidean",
        "ties": "count against",
        "standardised": False,
        "chance": 0.05,
        "n": 80,
    }


def test_refuses_a_gallery_of_another_shape():
    with pytest.raises(
        ValueError, match=r"`gallery` .* \(3, 2\)\. Received: .*\(4, 2\)"
    ):
        retrieval_accuracy(np.zeros((3, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize("k", [0, 4])
def test_refuses_a_wrong_number_of_neighbours(k):
    with pytest.raises(ValueError, match=rf"`k` must be .* Received: k={k}"):
        retrieval_accuracy(np.zeros((3, 2)), np.zeros((3, 2)), k)


@pytest.mark.parametrize("argument", ["queries", "gallery"])
def test_refuses_codes_that_are_not_finite(argument):
    arguments = {"queries": [[0.0]], "gallery": [[0.0]], argument: [[np.nan]]}

    with pytest.raises(ValueError, match=rf"`{argument}` must be finite.* 1 values"):
        retrieval_accuracy(**arguments)
