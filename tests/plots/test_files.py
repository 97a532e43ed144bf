import matplotlib
import pytest
from matplotlib.figure import Figure

from keras_latent import plots


@pytest.fixture
def figure():
    return plots.learning_curves({"loss": [3.0, 2.0]})


def test_a_png_is_written_and_nothing_else(figure, tmp_path):
    path = tmp_path / "new" / "curves.png"

    plots.save(figure, path)

    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(path.parent.iterdir()) == [path]


def test_the_suffix_names_the_format(figure, tmp_path):
    plots.save(figure, str(tmp_path / "curves.SVG"))

    assert "<svg" in (tmp_path / "curves.SVG").read_text()


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    class Broken(Figure):
        def savefig(self, path, **options):
            path.write_bytes(b"half a picture")
            raise OSError("disk full")

    path = tmp_path / "curves.png"
    path.write_bytes(b"old")

    with pytest.raises(OSError, match="disk full"):
        plots.save(Broken(), path)

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["curves", "curves.doc"])
def test_refuses_a_format_that_cannot_be_written(figure, tmp_path, name):
    with pytest.raises(ValueError, match=r"`path` must be one of .*'\.png'"):
        plots.save(figure, tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_drawing_leaves_the_users_settings():
    with matplotlib.rc_context({"axes.grid": False, "font.size": 33.0}):
        figure = plots.learning_curves({"loss": [3.0, 2.0]})

        assert matplotlib.rcParams["font.size"] == 33.0
        assert figure.axes[0].xaxis.label.get_fontsize() == 10
