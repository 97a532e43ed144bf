"""Who moves whom in a step of several players."""

import keras
import numpy as np


def assert_moves_alone(model, moving, x):
    """In a step of one player all of its variables move, and no bit of another's."""
    names = model.players()
    model.compile(
        {n: keras.optimizers.SGD(0.3 if n == moving else 0.0) for n in names},
        run_eagerly=True,
    )
    players = model.players()
    before = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    model.fit(x, batch_size=len(x), verbose=0)
    for name, player in players.items():
        same = [
            np.array_equal(a, b)
            for a, b in zip(player.variables, before[name], strict=True)
        ]
        assert not any(same) if name == moving else all(same)
