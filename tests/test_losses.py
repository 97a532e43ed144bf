import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from keras_latent import losses
from tests.models import gradients

A = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
B = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


class TestStandardNormalKl:
    @pytest.mark.parametrize(
        ("mean", "log_var"), [(0.0, 0.0), (1.3, -0.7), (-2.0, 1.0)]
    )
    def test_equals_the_integral(self, mean, log_var):
        posterior = stats.norm(mean, np.exp(0.5 * log_var))

        def integrand(z):
            return posterior.pdf(z) * (posterior.logpdf(z) - stats.norm.logpdf(z))

        expected, _ = integrate.quad(integrand, -15, 15)
        found = float(losses.standard_normal_kl(mean, log_var))
        assert found == pytest.approx(expected, abs=1e-5)

    def test_is_the_sum_of_its_parts(self):
        np.testing.assert_allclose(
            losses.standard_normal_kl(A, B),
            losses.mean_divergence(A) + losses.variance_divergence(B),
            rtol=1e-6,
        )

    def test_keeps_the_shape(self):
        assert losses.standard_normal_kl(A, B).shape == (5, 3)


class TestDistances:
    def test_squared_distance_is_a_mean_over_the_dimensions(self):
        expected = ((A - B) ** 2).mean(axis=-1)
        np.testing.assert_allclose(losses.squared_distance(A, B), expected, rtol=1e-6)

    def test_distance_is_its_root(self):
        expected = np.sqrt(((A - B) ** 2).mean(axis=-1))
        np.testing.assert_allclose(losses.distance(A, B), expected, rtol=1e-6)

    def test_gradient_of_the_distance(self):
        a = tf.constant(A)
        with tf.GradientTape() as tape:
            tape.watch(a)
            total = tf.reduce_sum(losses.distance(a, B))
        root = np.sqrt(((A - B) ** 2).mean(axis=-1, keepdims=True))
        np.testing.assert_allclose(
            tape.gradient(total, a), (A - B) / (3 * root), rtol=1e-5
        )

    def test_gradient_at_zero_is_zero(self):
        a = tf.constant(A)
        with tf.GradientTape() as tape:
            tape.watch(a)
            total = tf.reduce_sum(losses.distance(a, A))
        np.testing.assert_array_equal(tape.gradient(total, a), 0.0)


class TestContrasts:
    def test_same(self):
        expected = 0.5 * ((A - B) ** 2).mean(axis=-1)
        np.testing.assert_allclose(losses.same(A, B), expected, rtol=1e-6)

    @pytest.mark.parametrize("margin", [0.0, 0.5, 1.5])
    def test_different(self, margin):
        distance = np.sqrt(((A - B) ** 2).mean(axis=-1))
        expected = 0.5 * np.maximum(margin - distance, 0.0) ** 2
        found = losses.different(A, B, margin)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)

    def test_different_has_a_margin_of_one(self):
        np.testing.assert_array_equal(
            losses.different(A, B), losses.different(A, B, margin=1.0)
        )


def test_formulas_take_symbolic_tensors():
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], losses.different(a, b, 1.5))
    np.testing.assert_allclose(model([A, B]), losses.different(A, B, 1.5), rtol=1e-6)


Z = np.random.default_rng(2).normal(size=(5, 3)).astype("float32")


def log_normal(z, mean, log_var):
    return stats.norm(mean, np.exp(0.5 * log_var)).logpdf(z)


def weights_of(estimator, rows, size):
    if estimator == "weighted":
        return np.full((rows, rows), 1.0 / (rows * size))
    if rows == 1:
        return np.ones((1, 1))
    own = np.eye(rows, dtype=bool)
    return np.where(own, 1.0 / size, (size - 1.0) / (size * (rows - 1)))


def parts_by_numpy(z, mean, log_var, size, estimator):
    rows, dimensions = z.shape
    weights = weights_of(estimator, rows, size)
    aggregate, marginals = np.zeros(rows), np.zeros(rows)
    for i in range(rows):
        densities = np.exp(log_normal(z[i], mean, log_var))
        aggregate[i] = np.log(np.sum(weights[i] * np.prod(densities, axis=1)))
        for k in range(dimensions):
            marginals[i] += np.log(np.sum(weights[i] * densities[:, k]))
    own = log_normal(z, mean, log_var).sum(axis=1)
    prior = stats.norm.logpdf(z).sum(axis=1)
    return own - aggregate, aggregate - marginals, marginals - prior


def test_normal_kl_against_the_integral():
    first, second = stats.norm(0.4, np.exp(0.35)), stats.norm(-0.3, np.exp(-0.1))
    expected, _ = integrate.quad(
        lambda z: first.pdf(z) * (first.logpdf(z) - second.logpdf(z)), -12, 12
    )
    found = float(losses.normal_kl(0.4, 0.7, -0.3, -0.2))
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
class TestDecomposedKl:
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_values_and_gradients(self, estimator, part):
        weights = np.linspace(0.5, 1.5, 5)

        def found(z, mean, log_var):
            parts = losses.decomposed_kl(z, mean, log_var, 20, estimator)
            return tf.reduce_sum(parts[part] * weights.astype("float32"))

        def expected(z, mean, log_var):
            parts = parts_by_numpy(z, mean, log_var, 20, estimator)
            return float(np.sum(parts[part] * weights))

        gradients.assert_equals_reference(found, expected, Z, A, B)

    def test_each_row(self, estimator):
        found = losses.decomposed_kl(Z, A, B, 20, estimator)
        expected = parts_by_numpy(
            *(a.astype("float64") for a in (Z, A, B)), 20, estimator
        )
        for own, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-5)

    def test_the_parts_add_up_to_the_divergence_at_the_draw(self, estimator):
        total = sum(losses.decomposed_kl(Z, A, B, 20, estimator))
        expected = log_normal(Z, A, B).sum(1) - stats.norm.logpdf(Z).sum(1)
        np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-5)

    def test_one_dimension_has_no_total_correlation(self, estimator):
        parts = losses.decomposed_kl(Z[:, :1], A[:, :1], B[:, :1], 20, estimator)
        np.testing.assert_allclose(parts[1], 0.0, atol=1e-6)

    def test_a_whole_data_set_is_its_exact_mixture(self, estimator):
        """Each row weighs 1/N, but the widespread weighted estimate 1/N²."""
        own, aggregate, _ = losses.aggregate_log_densities(Z, A, B, 5, estimator)
        densities = np.exp(log_normal(Z[:, None], A[None], B[None]).sum(-1))
        expected = np.log(densities.mean(axis=1))
        if estimator == "weighted":
            expected -= np.log(5)
        np.testing.assert_allclose(aggregate, expected, rtol=1e-5)
        np.testing.assert_allclose(own, log_normal(Z, A, B).sum(1), rtol=1e-5)

    def test_one_row(self, estimator):
        parts = losses.decomposed_kl(Z[:1], A[:1], B[:1], 20, estimator)
        rest = log_normal(Z[:1], A[:1], B[:1]).sum() - stats.norm.logpdf(Z[:1]).sum()
        lost = np.log(20.0) if estimator == "weighted" else 0.0
        expected = [lost, 2 * lost, rest - 3 * lost]
        np.testing.assert_allclose(np.ravel(parts), expected, rtol=1e-5, atol=1e-5)

    def test_far_codes_are_finite(self, estimator):
        for part in losses.decomposed_kl(1e3 * Z, 1e3 * A, B - 10.0, 20, estimator):
            assert np.isfinite(part).all()


def test_stratified_weights_are_unbiased():
    """The mean over all batches of q(z) is the mixture of the whole data set."""
    rng = np.random.default_rng(3)
    mean, z = rng.normal(size=(6, 1)), np.array([[0.3]])
    exact = np.exp(log_normal(z, mean, 0.0)).mean()
    found = []
    for own in range(6):
        for other in set(range(6)) - {own}:
            rows = [own, other]
            _, aggregate, _ = losses.aggregate_log_densities(
                np.repeat(z, 2, 0), mean[rows], np.zeros((2, 1)), 6, "stratified"
            )
            found.append(np.exp(aggregate[0]))
    assert np.mean(found) == pytest.approx(exact, rel=1e-5)


def similarity(kernel, r, width):
    if kernel == "rbf":
        return np.exp(-r / width)
    scales = np.array([0.1, 0.2, 0.5, 1, 2, 5, 10]) * width
    return np.sum(scales / (scales + np.asarray(r)[..., None]), axis=-1)


def mmd_by_numpy(z, drawn, kernel):
    width, total = 2.0 * z.shape[1], 0.0
    for a in (z, drawn):
        pairs = [(i, j) for i in range(len(a)) for j in range(len(a)) if i != j]
        values = [
            similarity(kernel, np.sum((a[i] - a[j]) ** 2), width) for i, j in pairs
        ]
        total += np.sum(values) / max(len(pairs), 1)
    across = [similarity(kernel, np.sum((a - b) ** 2), width) for a in z for b in drawn]
    return float(total - 2.0 * np.mean(across))


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
class TestMmd:
    def test_value_and_gradient(self, kernel):
        gradients.assert_equals_reference(
            lambda z, drawn: losses.mmd(z, drawn, kernel),
            lambda z, drawn: mmd_by_numpy(z, drawn, kernel),
            Z,
            A + 1.0,
        )

    def test_two_rows_by_hand(self, kernel):
        expected = (
            similarity(kernel, 4.0, 2.0)
            + similarity(kernel, 1.0, 2.0)
            - 0.5 * sum(similarity(kernel, r, 2.0) for r in (9.0, 16.0, 1.0, 4.0))
        )
        found = losses.mmd([[0.0], [2.0]], [[3.0], [4.0]], kernel)
        assert float(found) == pytest.approx(float(expected), rel=1e-5)

    def test_a_wide_kernel_tells_nothing(self, kernel):
        assert float(losses.mmd(Z, A + 1.0, kernel, scale=1e7)) == pytest.approx(
            0.0, abs=1e-5
        )

    def test_equal_draws_are_not_above_zero(self, kernel):
        assert float(losses.mmd(Z, Z, kernel)) <= 0.0

    def test_one_row_has_no_pairs(self, kernel):
        found = losses.mmd([[1.0]], [[2.0]], kernel)
        expected = -2.0 * similarity(kernel, 1.0, 2.0)
        assert float(found) == pytest.approx(float(expected), rel=1e-5)

    def test_it_is_zero_on_average_of_one_distribution(self, kernel):
        rng = np.random.default_rng(0)
        found = [
            float(losses.mmd(*rng.normal(size=(2, 8, 2)), kernel)) for _ in range(100)
        ]
        error = np.std(found) / np.sqrt(100)
        assert abs(np.mean(found)) < 4 * error

    def test_maps_are_flattened(self, kernel):
        z, drawn = (a[:4].reshape(4, 3, 1, 1) for a in (Z, A))
        expected = losses.mmd(Z[:4], A[:4], kernel)
        np.testing.assert_allclose(losses.mmd(z, drawn, kernel), expected, rtol=1e-6)


def test_the_seven_scales_add_up_at_no_distance():
    """Of two equal rows: 7 + 7 − 2·7 = 0, and each pair weighs 7."""
    far = losses.mmd([[0.0], [0.0]], [[1e9], [1e9]])
    assert float(far) == pytest.approx(14.0, rel=1e-5)


def covariance_by_numpy(mean, log_var, kind):
    covariance = np.cov(mean, rowvar=False, bias=True)
    if kind == "ii":
        covariance = covariance + np.diag(np.exp(log_var).mean(axis=0))
    diagonal = np.diag(covariance)
    off = np.sum(covariance**2) - np.sum(diagonal**2)
    return 3.0 * off + 2.0 * np.sum((diagonal - 1.0) ** 2)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_covariance_penalty(kind):
    gradients.assert_equals_reference(
        lambda mean, log_var: losses.covariance_penalty(mean, log_var, kind, 3.0, 2.0),
        lambda mean, log_var: covariance_by_numpy(mean, log_var, kind),
        A,
        B,
    )


class TestCovariancePenalty:
    def test_white_means_cost_nothing_of_kind_i(self):
        white = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
        assert float(losses.covariance_penalty(white, None)) == 0.0

    def test_without_variance_the_kinds_are_one(self):
        first = losses.covariance_penalty(A, B, "i", 3.0, 2.0)
        second = losses.covariance_penalty(A, B - 60.0, "ii", 3.0, 2.0)
        np.testing.assert_allclose(first, second, rtol=1e-6)

    def test_codes_at_the_origin(self):
        zero = np.zeros((5, 3))
        assert float(losses.covariance_penalty(zero, zero, "i", 3.0, 2.0)) == 6.0
        assert float(losses.covariance_penalty(zero, zero, "ii", 3.0, 2.0)) == 0.0

    def test_more_rows_than_dimensions_and_less(self):
        """The variances of all rows count, not those of the first latent_dim."""
        log_var = np.log(np.arange(1.0, 7.0))[:, None] * np.ones((1, 2))
        found = losses.covariance_penalty(np.zeros((6, 2)), log_var, "ii", 1.0, 1.0)
        assert float(found) == pytest.approx(2 * 2.5**2, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.decomposed_kl(Z, A, B, 4),
            r"`dataset_size` must be at least the number of rows, 5.*dataset_size=4",
        ),
        (
            lambda: losses.decomposed_kl(Z, A, B, None),
            r"`dataset_size` must be a positive integer.*dataset_size=None",
        ),
        (
            lambda: losses.decomposed_kl(Z, A, B, 9, "mss"),
            r"`estimator` must be one of 'weighted', 'stratified'.*'mss'",
        ),
        (lambda: losses.mmd(Z, A, "rq"), r"`kernel` must be one of 'imq', 'rbf'.*'rq'"),
        (
            lambda: losses.mmd(Z, A[:, :2]),
            r"`prior_draws` must have the shape of the codes.*\(3,\).*\(5, 2\)",
        ),
        (lambda: losses.covariance_penalty(A, B, "iii"), r"`kind` must be one of"),
        (
            lambda: losses.covariance_penalty(A, B, "i", -1.0),
            r"`off_diagonal_weight`.*Received: off_diagonal_weight=-1.0",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestWhatIsGiven:
    WHOLE = np.array([[1, 2], [0, 1], [3, 0]])

    @pytest.mark.parametrize(
        "loss",
        [
            lambda a: losses.standard_normal_kl(a, a),
            losses.mean_divergence,
            lambda a: losses.normal_kl(a, a, 0 * a, 0 * a),
            losses.importance_weighted_bound,
            lambda a: losses.covariance_penalty(a, a, "ii"),
            lambda a: losses.decomposed_kl(a, a, a, 9)[1],
            lambda a: losses.same(a, a[::-1]),
        ],
    )
    def test_whole_numbers_are_numbers(self, loss):
        expected = loss(self.WHOLE.astype("float32"))
        np.testing.assert_allclose(loss(self.WHOLE), expected, rtol=1e-6)
        as_list = loss(tf.constant(self.WHOLE.tolist()))
        np.testing.assert_allclose(as_list, expected, rtol=1e-6)

    @pytest.mark.parametrize(
        ("loss", "name"),
        [
            (lambda: losses.decomposed_kl(A, A[:1], A, 9), "mean"),
            (lambda: losses.decomposed_kl(A, A, A[:, :1], 9), "log_var"),
            (lambda: losses.covariance_penalty(A, B[:3], "ii"), "log_var"),
            (lambda: losses.covariance_penalty(A, None, "ii"), "log_var"),
            (lambda: losses.same(A, B[:1]), "b"),
            (lambda: losses.different(A, B[:, :1]), "b"),
        ],
    )
    def test_shapes_that_differ(self, loss, name):
        with pytest.raises(ValueError, match=rf"`{name}` must .*Received: {name}"):
            loss()

    def test_maps_count_with_all_their_numbers(self):
        maps = np.random.default_rng(0).normal(size=(4, 2, 3, 1)).astype("float32")
        flat = maps.reshape(4, -1)
        np.testing.assert_allclose(losses.same(maps, -maps), losses.same(flat, -flat))
        of_maps = losses.covariance_penalty(maps, None)
        np.testing.assert_allclose(of_maps, losses.covariance_penalty(flat, None))
        found = losses.decomposed_kl(maps, maps, maps, 9)
        expected = losses.decomposed_kl(flat, flat, flat, 9)
        np.testing.assert_allclose(found, expected)

    def test_numbers_out_of_range(self):
        with pytest.raises(ValueError, match=r"`scale` must"):
            losses.mmd(A, B, scale=0.0)
        for margin in (np.nan, None, "far", 10**400, tf.constant("far")):
            with pytest.raises(ValueError, match=r"`margin` must.* Received: margin"):
                losses.different(A, B, margin=margin)
        with pytest.raises(ValueError, match=r"`log_weights` must hold"):
            losses.importance_weighted_bound(np.zeros((3, 0)))

    def test_the_second_kind_weighs_the_diagonal_as_its_model_does(self):
        for kind, weight in (("i", 100.0), ("ii", 10.0)):
            found = losses.covariance_penalty(A, B, kind)
            expected = losses.covariance_penalty(A, B, kind, 10.0, weight)
            assert float(found) == float(expected)


# Every argument that is a tensor, and a call in which the others are right.
TENSORS = {
    "z": lambda z: losses.mmd(z, A),
    "prior_draws": lambda draws: losses.mmd(A, draws),
    "log_weights": losses.importance_weighted_bound,
    "mean": losses.mean_divergence,
    "log_var": losses.variance_divergence,
    "mean ": lambda mean: losses.standard_normal_kl(mean, A),
    "log_var ": lambda log_var: losses.standard_normal_kl(A, log_var),
    "other_mean": lambda mean: losses.normal_kl(A, B, mean, A),
    "other_log_var": lambda log_var: losses.normal_kl(A, B, A, log_var),
    "a": lambda a: losses.squared_distance(a, B),
    "b": lambda b: losses.distance(A, b),
    "b ": lambda b: losses.same(A, b),
    "a ": lambda a: losses.different(a, B),
    "mean  ": lambda mean: losses.covariance_deviations(mean, None),
    "log_var  ": lambda log_var: losses.covariance_penalty(A, log_var, "ii"),
    "z ": lambda z: losses.aggregate_log_densities(z, A, B, 9),
    "log_var   ": lambda log_var: losses.decomposed_kl(A, B, log_var, 9),
}
ANY_SHAPE = {"log_weights", "mean", "log_var"}
COUPLED = {"z", "prior_draws", "mean  ", "z "}


@pytest.mark.parametrize("argument", TENSORS)
class TestWhatIsNoTensor:
    def refuses(self, argument, value, message):
        name = argument.strip()
        with pytest.raises(ValueError, match=rf"`{name}` must .*Received: {message}"):
            TENSORS[argument](value)

    @pytest.mark.parametrize("value", [None, "a"])
    def test_nothing_and_text(self, argument, value):
        self.refuses(argument, value, f"{argument.strip()}={value!r}")

    def test_other_numbers(self, argument):
        self.refuses(argument, A * 1j, f"{argument.strip()} of dtype complex64")
        self.refuses(argument, tf.constant([["a"]]), ".* of dtype string")
        self.refuses(argument, A.astype(str), ".* of dtype <U")

    @pytest.mark.parametrize("value", [[[1.0], [1.0, 2.0]], {"a": A}, print])
    def test_other_objects(self, argument, value):
        self.refuses(argument, value, f".* of type {type(value).__name__}")

    @pytest.mark.parametrize("shape", [(3,), (2, 3), (5, 1), (1, 5, 3)])
    def test_other_shapes(self, argument, shape):
        if argument in ANY_SHAPE or (argument in COUPLED and len(shape) > 1):
            return
        with pytest.raises(ValueError, match=r"` must have the shape .* of shape \("):
            TENSORS[argument](np.ones(shape))

    def test_nothing_to_compare(self, argument):
        if argument in COUPLED - {"z "}:
            self.refuses(argument, A[:0], rf"{argument.strip()} of shape \(0, 3\)")

    @pytest.mark.parametrize("shape", [(None, 3), (None, None)])
    def test_tensors_of_sizes_that_are_unknown(self, argument, shape):
        if argument in ("mean ", "log_var ", "z "):
            return  # Their weights or fellows have a size that is known.
        graph = tf.function(
            TENSORS[argument],
            input_signature=[tf.TensorSpec(shape, tf.float32)],
            autograph=False,
        )
        found, expected = graph(A), TENSORS[argument](A)
        for own, other in zip(np.ravel(found), np.ravel(expected), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


def test_one_bound_of_as_many_draws_as_there_are():
    graph = tf.function(
        losses.importance_weighted_bound,
        input_signature=[tf.TensorSpec(None, tf.float32)],
    )
    np.testing.assert_allclose(graph(A), losses.importance_weighted_bound(A), rtol=1e-6)
    for value in (3.0, np.float32(3.0)):
        with pytest.raises(ValueError, match=r"`log_weights` must .* of shape \(\)"):
            losses.importance_weighted_bound(value)


def test_numbers_of_two_types():
    found = losses.standard_normal_kl(A.astype("float64"), B)
    np.testing.assert_allclose(found, losses.standard_normal_kl(A, B), rtol=1e-6)
    for dtype in ("float16", "bfloat16"):
        assert losses.standard_normal_kl(tf.cast(A, dtype), 0).dtype == dtype


def test_rows_of_a_functional_model_have_no_number():
    z = keras.Input((3,))
    with pytest.raises(ValueError, match=r"`z` must have a known number of rows"):
        losses.mmd(z, A)


def test_choices_that_are_arrays():
    with pytest.raises(ValueError, match=r"`kernel` must be one of 'imq', 'rbf'"):
        losses.mmd(A, B, kernel=np.array(["imq", "rbf"]))
