"""Promise: a server whose ETags cannot tell two changes apart hides neither for long, and how often
a source is asked follows its failures and what it says.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burgee.client.http import Http, read_address
from burgee.load import Refused
from burgee.whole_files import put_whole
from burgee_edge.sources.http import HttpSource
from burgee_edge.sources.pace import Pace
from burgee_edge.sources.source import MANIFEST
from support.scripted_server import Asked, Reply, ScriptedServer, scripted_server


def opened(server: ScriptedServer, clock: list[float]) -> HttpSource:
    http = Http(read_address(server.url), {}, None)
    return HttpSource(http, "production", 1.0, 1 << 20, lambda: clock[0])


def test_it_is_fetched_whole_now_and_then() -> None:
    body, clock = [b"one"], [100.0]

    def answer(asked: Asked) -> Reply:
        same = asked.headers.get("if-none-match") == '"x"'  # whatever the body is
        return Reply(304) if same else Reply(200, body[0], {"ETag": '"x"'})

    with scripted_server() as server:
        server.answer = answer
        source = opened(server, clock)
        assert source.read(MANIFEST) == b"one"
        body[0] = b"two"
        assert source.read(MANIFEST) == b"one"
        clock[0] += 31
        assert source.read(MANIFEST) == b"two"
        source.close()


@pytest.mark.parametrize(
    ("path", "bytes_", "fits"),
    [
        ("acme/flags-0123456789abcdef.json", 1 << 20, True),
        ("acme/flags-0123456789abcdef.json", (1 << 20) + 1, False),
        ("manifest-0123456789abcdef.sig", 1 << 16, True),
        ("acme/manifest-0123456789abcdef.sig", (1 << 16) + 1, False),
        ("acme/manifest-0123456789abcdef.json", (16 << 20) + 1, False),
    ],
)
def test_each_file_has_its_bound(path: str, bytes_: int, fits: bool) -> None:
    with scripted_server() as server:
        server.answer = lambda _: Reply(200, b"x" * bytes_)
        source = opened(server, [0.0])
        if fits:
            assert len(source.read(path)) == bytes_
        else:
            with pytest.raises(Refused) as caught:
                source.read(path)
            assert caught.value.reason == "oversized"
        source.close()


def test_a_file_that_replaces_another_is_of_another_second(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    seconds = []
    for number in range(3):
        put_whole(path, b"%d" % number)
        seconds.append(int(path.stat().st_mtime))
    assert seconds[0] < seconds[1] < seconds[2]
    put_whole(path, b"2")
    assert int(path.stat().st_mtime) == seconds[2]
    far = seconds[2] + 10 * 86_400
    os.utime(path, (far, far))  # a clock that was wrong once is not followed for ever
    put_whole(path, b"3")
    assert int(path.stat().st_mtime) < far


def test_how_long_it_waits() -> None:
    pace = Pace(2.0, lambda: 0.5)
    assert pace.seconds() == 2.0
    waits = []
    for _ in range(12):
        pace.failed()
        waits.append(pace.seconds())
    assert waits[:4] == [3.0, 6.0, 12.0, 24.0]
    assert waits[-1] == 45.0  # of at most a minute
    pace.failed(retry_after=100.0)
    assert pace.seconds() == 100.0
    pace.failed(retry_after=1e9)
    assert pace.seconds() == 300.0
    pace.well(max_age=10.0)
    assert pace.seconds() == 10.0
    pace.well()
    assert pace.seconds() == 2.0
    assert (Pace(2.0, lambda: 0.0).seconds(), Pace(2.0, lambda: 1.0).seconds()) == (1.8, 2.2)
