"""Several processes, on one machine or many, that train one model: how they meet."""

import contextlib
import json
import os
import re
import socket
import time
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from keras_latent.training.strategies import spans_workers
from keras_latent.validation import check_in_range

EXAMPLE = json.dumps(
    {
        "cluster": {"worker": ["first:12345", "second:12345"]},
        "task": {"type": "worker", "index": 0},
    }
)
"""What `TF_CONFIG` is like on the first of two machines."""

_ALL_ARE_HERE = b"1"
_PAUSE = 0.2
_ADDRESS = re.compile(r"(?P<host>\S+):(?P<port>\d{1,5})")


class Cluster(NamedTuple):
    """The workers that train together, and which of them this process is.

    Args:
        addresses: `"host:port"` of each worker; the first one's is the chief's.
        place: That of this process among them, from 0 on.
    """

    addresses: tuple[str, ...]
    place: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what all have made; the others report to it."""
        return self.place == 0


def read_cluster() -> Cluster:
    """Read the cluster from the environment variable `TF_CONFIG`.

    Returns:
        The cluster.

    Raises:
        ValueError: If the variable is missing or malformed.

    >>> os.environ["TF_CONFIG"] = EXAMPLE
    >>> read_cluster()
    Cluster(addresses=('first:12345', 'second:12345'), place=0)
    >>> del os.environ["TF_CONFIG"]
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise _wrong("be set in the environment of each worker")
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise _wrong(f"be JSON, but {error}") from error
    jobs = config.get("cluster") if isinstance(config, dict) else None
    if not isinstance(jobs, dict) or not jobs.keys() <= {"chief", "worker"}:
        raise _wrong('hold a "cluster" of the jobs "worker" and "chief" alone')
    if not all(isinstance(hosts, list) for hosts in jobs.values()):
        raise _wrong("list the addresses of each job")
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    addresses = [*chiefs, *workers]
    if not addresses or not all(map(_is_address, addresses)):
        raise _wrong("give each worker an address host:port")
    if len(chiefs) > 1 or len(set(addresses)) < len(addresses):
        raise _wrong("name one chief at most, and each address once")
    task = config.get("task")
    job = task.get("type") if isinstance(task, dict) else None
    index = str(task.get("index")) if job in list(jobs) else ""
    if not index.isdecimal() or int(index) >= len(jobs[job]):
        raise _wrong('say in "task" which of the workers this process is')
    before = len(chiefs) if job == "worker" else 0
    return Cluster(tuple(addresses), before + int(index))


def join_workers(timeout: float = 600.0) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Wait for the workers that `TF_CONFIG` names, and train together with them.

    Call it before anything else that TensorFlow computes: it can't form a cluster
    later. Each worker runs the same program, and sees the same data and seeds.

    Args:
        timeout: Seconds to wait for the others. Defaults to 600.0.

    Returns:
        A strategy, in whose scope the model is made.

    Raises:
        ValueError: If `TF_CONFIG` is missing or malformed.
        OSError: If the address of this worker can't be listened at, or another worker
            doesn't come.
    """
    check_in_range("timeout", timeout)
    cluster = read_cluster()
    # TensorFlow itself waits for ever, and can't be interrupted meanwhile.
    _meet(cluster, time.monotonic() + timeout)
    return tf.distribute.MultiWorkerMirroredStrategy()


def check_agreement(strategy: tf.distribute.Strategy, state: bytes) -> None:
    """Refuse to train where the workers don't start from the same.

    Args:
        strategy: The strategy under which they train.
        state: What must be the same for each worker.

    Raises:
        ValueError: If another worker has another one.
    """
    if not spans_workers(strategy):
        return
    digest = tf.constant([zlib.crc32(state)], tf.int64)
    digests = strategy.gather(digest, axis=0).numpy().tolist()
    if len(set(digests)) > 1:
        raise ValueError(
            "The workers must be started with the same arguments, and those that "
            "resume must find the same run in `output`. "
            f"Received: checksums {digests}, one for each worker"
        )


@contextlib.contextmanager
def lost_workers_are_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turn what TensorFlow says when a worker is gone into a readable error.

    Args:
        strategy: The strategy under which the code inside trains.

    Raises:
        ConnectionError: If the code inside fails because another worker has stopped.
    """
    try:
        yield
    except (
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.UnavailableError,
    ) as error:
        if not spans_workers(strategy):
            raise
        raise ConnectionError(
            "Another worker has stopped, and none can go on without it: see what it "
            "says, and start all of them again. "
            f"Received: {type(error).__name__}: {_reason(str(error))}"
        ) from error


def _wrong(expected: str) -> ValueError:
    received = os.environ.get("TF_CONFIG")
    return ValueError(
        f"`TF_CONFIG` must {expected}, such as {EXAMPLE}. "
        f"Received: TF_CONFIG={received!r}"
    )


def _is_address(address: Any) -> bool:
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    return match is not None and 0 < int(match["port"]) < 2**16


def _reason(message: str) -> str:
    """The sentence that matters in the middle of a graph's error."""
    found = re.search(r"aborted by: (.*)", message)
    return found[1] if found else message.splitlines()[0]


def _meet(cluster: Cluster, deadline: float) -> None:
    """Return once every worker is there: they all report to the chief."""
    host, _, port = cluster.addresses[cluster.place].rpartition(":")
    try:
        listener = _listener(int(port))
    except OSError as error:
        raise OSError(
            "This worker must be able to listen at its address in `TF_CONFIG`, but "
            f"{error.strerror}. Received: address={host}:{port}"
        ) from error
    with listener:
        if cluster.is_chief:
            _await_all(listener, cluster, deadline)
    if not cluster.is_chief:
        _report_to_chief(cluster, deadline)


def _listener(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(
            ("", port), family=socket.AF_INET6, dualstack_ipv6=True
        )
    return socket.create_server(("", port))


def _await_all(listener: socket.socket, cluster: Cluster, deadline: float) -> None:
    others = set(range(1, len(cluster.addresses)))
    waiting: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as connections:
        while missing := others - waiting.keys():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(_absence(cluster, missing))
            listener.settimeout(left)
            # Whatever else knocks at the port is let go.
            with contextlib.suppress(OSError, UnicodeDecodeError):
                connection = connections.enter_context(listener.accept()[0])
                connection.settimeout(1.0)
                index = connection.recv(16).decode("ascii")
                if index.isdecimal() and int(index) in others:
                    connection.setblocking(False)
                    waiting[int(index)] = connection
            # A worker that died while it waited has to come again.
            waiting = {i: each for i, each in waiting.items() if not _has_ended(each)}
        for place, waiter in waiting.items():
            try:
                waiter.sendall(_ALL_ARE_HERE)
            except OSError as error:
                raise TimeoutError(_absence(cluster, {place})) from error


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection that doesn't block."""
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _report_to_chief(cluster: Cluster, deadline: float) -> None:
    host, _, port = cluster.addresses[0].rpartition(":")
    while (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(OSError):
            address = host.strip("[]"), int(port)
            with socket.create_connection(address, timeout=left) as connection:
                connection.sendall(str(cluster.place).encode("ascii"))
                connection.settimeout(max(deadline - time.monotonic(), 1e-3))
                if connection.recv(1) == _ALL_ARE_HERE:
                    return
        time.sleep(_PAUSE)
    raise TimeoutError(_absence(cluster, {0}))


def _absence(cluster: Cluster, missing: set[int]) -> str:
    named = ", ".join(cluster.addresses[index] for index in sorted(missing))
    whom = "The chief" if missing == {0} else "Workers"
    return (
        f"{whom} of `TF_CONFIG` didn't come: start every worker, and check that the "
        f"addresses can be reached. Received: nothing from {named}"
    )
