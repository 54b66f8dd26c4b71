"""The assigner on a real cluster: 2 parameter servers and 2 workers, each a process of its own."""

import contextlib
import json
import os
import signal
import socket
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

_SERVER = """
import json, sys
import tensorflow as tf
cluster, job, task = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tf.distribute.Server(cluster, job_name=job, task_index=task, start=True).join()
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

    def __init__(self, directory, forker):
        ports = [f"127.0.0.1:{port}" for port in free_ports(4)]
        self.spec = tf.train.ClusterSpec({"ps": ports[:2], "worker": ports[2:]})
        self.directory, self.forker = directory, forker
        self.pids = {}

    def start(self):
        program, spec = self.directory / "server.py", self.spec.as_dict()
        program.write_text(_SERVER)
        for job, task in [(name, n) for name, held in spec.items() for n in range(len(held))]:
            given = (json.dumps(spec), job, str(task))
            output = self.log(job, task)
            self.pids[job, task] = self.forker.start(program, *given, output=output)
        for job, task in self.pids:
            self.wait_for(job, task)

    def log(self, job, task):
        return self.directory / f"{job}_{task}.log"

    def wait_for(self, job, task):
        host, port = self.spec.task_address(job, task).split(":")
        deadline = time.monotonic() + _PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            assert time.monotonic() < deadline, self.log(job, task).read_text()
            time.sleep(0.1)

    def kill(self, job, task):
        process = self.pids.pop((job, task))
        os.kill(process, signal.SIGKILL)
        self.forker.wait(process)

    def stop(self):
        for job, task in list(self.pids):
            self.kill(job, task)

    def session(self, graph, worker):
        # A worker usually looks for itself and the parameter servers only, as in 1.x programs.
        config = v1.ConfigProto(
            device_filters=["/job:ps", f"/job:worker/task:{worker}"],
            operation_timeout_in_ms=_DEADLINE * 1000,
        )
        target = f"grpc://{self.spec.task_address('worker', worker)}"
        return v1.Session(target, graph=graph, config=config)


@pytest.fixture
def cluster(tmp_path, forker):
    made = Cluster(tmp_path, forker)
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
