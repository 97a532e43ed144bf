"""Several workers on this machine, each a process of its own."""

import json
import os
import socket
import subprocess
import sys
import time


def free_addresses(count):
    """Addresses of ports at which nothing listens."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    addresses = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def tf_config(addresses, place):
    """`TF_CONFIG` of one of the workers at these addresses."""
    task = {"type": "worker", "index": place}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def run_workers(words, folder, limit=900.0, codes=(0, 0)):
    """Run Python with the same words as each of two workers.

    Both are killed after `limit` seconds, however they are stuck.

    Returns:
        What each has printed, once both have ended with these codes.
    """
    addresses = free_addresses(2)
    files = [folder / f"output-{place}" for place in range(2)]
    processes = []
    for place, file in enumerate(files):
        environment = {**os.environ, "TF_CONFIG": tf_config(addresses, place)}
        with open(file, "w") as output:
            processes.append(
                subprocess.Popen(
                    [sys.executable, *words],
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )
    deadline = time.monotonic() + limit
    try:
        while any(process.poll() is None for process in processes):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    finally:
        ended = [process.poll() for process in processes]
        for process in processes:
            process.kill()
            process.wait()
    outputs = [file.read_text() for file in files]
    told = "\n".join(f"worker {i}:\n{text}" for i, text in enumerate(outputs))
    assert None not in ended, f"not done after {limit} seconds: {ended}\n{told}"
    assert tuple(ended) == codes, told
    return outputs
