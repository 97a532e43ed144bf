"""What the page of anomalies says of the score that sorts it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from keras_latent.cli import anomaly_page
from keras_latent.cli.anomalies import SCORES
from keras_latent.cli.anomaly_page import ADVICE, MEANINGS, Found
from tests.reports.reading import Page


@pytest.mark.parametrize("score", SCORES)
def test_advice_is_on_the_score_in_use(score, tmp_path, monkeypatch):
    monkeypatch.setattr(anomaly_page, "_sections", lambda *given: [])
    scores = {name: np.arange(3.0) for name in SCORES}
    found = Found(
        score, scores, [""] * 3, [""] * 3, ["train"] * 3, [0, 1, 2], None, None, []
    )
    run = SimpleNamespace(model=None, file=Path("model.keras"))
    path = tmp_path / "page.html"
    anomaly_page.write_page(found, run, SimpleNamespace(name="noise"), path, 3)
    page = Page(path.read_text())
    assert page.numbers["Sorted by"][0] == MEANINGS[score]
    said = ADVICE[score].split("`")[0]
    told = " ".join(page.inside("li"))
    assert said.strip() in told
    assert ("Distances of codes" in told) == (score == "distance")
