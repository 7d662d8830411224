"""Promise: a client goes on following in every process that is forked off, on connections of its
own, whether by gunicorn, Celery or multiprocessing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import environment
from support.process import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

COMMON = """
import json, multiprocessing, os, sys, threading, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from burgee import Client
from support.scripted_node import scripted_node
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

root = Path({root!r})
ON, OFF = (TenantParts({{"f": flag(each)}}) for each in ("on", "off"))

def follow(client, write):
    "In a child: what it finds at once, and once there is something newer."
    found = [client.evaluate("f", {{}}, None)]
    write(b"up")
    until(lambda: client.evaluate("f", {{}}, True) is False, "the newer one")
    found += [client.state.status, client.state.version]
    write(json.dumps(found).encode())

def forked(client, count=3):
    "Fork; returns the reading ends of the children's pipes once each has evaluated."
    ends = []
    for _ in range(count):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                follow(client, lambda data: os.write(writing, data))
            finally:
                os._exit(0)
        os.close(writing)
        ends.append(reading)
    for end in ends:
        assert os.read(end, 2) == b"up"
    return ends

def told(ends):
    found = []
    for end in ends:
        with os.fdopen(end, "rb") as pipe:
            found.append(json.loads(pipe.read()))
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return found

write_environment(root, {{"acme": ON}}, sequence=1)
"""

FOLDER = """
client = Client(root, tenant="acme", poll_seconds=0.02)
assert client.evaluate("f", {}, False) is True
ends = forked(client)
write_environment(root, {"acme": OFF}, sequence=2)
print(json.dumps(told(ends)))
until(lambda: client.evaluate("f", {}, True) is False, "the parent's own")
"""

NODE = """
with scripted_node(root) as node:
    node.events = True
    client = Client(
        node.url, tenant="acme", allow_unsigned=True, poll_seconds=3600, cache_dir=root / "cache"
    )
    assert client.evaluate("f", {}, False) is True
    until(lambda: len(node.streams) == 1, "the parent's stream")
    ends = forked(client)
    until(lambda: len(node.streams) == 4, "a stream for each child")
    write_environment(root, {"acme": OFF}, sequence=2)
    node.tell()
    print(json.dumps(told(ends)))
    until(lambda: client.evaluate("f", {}, True) is False, "the parent's own")
    client.close()
    assert node.streams[0].recv(1) == b"", "no child holds the parent's connection"
"""

NOT_READY = """
client = Client(root / "later", tenant="acme", environment="production", poll_seconds=0.02)
reading, writing = os.pipe()
if os.fork() == 0:
    assert client.ready(20)
    os.write(writing, json.dumps(client.evaluate("f", {}, None)).encode())
    os._exit(0)
os.close(writing)
write_environment(root / "later", {"acme": ON}, sequence=1)
print(os.read(reading, 100).decode())
"""

CLOSED = """
client = Client(root, tenant="acme", poll_seconds=0.02)
client.close()
reading, writing = os.pipe()
if os.fork() == 0:
    named = [each.name for each in threading.enumerate()]
    os.write(writing, json.dumps([client.evaluate("f", {}, None), named]).encode())
    os._exit(0)
os.close(writing)
print(os.read(reading, 1000).decode())
"""

GRANDCHILD = """
client = Client(root, tenant="acme", poll_seconds=0.02)
reading, writing = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        follow(client, lambda data: os.write(writing, data))
    else:
        os.wait()
    os._exit(0)
os.close(writing)
assert os.read(reading, 2) == b"up"
write_environment(root, {"acme": OFF}, sequence=2)
print(json.dumps(told([reading])))
"""

BUSY = """
stop = threading.Event()
client = Client(root, tenant="acme", poll_seconds=0.001)
def swap():
    sequence = 2
    while not stop.is_set():
        write_environment(root, {"acme": ON}, sequence=sequence)
        sequence += 1
thread = threading.Thread(target=swap)
thread.start()
codes = []
for _ in range(40):
    child = os.fork()
    if child == 0:
        start = client.state.order
        good = client.evaluate("f", {}, False) is True
        until(lambda: client.state.order > start, "it follows")
        sys.exit(0 if good else 1)
    codes.append(os.waitpid(child, 0)[1])
stop.set()
thread.join()
print(json.dumps(codes))
"""


def run(script: str, root: Path) -> object:
    text = COMMON.format(tests=str(ROOT / "tests"), root=str(root)) + script
    done = subprocess.run(
        # Python says from 3.12 on that forking with threads may end badly: that is the case here.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", text],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("script", [FOLDER, NODE], ids=["folder", "node"])
def test_children_follow(tmp_path: Path, script: str) -> None:
    assert run(script, tmp_path) == [[True, "ready", "2-abcdef0"]] * 3


def test_a_child_of_one_that_is_not_ready(tmp_path: Path) -> None:
    assert run(NOT_READY, tmp_path) is True


def test_a_closed_one_stays_closed(tmp_path: Path) -> None:
    assert run(CLOSED, tmp_path) == [True, ["MainThread"]]


def test_a_child_of_a_child(tmp_path: Path) -> None:
    assert run(GRANDCHILD, tmp_path) == [[True, "ready", "2-abcdef0"]]


def test_forks_in_the_midst_of_swaps(tmp_path: Path) -> None:
    assert run(BUSY, tmp_path) == [0] * 40


MULTIPROCESSING = """
import json, multiprocessing, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from burgee import Client
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON, OFF = (TenantParts({{"f": flag(each)}}) for each in ("on", "off"))
root = Path({root!r})
client = None

def work(source, up, queue):
    global client
    if client is None:  # spawned: nothing was inherited
        client = Client(source, tenant="acme", poll_seconds=0.02)
    first = client.evaluate("f", {{}}, None)
    up.release()
    until(lambda: client.evaluate("f", {{}}, True) is False, "the newer one")
    queue.put([first, client.state.version])

if __name__ == "__main__":
    write_environment(root, {{"acme": ON}}, sequence=1)
    client = Client(root, tenant="acme", poll_seconds=0.02)
    context = multiprocessing.get_context({method!r})
    queue, up = context.Queue(), context.Semaphore(0)
    children = [context.Process(target=work, args=(root, up, queue)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        assert up.acquire(timeout=30)
    write_environment(root, {{"acme": OFF}}, sequence=2)
    print(json.dumps([queue.get(timeout=30) for _ in children]))
    for child in children:
        child.join(30)
        assert child.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(tmp_path: Path, method: str) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        MULTIPROCESSING.format(
            tests=str(ROOT / "tests"), root=str(tmp_path / "dist"), method=method
        )
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(script)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[True, "2-abcdef0"]] * 2
