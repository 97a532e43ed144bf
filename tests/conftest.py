"""What every test relies on: two devices, fixed seeds, no network, little memory."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import socket

import keras
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

# Must come before TensorFlow starts its devices, hence not in a fixture.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


# What was imported stays: without it, looking for garbage takes a tenth of the time.
def pytest_collection_finish():
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _forgotten_gradients():
    """Keeps no graph alive but those of living models.

    `tf.custom_gradient` registers a function by a name of its own each time it is
    traced, and the entry holds the graph around it for ever. Keras reduces gradients
    through one: without this, every training step that a test traces stays.
    """
    # The registry has no public way to forget.
    registry = ops.gradient_registry._registry
    before = set(registry)
    yield
    for name in registry.keys() - before:
        if name.startswith("CustomGradient-"):
            del registry[name]


@pytest.fixture(autouse=True, scope="module")
def _collected_garbage():
    """Models and their graphs are cycles, which otherwise stay for a while."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _fixed_seeds():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    connect = socket.socket.connect

    def connect_locally(self, address):
        if self.family != socket.AF_UNIX and address[0] not in _LOCAL_HOSTS:
            raise RuntimeError(f"Tests use no network, but one connects to {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_locally)
        yield


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy with two replicas on the two logical devices.

    One for all tests, because collective operations of several would be mixed up.
    """
    wait_for_stop = tf.train.Coordinator.wait_for_stop

    def look_often(self, timeout=None):
        return wait_for_stop(self, 0.002)

    with pytest.MonkeyPatch.context() as patch:
        # It looks once a second whether the replicas' threads are done, so that an
        # eager step, which starts threads anew, would take that second.
        patch.setattr(tf.train.Coordinator, "wait_for_stop", look_often)
        yield tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def eagerly():
    """Traces nothing: that would take longer than few steps of small networks."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(before)


@pytest.fixture
def dtype_policy():
    """Sets the global dtype policy, for this test alone."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)
