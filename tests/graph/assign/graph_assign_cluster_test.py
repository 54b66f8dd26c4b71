"""The assigner on a real cluster: 2 parameter servers and 2 workers, each a process of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph import (
    Assigner,
    ScopeCopy,
    initialize_uninitialized,
    pair_scopes,
    query,
)
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
pytestmark = pytest.mark.slow

# One process imports TensorFlow, which takes the most time, and forks a server for each task.
_SERVERS = """
import gc
gc.disable()  # walking through TensorFlow's modules, as they are imported, takes as long as they do
import json, os, signal, sys
import tensorflow as tf
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no funeral
cluster = json.loads(sys.argv[1])
for job, addresses in cluster.items():
    for task in range(len(addresses)):
        pid = os.fork()
        if pid == 0:
            tf.distribute.Server(cluster, job_name=job, task_index=task, start=True).join()
        print(job, task, pid, flush=True)
sys.stdin.read()
"""
_PATIENCE = 120  # seconds, for the servers to answer
_DEADLINE = 8  # seconds, for one call; deleting a session of a killed server waits this long too


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Cluster:
    """Servers in subprocesses, by (job, task)."""

    def __init__(self, directory):
        ports = [f"127.0.0.1:{port}" for port in free_ports(4)]
        self.spec = tf.train.ClusterSpec({"ps": ports[:2], "worker": ports[2:]})
        self.directory = directory
        self.pids = {}

    def start(self):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        with open(self.directory / "log", "wb") as log:
            self.forker = subprocess.Popen(
                [sys.executable, "-c", _SERVERS, json.dumps(self.spec.as_dict())],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        for _ in range(4):
            job, task, pid = self.forker.stdout.readline().split()
            self.pids[job, int(task)] = int(pid)
        for job, task in self.pids:
            self.wait_for(job, task)

    def wait_for(self, job, task):
        host, port = self.spec.task_address(job, task).split(":")
        deadline = time.monotonic() + _PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            log = (self.directory / "log").read_text()
            assert self.lives(job, task), log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)

    def lives(self, job, task):
        try:
            os.kill(self.pids[job, task], 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self, job, task):
        os.kill(self.pids[job, task], signal.SIGKILL)
        deadline = time.monotonic() + 30
        while self.lives(job, task):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self):
        for job, task in self.pids:
            if self.lives(job, task):
                self.kill(job, task)
        self.forker.communicate(timeout=30)

    def session(self, graph, worker):
        # A worker usually looks for itself and the parameter servers only, as in 1.x programs.
        config = v1.ConfigProto(
            device_filters=["/job:ps", f"/job:worker/task:{worker}"],
            operation_timeout_in_ms=_DEADLINE * 1000,
        )
        target = f"grpc://{self.spec.task_address('worker', worker)}"
        return v1.Session(target, graph=graph, config=config)


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def make_graph(cluster):
    graph = tf.Graph()
    setter = v1.train.replica_device_setter(
        cluster=cluster.spec, worker_device="/job:worker/task:0"
    )
    with graph.as_default(), v1.device(setter):
        for scope in ("net", "target"):
            with v1.variable_scope(scope):
                v1.get_variable("ref", [6, 2], use_resource=False)
                v1.get_variable("res", [6, 2], use_resource=True)
                with v1.variable_scope("t", partitioner=v1.fixed_size_partitioner(2)):
                    v1.get_variable("ref_table", [7, 3], use_resource=False)
                    v1.get_variable("res_table", [7, 3], use_resource=True)
    return graph


def make_values(seed):
    rng = np.random.default_rng(seed)
    shapes = {"ref": [6, 2], "res": [6, 2], "t/ref_table": [7, 3], "t/res_table": [7, 3]}
    return {f"net/{k}": rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert_arrays_equal(found[name], value)


def test_a_cluster_of_two_and_two(cluster):
    graph = make_graph(cluster)
    variables = query(graph).scope("net")
    for task in (0, 1):  # partitions of both kinds lie on both servers
        assert len(variables.device(f"/job:ps/task:{task}").scope("net/t")) == 2
    assigner = Assigner(variables, cluster=cluster.spec)
    in_pieces = Assigner(variables, cluster=cluster.spec, chunk_bytes=20)
    copy = ScopeCopy(pair_scopes(graph, source="net", target="target"))
    everything = Assigner(query(graph))
    graph.finalize()

    first, second = make_values(0), make_values(1)
    # Not closed at the end, as their servers are gone by then.
    one, other = cluster.session(graph, 0), cluster.session(graph, 1)
    in_pieces.assign(one, first)
    assert_same(assigner.read(other), first)
    assert_same(in_pieces.read(other), first)
    assigner.assign(other, second)
    assert_same(assigner.read(one), second)
    copy.copy(one)
    assert_same(
        everything.read(other, [name.replace("net", "target") for name in second]),
        {name.replace("net", "target"): value for name, value in second.items()},
    )
    assert initialize_uninitialized(one).initialized == ()
    with assigner.preserved(one):
        assigner.assign(one, first)
    assert_same(assigner.read(one), second)

    cluster.kill("worker", 1)
    with pytest.raises(GraphError, match=r"assigning 6 variables failed: task /job:worker/") as e:
        assigner.assign(other, first, timeout=_DEADLINE)
    assert "/task:1" in str(e.value)
    assert "is lost or doesn't answer" in str(e.value)
    assert_same(assigner.read(one, timeout=_DEADLINE), second)

    cluster.kill("ps", 1)
    with pytest.raises(GraphError, match=r"reading 6 variables failed.*/job:ps.*/task:1"):
        assigner.read(one, timeout=_DEADLINE)
