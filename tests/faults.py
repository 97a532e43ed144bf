"""One run that is killed again and again: `python -m tests.faults FOLDER IMAGES`.

Beside it, the same run unbroken. Each process is a fork, since what is imported here
takes seconds to load. TensorFlow can be forked until it computes something.
"""

import json
import os
import resource
import shutil
import signal
import sys
import traceback
from pathlib import Path

import matplotlib.backends.backend_agg  # noqa: F401
import sklearn.neighbors  # noqa: F401
import tensorflow as tf

from keras_latent import datasets, plots
from keras_latent.cli import fitting, main, results
from keras_latent.cli.progress import ProgressBar
from keras_latent.cli.run_folder import RunFolder
from keras_latent.models import VAE

# To be killed between two steps, a run must come back to Python between them.
fitting.MOST_STEPS_IN_A_CALL = 1

EPOCHS, BATCH_SIZE, STEPS = 3, 12, 2
CUT = 16
"""Bytes of a file that are written before its writer is killed."""


def never():
    """No fault."""


def limit_files(size, action):
    """Let no file grow beyond a size; the kernel sends a signal to who tries."""
    signal.signal(signal.SIGXFSZ, action)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def in_call(owner, name, place=1, action=signal.SIG_DFL, size=CUT):
    """In one call of a function, from 1 on, cut off what it writes."""
    function = getattr(owner, name)
    calls = []

    def cut_off(*arguments, **options):
        calls.append(name)
        if len(calls) == place:
            limit_files(size, action)
        return function(*arguments, **options)

    setattr(owner, name, cut_off)


def after_step(step, number):
    """After a step of this process, from 1 on, send it a signal."""
    function = ProgressBar.on_train_batch_end
    steps = []

    def signalled(self, batch, logs=None):
        steps.append(batch)
        if len(steps) == step:
            os.kill(os.getpid(), number)
        function(self, batch, logs)

    ProgressBar.on_train_batch_end = signalled


def nan_in_batch(place):
    """Put NaN into one batch of the training, from 1 on."""
    epochs = datasets.epochs

    def poisoned(*arguments, **options):
        def poison(index, batch):
            images, labels = batch
            return tf.where(index == place - 1, float("nan"), images), labels

        batches, steps = epochs(*arguments, **options)
        return batches.enumerate().map(poison), steps

    datasets.epochs = poisoned


# In this order; what a run starts with is what the one before has left.
FAULTS = {
    "config": lambda: in_call(RunFolder, "write_config"),
    "first epoch": lambda: after_step(1, signal.SIGKILL),
    "history": lambda: in_call(RunFolder, "save"),
    "model": lambda: in_call(VAE, "save", place=2, size=10**6),
    "nan": lambda: nan_in_batch(2),
    "full disk": lambda: in_call(VAE, "save", action=signal.SIG_IGN, size=10**6),
    "two at once": lambda: after_step(STEPS + 1, signal.SIGSTOP),
    "figure": lambda: in_call(plots, "save"),
    "metrics": lambda: in_call(results, "write_text"),
    "none": never,
}


def started(words, output, fault=never):
    """Start the command in a process of its own; gives its number."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        with open(output, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        fault()
        sys.argv = ["keras-latent", *words]
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def ended(process):
    """The exit code of a process, or minus the signal that ended or stopped it."""
    _, status = os.waitpid(process, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return -os.WSTOPSIG(status)
    return os.waitstatus_to_exitcode(status)


def play(folder, images):
    """Run all of it; what each process left is in a folder of the fault's name."""
    words = ["train", "vae", "--dataset", str(images), "--epochs", str(EPOCHS)]
    words += [
        "--batch-size",
        str(BATCH_SIZE),
        "--validation-split",
        "0",
        "--latent-dim",
        "2",
        "--seed",
        "3",
        "--output",
    ]
    tf.config.run_functions_eagerly(True)  # Nothing is compiled, a dozen times.
    unbroken = started([*words, str(folder / "unbroken")], folder / "unbroken.txt")
    run, codes = folder / "run", {}
    words.append(str(run))
    for name, fault in FAULTS.items():
        process = started(words, folder / f"{name}.txt", fault)
        codes[name] = ended(process)
        if codes[name] == -signal.SIGSTOP:
            codes["second"] = ended(started(words, folder / "second.txt"))
            os.kill(process, signal.SIGKILL)
            codes[name] = ended(process)
        shutil.copytree(run, folder / name)
        if name != "config":
            words = ["resume", str(run)]
    codes["unbroken"] = ended(unbroken)
    (folder / "codes.json").write_text(json.dumps(codes))


if __name__ == "__main__":
    play(Path(sys.argv[1]), Path(sys.argv[2]))
