import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.application import TensorBoardWSGI
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import (
    EventMultiplexer,
)
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
from werkzeug.test import Client

from keras_latent import models
from keras_latent.callbacks import EmbeddingProjector

pytestmark = pytest.mark.usefixtures("eagerly")

NAMES = ["cat", "dog"]
LABELS = [0, 1, 1, 0, 1, 0]


class TensorBoard:
    """TensorBoard on a folder, asked by its HTTP routes."""

    def __init__(self, log_dir):
        self.log_dir = str(log_dir)
        self.multiplexer = EventMultiplexer()
        provider = MultiplexerDataProvider(self.multiplexer, self.log_dir)
        context = TBContext(data_provider=provider, logdir=self.log_dir)
        self.client = Client(TensorBoardWSGI([ProjectorPlugin(context)]))

    def get(self, route, **query):
        self.multiplexer.AddRunsFromDirectory(self.log_dir)
        self.multiplexer.Reload()
        response = self.client.get(
            f"/data/plugin/projector/{route}", query_string=query
        )
        assert response.status_code == 200, response.text
        return response

    def runs(self):
        return self.get("runs").json

    def embeddings(self):
        """What is said of the codes, by their names without the step."""
        embeddings = self.get("info", run="train").json["embeddings"]
        return {
            embedding["tensorName"].split("/")[0]: embedding for embedding in embeddings
        }

    def embedding(self):
        (embedding,) = self.embeddings().values()
        return embedding

    def asset(self, route, of=None):
        """What is behind the embedding: its vectors, labels or images."""
        embedding = self.embeddings()[of] if of else self.embedding()
        name = embedding["tensorName"]
        return self.get(route, run="train", name=name).data

    def codes(self):
        shape = self.embedding()["tensorShape"]
        return np.frombuffer(self.asset("tensor"), "float32").reshape(shape)

    def labels(self):
        return self.asset("metadata").decode()

    def sprite(self):
        """The images of the sprite in order, cut out as the browser does it."""
        pixels = tf.io.decode_image(self.asset("sprite_image")).numpy()
        width, height = self.embedding()["sprite"]["singleImageDim"]
        rows, columns = pixels.shape[0] / height, pixels.shape[1] / width
        assert rows == columns
        cells = [
            band
            for row in np.split(pixels, int(rows))
            for band in np.split(row, int(columns), axis=1)
        ]
        return np.stack(cells)


@pytest.fixture
def board(tmp_path):
    return TensorBoard(tmp_path)


def fit(model, images, *callbacks, epochs=1, **options):
    model.fit(images, epochs=epochs, callbacks=list(callbacks), verbose=0, **options)


def test_tensorboard_serves_codes_labels_and_images(vae, images, tmp_path, board):
    fit(vae, images, EmbeddingProjector(images, tmp_path, LABELS, NAMES))

    assert board.runs() == ["train"]
    assert board.embedding() == {
        "tensorName": "code/step_0",
        "tensorPath": "projector/tensors.tsv",
        "tensorShape": [6, 2],
        "metadataPath": "projector/metadata.tsv",
        "sprite": {"imagePath": "projector/sprite.png", "singleImageDim": [5, 4]},
    }
    np.testing.assert_array_equal(board.codes(), vae.encode(images))
    assert board.labels() == "cat\ndog\ndog\ncat\ndog\ncat\n"
    assert board.sprite().shape == (9, 4, 5, 1)
    np.testing.assert_array_equal(board.sprite()[:6], np.rint(255 * images))
    assert (board.sprite()[6:] == 255).all()


def test_stands_beside_the_callback_of_keras(vae, images, tmp_path, board):
    fit(
        vae,
        images,
        keras.callbacks.TensorBoard(tmp_path),
        EmbeddingProjector(images, tmp_path),
        validation_data=(images, None),
    )

    assert sorted(board.multiplexer.Runs()) == []
    assert board.runs() == ["train"]
    assert sorted(board.multiplexer.Runs()) == ["train", "validation"]
    np.testing.assert_array_equal(board.codes(), vae.encode(images))


def test_without_labels(vae, images, tmp_path, board):
    fit(vae, images, EmbeddingProjector(images, tmp_path))

    assert "metadataPath" not in board.embedding()
    assert not (tmp_path / "train" / "projector" / "metadata.tsv").exists()


def test_several_columns_have_a_header(vae, images, tmp_path, board):
    labels = {"digit": np.arange(6), "style": tf.constant([*"abcabc"]).numpy()}

    fit(vae, images, EmbeddingProjector(images, tmp_path, labels))

    assert board.labels() == ("digit\tstyle\n0\ta\n1\tb\n2\tc\n3\ta\n4\tb\n5\tc\n")


def test_a_tensorboard_that_runs_already_sees_each_epoch(
    networks, images, tmp_path, board
):
    model = models.Autoencoder(*networks)
    model.compile(keras.optimizers.SGD(0.1))
    seen = []

    def look(epoch, logs):
        assert board.runs() == ["train"]
        np.testing.assert_array_equal(board.codes(), model.encode(images))
        seen.append((board.embedding()["tensorName"], board.codes()))

    assert board.runs() == []
    fit(
        model,
        images,
        # An event file is there before the first codes.
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: board.runs()),
        EmbeddingProjector(images, tmp_path, every=2),
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: epoch % 2 or look(epoch, logs)
        ),
        epochs=5,
    )

    assert [name for name, _ in seen] == [f"code/step_{step}" for step in (0, 2, 4)]
    assert not np.array_equal(seen[0][1], seen[1][1])
    assert sorted(path.name for path in (tmp_path / "train").glob("projector-*")) == [
        "projector-4.data-00000-of-00001",
        "projector-4.index",
    ]


def test_a_second_training_replaces_the_first(vae, images, tmp_path, board):
    callback = EmbeddingProjector(images, tmp_path)

    fit(vae, images, callback, epochs=3)
    assert board.embedding()["tensorName"] == "code/step_2"
    fit(vae, images, callback, epochs=1)

    assert board.embedding()["tensorName"] == "code/step_0"


def test_many_images_are_encoded_in_batches(vae, tmp_path, board):
    images = np.random.default_rng(0).random((600, 4, 5, 1)).astype("float32")

    fit(vae, images, EmbeddingProjector(images, tmp_path))

    np.testing.assert_allclose(board.codes(), vae.encode(images), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(board.sprite()[599], np.rint(255 * images[599]))


def test_of_mixed_observations_the_image_is_shown(mixed_vae, tmp_path, board):
    observations = {
        "category": np.eye(3, dtype="float32")[[0, 1, 2, 0]],
        "image": np.random.default_rng(0).random((4, 4, 5, 3)).astype("float32"),
    }

    fit(mixed_vae, observations, EmbeddingProjector(observations, tmp_path))

    np.testing.assert_array_equal(board.codes(), mixed_vae.encode(observations))
    expected = np.rint(255 * observations["image"])
    np.testing.assert_array_equal(board.sprite(), expected)


@pytest.mark.all
def test_under_a_distribution_strategy(networks, images, tmp_path, board, two_replicas):
    with two_replicas.scope():
        model = models.VAE(*map(keras.models.clone_model, networks))
        model.compile(keras.optimizers.SGD(0.0))

    fit(model, images, EmbeddingProjector(images, tmp_path), epochs=2)

    assert board.embedding()["tensorName"] == "code/step_1"
    np.testing.assert_allclose(board.codes(), model.encode(images), rtol=1e-6)


def test_only_the_chief_writes(vae, images, tmp_path, monkeypatch):
    monkeypatch.setattr(
        type(vae.distribute_strategy.extended),
        "should_save_summary",
        property(lambda self: False),
    )

    fit(vae, images, EmbeddingProjector(images, tmp_path, LABELS))

    assert list(tmp_path.iterdir()) == []


def test_writing_does_not_touch_the_random_stream(networks, images, tmp_path):
    def losses(*callbacks):
        keras.utils.set_random_seed(0)
        model = models.VAE(*map(keras.models.clone_model, networks))
        model.compile(keras.optimizers.SGD(0.1))
        return model.fit(images, epochs=3, callbacks=callbacks, verbose=0).history

    assert losses(EmbeddingProjector(images, tmp_path)) == losses()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, r"`every` .* Received: every=0"),
        ({"name": "a/b"}, r"`name` must be of letters.* Received: name='a/b'"),
        ({"labels": [0, 1]}, r"`labels` .* each of the 6 .* Received: 2 labels"),
        ({"labels": {"a": LABELS, "b": [0]}}, r"Received: 1 labels in 'b'"),
        ({"labels": [*"abcde", "f\tg"]}, r"without tabs.* Received: 'f\\tg'"),
        ({"labels": [*"abcde", "f\n"]}, r"one line.* Received: 'f\\n'"),
        ({"labels": [*"abcde", " "]}, r"not blank.* Received: ' ' in 'label'"),
        ({"labels": {"": LABELS}}, r"not blank.* Received: ''"),
        ({"labels": LABELS, "class_names": ["cat"]}, r"`labels` .* below 1\. .*'1'"),
        ({"labels": [*"abcdef"], "class_names": NAMES}, r"`labels` must be indices"),
        ({"labels": {"a": LABELS}, "class_names": NAMES}, r"`class_names` must be"),
    ],
)
def test_errors_name_the_argument(images, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingProjector(images, tmp_path, **options)


@pytest.mark.parametrize("shape", [(0, 28, 28, 1), (5, 4096, 8, 1), (1, 8, 8193, 3)])
def test_refuses_what_does_not_fit_into_a_sprite(tmp_path, shape):
    images = np.broadcast_to(np.float32(0), shape)

    with pytest.raises(ValueError, match=r"`images` .* Received: images of shape"):
        EmbeddingProjector(images, tmp_path)


def test_the_largest_sprite_is_accepted(tmp_path):
    EmbeddingProjector(np.broadcast_to(np.float32(0), (4, 4096, 8, 1)), tmp_path)


def test_a_failure_leaves_the_old_codes(vae, images, tmp_path, board, monkeypatch):
    callback = EmbeddingProjector(images, tmp_path)
    fit(vae, images, callback)
    before = board.codes()

    def broken(path, *args, **options):
        path.write_text("half a line")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savetxt", broken)
    with pytest.raises(OSError, match="disk full"):
        fit(vae, images, callback, epochs=2)

    monkeypatch.undo()
    np.testing.assert_array_equal(TensorBoard(tmp_path).codes(), before)
    assert not list(tmp_path.rglob(".unfinished*"))


def test_several_stand_beside_each_other(networks, images, tmp_path, board):
    model = models.Autoencoder(*networks)
    model.compile(keras.optimizers.SGD(0.1))
    few = images[:4]
    callbacks = [
        EmbeddingProjector(images, tmp_path, [*"abcdef"]),
        EmbeddingProjector(few, tmp_path, [*"wxyz"], name="few"),
    ]
    seen = []

    def look(epoch, logs):
        seen.append(
            {embedding["tensorName"] for embedding in board.embeddings().values()}
        )

    look_after = keras.callbacks.LambdaCallback(on_epoch_end=look)
    fit(model, images, *callbacks, look_after, epochs=2)

    assert seen == [{f"code/step_{epoch}", f"few/step_{epoch}"} for epoch in (0, 1)]
    for name, shown, labels in (("code", images, "abcdef"), ("few", few, "wxyz")):
        shape = board.embeddings()[name]["tensorShape"]
        codes = np.frombuffer(board.asset("tensor", of=name), "float32").reshape(shape)
        np.testing.assert_array_equal(codes, model.encode(shown))
        assert board.asset("metadata", of=name).decode().split() == [*labels]


def test_two_of_one_name_are_refused_before_work_starts(vae, images, tmp_path):
    before = vae.get_weights()
    first, second = (EmbeddingProjector(images, tmp_path) for _ in range(2))
    with pytest.raises(ValueError, match=r"`name` must differ .* name='code' twice"):
        fit(vae, images, first, second)
    assert vae.optimizer.iterations.numpy() == 0
    for one, other in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # Neither alone, nor one after the other, nor in folders of their own.
    fit(vae, images, first)
    fit(vae, images, second)
    fit(vae, images, first, EmbeddingProjector(images, tmp_path / "other"))


def test_a_configuration_that_is_none_is_replaced(vae, images, tmp_path, board):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "projector_config.pbtxt").write_text("embeddings {{{")

    fit(vae, images, EmbeddingProjector(images, tmp_path))

    assert list(board.embeddings()) == ["code"]


def test_images_of_another_range_are_refused(images, tmp_path):
    with pytest.raises(ValueError, match=r"`images` must lie in \[0, 1\].*minimum=-1"):
        EmbeddingProjector(images - 1 - images.min(), tmp_path)
