"""What the page computes of codes, against keras_latent.latent_space."""

import json

import numpy as np
import pytest

from keras_latent import latent_space
from tests.explorer.scripts import needs_node, ran

PROGRAM = """
import * as page from "./explorer.mjs";

const given = JSON.parse(fs.readFileSync(process.argv[2]));
const codes = Float32Array.from(given.codes.flat());
const size = given.codes[0].length;
const ways = (method) => given.places.map((t) =>
  [...page.between(codes.subarray(0, size), codes.subarray(size, 2 * size), t, method)]);
const plane = new page.Plane(
  Float32Array.from(given.mean), Float32Array.from(given.axes.flat()), null);
const place = plane.codeAt(0.5, -2);
const subject = { count: 300, size: 4, maps: { pca: 1, tsne: 1 }, header: { maps: ["pca", "tsne"], classes: ["u", "v"], sampled_from: "the prior", conditions: ["x", "y"] } };
const state = {
  firstMap: "pca", map: "tsne", view: { x: 1.5, y: -2, scale: 3 }, colour: "error", search: "<a&b>", only: 1, tab: "path",
  base: { kind: "place", map: "pca", x: 0.25, y: 1 }, edits: { 2: -1.5 }, strength: 0.5, condition: 1, told: 1,
  a: [299, 3, 40], b: [7], start: 2, end: 9, way: "spherical", seed: 4,
};
console.log(JSON.stringify({
  vector: [...page.attributeVector(codes, size, given.of, given.against)],
  neighbours: page.nearest(codes, size, codes.subarray(0, size), 5),
  linear: ways("linear"),
  spherical: ways("spherical"),
  sphere: [...page.settled(codes.subarray(0, size), { space: "sphere", radius: null, code_shape: [2, 2, size / 4] })],
  ball: [...page.settled(codes.subarray(0, size), { space: "real", radius: 0.5, code_shape: [size] })],
  kept: [...page.settled(codes.subarray(0, size), { space: "real", radius: 50, code_shape: [size] })],
  usage: page.usage(codes, size).order,
  place: [...place],
  back: plane.placeOf(place),
  inside: [page.isInside([[0, 0], [2, 0], [2, 2], [0, 2]], 1, 1), page.isInside([[0, 0], [2, 0], [2, 2], [0, 2]], 3, 1)],
  state: { ...state, ...page.fromLink("#" + page.toLink(state), subject) },
  same: state,
  nonsense: page.fromLink("#image=-4&view=a,b,c&edits=99:1,0:x&a=zzzz&b=!&map=evil&seed=-1&sample=1,-2&only=7", subject),
  csv: page.asCsv([["a", 'b"c', "d,e", "f\\ng"], [1, 0.5, "", "<script>"]]),
}));
"""  # noqa: E501

SIZE = 12


@pytest.fixture(scope="module")
def given():
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(300, SIZE)) * np.linspace(3, 0.1, SIZE)
    axes, _ = np.linalg.qr(generator.normal(size=(SIZE, 2)))
    return {
        "codes": codes.astype("float32").tolist(),
        "of": generator.permutation(300)[:120].tolist(),
        "against": generator.permutation(300)[:90].tolist(),
        "places": [0, 0.25, 0.5, 0.8, 1],
        "mean": generator.normal(size=SIZE).astype("float32").tolist(),
        "axes": axes.T.astype("float32").tolist(),
    }


@pytest.fixture(scope="module")
def page(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("codes")
    (folder / "given.json").write_text(json.dumps(given))
    return ran(PROGRAM, folder, folder / "given.json")


@needs_node
class TestPage:
    def test_attribute_vector(self, page, given):
        codes = np.array(given["codes"], "float32")
        wanted = latent_space.attribute_vector(
            codes[given["of"]], codes[given["against"]]
        )
        np.testing.assert_allclose(page["vector"], wanted, rtol=0, atol=1e-6)

    def test_neighbours(self, page, given):
        codes = np.array(given["codes"], "float32")
        wanted = latent_space.nearest(codes[:1], codes, 5)
        assert [each["row"] for each in page["neighbours"]] == wanted.indices[
            0
        ].tolist()
        distances = [each["distance"] for each in page["neighbours"]]
        np.testing.assert_allclose(distances, wanted.distances[0], atol=1e-5)

    @pytest.mark.parametrize("method", ["linear", "spherical"])
    def test_ways(self, method, page, given):
        codes = np.array(given["codes"], "float32")
        whole = latent_space.interpolate(codes[0], codes[1], steps=101, method=method)
        wanted = whole[[round(100 * place) for place in given["places"]]]
        np.testing.assert_allclose(page[method], wanted, atol=1e-5)

    def test_codes_are_brought_to_where_they_lie(self, page, given):
        code = np.array(given["codes"][0])
        sphere = np.array(page["sphere"]).reshape(4, -1)
        np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), 1, atol=1e-6)
        direction = code.reshape(4, -1)
        direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        np.testing.assert_allclose(sphere, direction, atol=1e-6)
        assert np.linalg.norm(page["ball"]) == pytest.approx(0.996 * 0.5)
        np.testing.assert_array_equal(np.float32(page["kept"]), np.float32(code))

    def test_order_of_dimensions(self, page, given):
        variances = np.var(given["codes"], axis=0)
        assert page["usage"] == np.argsort(-variances, kind="stable").tolist()

    def test_a_place_of_the_plane(self, page, given):
        first, second = np.array(given["axes"])
        wanted = np.array(given["mean"]) + 0.5 * first - 2 * second
        np.testing.assert_allclose(page["place"], wanted, atol=1e-6)
        np.testing.assert_allclose(page["back"], [0.5, -2], atol=1e-5)
        assert page["inside"] == [True, False]

    def test_a_link_holds_the_state(self, page):
        expected = page["same"]
        expected["a"] = sorted(expected["a"])
        assert page["state"] == expected

    def test_of_a_damaged_link_nothing_is_taken(self, page):
        assert page["nonsense"] == {"edits": {}, "a": [], "b": []}

    def test_csv_is_quoted(self, page):
        wanted = 'a,"b""c","d,e","f\ng"\r\n1,0.5,,<script>\r\n'
        assert page["csv"] == wanted
