"""Two processes train one model; every way in which they can't meet is a message."""

import contextlib
import itertools
import json
import signal
import socket
import threading
import types

import numpy as np
import pytest

from keras_latent.training import workers
from keras_latent.training.workers import join_workers, read_cluster
from tests.processes import free_addresses, run_workers, tf_config
from tests.training.worker import OVERRIDES, trained

with_workers = pytest.mark.all
"""Starting two processes takes three quarters of a minute."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The folder in which two workers left what they trained; the second was killed."""
    folder = tmp_path_factory.mktemp("workers")
    words = ["-m", "tests.training.worker", str(folder)]
    run_workers(words, folder, codes=(0, -signal.SIGKILL))
    return folder


@with_workers
@pytest.mark.parametrize("name", OVERRIDES)
def test_two_workers_train_as_one_process(told, name):
    _, expected, logs = trained(name, contextlib.nullcontext())
    for place in range(2):
        with np.load(told / f"{name}-{place}.npz") as weights:
            for a, b in zip(weights.values(), expected, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)
        theirs = json.loads((told / f"{name}-{place}.json").read_text())
        assert theirs["evaluate"] == pytest.approx(logs["evaluate"], rel=1e-5)
        np.testing.assert_allclose(theirs["predict"], logs["predict"], atol=1e-5)
        assert theirs["history"].keys() == logs["history"].keys()
        for log, values in logs["history"].items():
            assert theirs["history"][log] == pytest.approx(values, rel=1e-5)


@with_workers
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("steps", "`steps_per_execution` must be 1 on several replicas"),
        ("jit", '`jit_compile` must be "auto" or False on several replicas'),
        ("agreement", "must be started with the same arguments"),
        ("lost", "ConnectionError: Another worker has stopped"),
    ],
)
def test_what_workers_cannot_do_is_a_message(told, what, message):
    refusals = json.loads((told / "refusals-0.json").read_text())
    assert message in refusals[what]
    assert "Received: " in refusals[what]


@with_workers
def test_workers_that_agree_go_on(told):
    assert json.loads((told / "refusals-0.json").read_text())["no agreement"] is None


class TestCluster:
    @pytest.fixture
    def config(self, monkeypatch):
        def set_config(value):
            text = value if isinstance(value, str) else json.dumps(value)
            monkeypatch.setenv("TF_CONFIG", text)

        return set_config

    def test_workers_alone(self, config):
        config(tf_config(["a:1", "b:2"], 1))
        cluster = read_cluster()
        assert cluster == (("a:1", "b:2"), 1)
        assert not cluster.is_chief

    @pytest.mark.parametrize(("job", "place"), [("chief", 0), ("worker", 1)])
    def test_a_chief_comes_first(self, config, job, place):
        jobs = {"worker": ["b:2"], "chief": ["a:1"]}
        config({"cluster": jobs, "task": {"type": job, "index": 0}})
        assert read_cluster() == (("a:1", "b:2"), place)
        assert read_cluster().is_chief == (place == 0)

    def test_a_missing_variable(self, monkeypatch):
        monkeypatch.delenv("TF_CONFIG", raising=False)
        message = r"`TF_CONFIG` must be set.*host.*\"index\": 0.*Received: TF_CONFIG="
        with pytest.raises(ValueError, match=message.replace("host", "first:12345")):
            join_workers()

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("{'cluster': 1}", "be JSON, but"),
            ("[1]", 'hold a "cluster" of the jobs'),
            ({"cluster": {"ps": ["a:1"]}}, 'jobs "worker" and "chief" alone'),
            ({"cluster": {"worker": "a:1"}}, "list the addresses of each job"),
            ({"cluster": {"worker": []}}, "give each worker an address host:port"),
            ({"cluster": {"worker": ["a"]}}, "give each worker an address host:port"),
            ({"cluster": {"worker": ["a:70000"]}}, "an address host:port"),
            ({"cluster": {"worker": [["a", 1]]}}, "an address host:port"),
            ({"cluster": {"worker": ["a:1", "a:1"]}}, "each address once"),
            ({"cluster": {"chief": ["a:1", "b:1"]}}, "one chief at most"),
            (tf_config(["a:1"], 1), 'say in "task" which of the workers'),
            (tf_config(["a:1"], -1), 'say in "task" which of the workers'),
            (tf_config(["a:1"], None), 'say in "task" which of the workers'),
            ({"cluster": {"worker": ["a:1"]}}, 'say in "task" which of the workers'),
            (
                {"cluster": {"worker": ["a:1"]}, "task": {"type": ["worker"]}},
                'say in "task" which of the workers',
            ),
        ],
    )
    def test_a_malformed_variable(self, config, value, message):
        config(value)
        with pytest.raises(ValueError, match="Received: TF_CONFIG=") as error:
            join_workers()
        assert message in str(error.value)

    @pytest.mark.parametrize(("place", "whom"), [(0, "Workers"), (1, "The chief")])
    def test_a_worker_that_does_not_come(self, config, place, whom):
        addresses = free_addresses(2)
        config(tf_config(addresses, place))
        absent = addresses[1 - place]
        message = f"{whom} of `TF_CONFIG` didn't come.*nothing from {absent}"
        with pytest.raises(TimeoutError, match=message):
            join_workers(timeout=0.3)

    def test_a_worker_that_dies_while_it_waits(self, config, monkeypatch):
        addresses = free_addresses(3)
        config(tf_config(addresses, 0))

        def report(index):
            host, port = addresses[0].split(":")
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    connection = socket.create_connection((host, int(port)))
                    connection.sendall(index)
                    return connection

        def come():
            report(b"1").close()
            with report(b"2") as connection:
                left.extend(connection.recv(1))

        left = []
        others = threading.Thread(target=come)
        others.start()
        # The time is over once both have come, however long that takes.
        times = itertools.chain([0.0] * 3, itertools.repeat(301.0))
        clock = types.SimpleNamespace(monotonic=lambda: next(times))
        monkeypatch.setattr(workers, "time", clock)
        # Although both have come, one after the other.
        message = f"Workers of `TF_CONFIG` didn't come.*nothing from {addresses[1]}$"
        with pytest.raises(TimeoutError, match=message):
            join_workers(timeout=300.0)
        others.join()
        assert left == []

    def test_an_address_that_is_taken(self, config):
        with socket.create_server(("localhost", 0)) as taken:
            port = taken.getsockname()[1]
            config(tf_config([f"localhost:{port}", "localhost:1"], 0))
            with pytest.raises(OSError, match=f"listen at its address.*{port}"):
                join_workers(timeout=0.3)

    def test_the_time_to_wait_is_a_number(self):
        with pytest.raises(ValueError, match="`timeout` must be a number"):
            join_workers(timeout=-1)
