"""What each worker of test_multiworker.py does: `-m tests.training.worker FOLDER`."""

import json
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from keras_latent.training import workers
from tests.models.cases import CASES, images

# Cases, with arguments by which more terms couple the rows of a batch.
OVERRIDES = {"variational-encdec": {}, "vae": {"free_bits": 0.2}}


def trained(name, scope):
    """A variant after six steps on ragged batches, its weights, and what it told."""
    case = next(case for case in CASES if case.name == name)
    with scope:
        keras.utils.set_random_seed(3)
        model = case.build(**OVERRIDES[name])
        model.compile(keras.optimizers.SGD(0.05), weighted_metrics=["mae"])
    x = images(17)
    history = model.fit(
        x,
        batch_size=8,
        epochs=2,
        shuffle=False,
        validation_data=(images(11),),
        verbose=0,
    ).history
    logs = model.evaluate(x, batch_size=8, return_dict=True, verbose=0)
    predicted = model.predict(x, batch_size=8, verbose=0).tolist()
    weights = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    told = {"history": history, "evaluate": logs, "predict": predicted}
    return model, weights, told


class StopWorker(keras.callbacks.Callback):
    """Kills this process at the second step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            os.kill(os.getpid(), signal.SIGKILL)


def refusal(action):
    """The message of the error that an action raises."""
    try:
        action()
    except (ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def main(folder):
    place = workers.read_cluster().place
    strategy = workers.join_workers(timeout=900.0)
    for name in OVERRIDES:
        model, weights, told = trained(name, strategy.scope())
        np.savez(folder / f"{name}-{place}.npz", *weights)
        (folder / f"{name}-{place}.json").write_text(json.dumps(told))
    refusals = {
        "steps": refusal(lambda: model.compile(steps_per_execution=2)),
        "jit": refusal(lambda: model.compile(jit_compile=True)),
        "agreement": refusal(lambda: workers.check_agreement(strategy, bytes([place]))),
        "no agreement": refusal(lambda: workers.check_agreement(strategy, b"1")),
    }

    def train_alone():
        with workers.lost_workers_are_named(strategy):
            callbacks = [StopWorker()] if place == 1 else []
            model.fit(images(80), batch_size=8, verbose=0, callbacks=callbacks)

    refusals["lost"] = refusal(train_alone)
    (folder / f"refusals-{place}.json").write_text(json.dumps(refusals))
    # The cluster is broken: leaving it in order would wait for the other.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
