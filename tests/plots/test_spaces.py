"""Codes that are maps, or lie on a sphere, in the figures that decode them."""

import numpy as np
import pytest

from keras_latent import plots

IMAGES = np.random.default_rng(0).random((3, 2, 2, 1)).astype("float32")


def test_ways_between_maps(maps):
    plots.interpolations(maps, IMAGES[:2], IMAGES[1:], steps=3)
    codes = maps.encode(IMAGES)
    expected = np.stack([codes[:2], (codes[:2] + codes[1:]) / 2, codes[1:]], axis=1)
    np.testing.assert_allclose(maps.seen, expected.reshape(6, 2, 2, 2), rtol=1e-6)


def test_ways_on_spheres_stay_on_them(maps_on_spheres):
    plots.interpolations(maps_on_spheres, IMAGES[:2], IMAGES[1:], steps=5)
    seen = maps_on_spheres.seen.reshape(2, 5, 2, 2, 2)
    np.testing.assert_allclose(np.linalg.norm(seen, axis=-1), 1.0, rtol=1e-6)
    codes = maps_on_spheres.encode(IMAGES)
    np.testing.assert_allclose(seen[:, 0], codes[:2], rtol=1e-6)
    np.testing.assert_allclose(seen[:, -1], codes[1:], rtol=1e-6)
    # Each position turns by equal angles.
    turned = np.sum(seen[:, 1:] * seen[:, :-1], axis=-1)
    np.testing.assert_allclose(turned, turned[:, :1].repeat(4, axis=1), rtol=1e-4)


def test_a_straight_way_is_one_if_it_is_asked_for(maps_on_spheres):
    plots.interpolations(
        maps_on_spheres, IMAGES[:1], IMAGES[1:2], steps=3, method="linear"
    )
    codes = maps_on_spheres.encode(IMAGES)
    np.testing.assert_allclose(
        maps_on_spheres.seen[1], (codes[0] + codes[1]) / 2, rtol=1e-6
    )


def test_one_element_of_a_map_moves(maps, shown):
    figure = plots.traversals(maps, np.zeros((2, 2, 2)), [3], [-1.0, 0.5])
    assert maps.seen.reshape(2, 8)[:, 3].tolist() == [-1.0, 0.5]
    assert np.count_nonzero(maps.seen) == 2
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["3"]


def test_on_a_sphere_the_others_make_room(maps_on_spheres):
    code = maps_on_spheres.encode(IMAGES)[0]
    plots.traversals(maps_on_spheres, code, [2])
    seen = maps_on_spheres.seen
    assert seen.shape == (9, 2, 2, 2)
    np.testing.assert_allclose(seen[:, 0, 1, 0], np.linspace(-1, 1, 9), atol=1e-6)
    np.testing.assert_allclose(
        seen[:, 0, 1, 1], np.sqrt(1 - np.linspace(-1, 1, 9) ** 2), atol=1e-6
    )
    for position in ((0, 0), (1, 0), (1, 1)):
        others = seen[(slice(None), *position)]
        np.testing.assert_allclose(others, np.tile(code[position], (9, 1)), atol=1e-6)
    with pytest.raises(ValueError, match=r"`values` must lie in \[-1, 1\] .*=\[2.0\]"):
        plots.traversals(maps_on_spheres, code, [2], [2.0])


def test_attributes_of_maps(maps):
    vector = np.arange(8.0).reshape(2, 2, 2)
    plots.attribute_edits(maps, IMAGES, vector, [0.0, 2.0])
    codes = maps.encode(IMAGES)
    expected = np.stack([codes, codes + 2 * vector], axis=1).reshape(6, 2, 2, 2)
    np.testing.assert_allclose(maps.seen, expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"`vector` must be maps of shape \(2, 2, 2\)"):
        plots.attribute_edits(maps, IMAGES, vector[:1], [1.0])


def test_use_of_maps_is_that_of_their_elements():
    codes = np.random.default_rng(0).normal(size=(9, 2, 2, 2))
    (axes,) = plots.code_usage(codes).axes
    order = np.argsort(-codes.reshape(9, 8).var(axis=0)).tolist()
    assert [int(label.get_text()) for label in axes.get_xticklabels()] == order
    (axes,) = plots.code_usage(codes, np.arange(8.0).reshape(2, 2, 2)).axes
    assert axes.get_xticklabels()[0].get_text() == "7"


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (lambda model, x: plots.interpolations(model, x, IMAGES), "starts"),
        (lambda model, x: plots.interpolations(model, IMAGES, x), "ends"),
        (
            lambda model, x: plots.attribute_edits(
                model, x, np.zeros((2, 2, 2)), [1.0]
            ),
            "images",
        ),
        (lambda model, x: plots.projection(np.zeros((3, 2)), x), "images"),
    ],
)
@pytest.mark.parametrize("scale", [-1.0, 255.0])
def test_images_of_another_range_are_refused(maps, draw, name, scale):
    message = rf"`{name}` must lie in \[0, 1\]\. Received: {name} with minimum="
    with pytest.raises(ValueError, match=message):
        draw(maps, scale * IMAGES)
