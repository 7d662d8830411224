"""Promise: a long member list is fetched only when it changed, lies in memory once however many
workers there are, and is no part of what a browser gets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from burgee.load import Refused, document_path
from burgee_edge.member_files import MemberFiles
from support.edge import clients_file
from support.edge_process import EdgeProcess, edge_process
from support.flag_repository import FlagRepository
from support.scripted_server import Asked, Reply, ScriptedServer, scripted_server
from support.waiting import until

FILES = {
    "burgee.yaml": "environments: [production]\n",
    "flags/f.yaml": "client_side: true\ndefault: off\n"
    "rules:\n  - {name: r, when: {segment: vip}, serve: on}\n",
    "flags/other.yaml": "default: off\n",
    "segments/vip.yaml": "members_file: vip.csv\n",
    "segments/vip.csv": "".join(f"u-{number}\n" for number in range(200_000)),
}
REMOTE = ("--allow-unsigned", "--poll-seconds", "0.1")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> FlagRepository:
    made = FlagRepository(tmp_path_factory.mktemp("members") / "repo", FILES)
    made.commit()
    made.publish(made.root.parent / "dist")
    return made


@contextmanager
def served(folder: Path) -> Iterator[ScriptedServer]:
    def answer(asked: Asked) -> Reply:
        path = folder / asked.path.lstrip("/")
        return Reply(200, path.read_bytes()) if path.is_file() else Reply(404)

    with scripted_server() as server:
        server.answer = answer
        yield server


def value(node: EdgeProcess, user: str) -> object:
    answer = node.ofrep("f", {"targetingKey": user}, x_tenant_id="acme").json()
    assert isinstance(answer, dict)
    return answer["value"]


def maps(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [line.split()[-1] for line in lines if "/members-" in line]


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in listed]


def test_it_is_fetched_once_and_mapped_from_a_file_of_the_nodes_own(
    repository: FlagRepository, tmp_path: Path
) -> None:
    dist = tmp_path / "dist"
    repository.publish(dist)
    with served(dist) as server, edge_process(server.url, *REMOTE) as node:
        until(lambda: node.get("/readyz").status == 200, "it is served")
        assert (value(node, "u-77"), value(node, "u-x")) == (True, False)
        [mapped] = maps(node.pid)
        assert str(dist) not in mapped
        repository.commit({"flags/other.yaml": "default: on\n"})
        repository.publish(dist)
        until(lambda: node.metric("burgee_reloads_total") == 2, "the change is served")
        assert value(node, "u-77") is True
        assert sum("/members-" in each.path for each in server.asked) == 1
        repository.commit({"segments/vip.csv": "u-1\n" * 2 + FILES["segments/vip.csv"][4:] + "x\n"})
        repository.publish(dist)
        until(lambda: value(node, "x") is True, "the new list is served")
        assert sum("/members-" in each.path for each in server.asked) == 2


@pytest.mark.parametrize("state", [False, True])
def test_workers_map_the_same_file(repository: FlagRepository, tmp_path: Path, state: bool) -> None:
    more = ("--state-dir", str(tmp_path / "state")) if state else ()
    dist = repository.root.parent / "dist"
    with edge_process(dist, "--workers", "3", *more) as node:
        workers = children(node.pid)
        assert len(workers) == 3
        inodes = {line for pid in workers for line in _inodes(pid)}
        assert len(inodes) == 1, inodes
        assert value(node, "u-199999") is True
        # Whoever empties the source's own file harms nobody.
        for path in dist.glob("production/acme/members-*"):
            whole = path.read_bytes()
            path.write_bytes(b"")
            assert {value(node, f"u-{number}") for number in range(50)} == {True}
            path.write_bytes(whole)
    assert state or not any(Path(each).exists() for each in _files(inodes))


def _inodes(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {" ".join(line.split()[3:]) for line in lines if "/members-" in line}


def _files(inodes: set[str]) -> list[str]:
    return [each.split()[-1] for each in inodes]


def test_no_browser_gets_it(repository: FlagRepository, tmp_path: Path) -> None:
    clients = clients_file(
        tmp_path, page={"browser": True}, server={}, reader={"scopes": ["flags:r"]}
    )
    dist = repository.root.parent / "dist"
    [document] = dist.glob("production/acme/members-*")
    path = f"/v1/set/production/acme/{document.name}"
    digest = hashlib.sha256(b"acme/@member/u-7").digest()[:16]
    with edge_process(dist, "--clients", str(clients)) as node:
        for who in ("page", "server"):
            assert node.get(path, x_api_key=f"key-of-{who}").status == 403
            body = node.bulk({"targetingKey": "u-7"}, x_api_key=f"key-of-{who}").body
            assert digest not in body
            assert digest.hex().encode() not in body
            assert b"u-8" not in body
        assert node.get(path, x_api_key="key-of-reader").body == document.read_bytes()


def test_a_copy_that_is_damaged_is_fetched_again(tmp_path: Path) -> None:
    data = bytes(range(16)) * 4
    whole = hashlib.sha256(data).hexdigest()
    path = document_path("acme", "members", whole)
    asked: list[str] = []

    def read(path: str) -> bytes:
        asked.append(path)
        return data

    files = MemberFiles(tmp_path / "own")
    assert files.take(read, path, whole) == data
    assert files.take(read, path, whole) == data
    assert asked == [path]
    (tmp_path / "own" / path).write_bytes(b"x" * 64)
    assert files.take(read, path, whole) == data
    assert asked == [path] * 2
    with pytest.raises(Refused, match="damaged"):
        files.take(lambda _: b"other", document_path("acme", "members", "0" * 64), "0" * 64)
    files.keep(set())
    assert not list((tmp_path / "own").rglob("*.bin"))
    (tmp_path / "file").write_text("")
    assert MemberFiles(tmp_path / "file").take(read, path, whole) == data  # no folder to be had
    empty = hashlib.sha256(b"").hexdigest()
    assert files.take(lambda _: b"", document_path("acme", "members", empty), empty) == b""


def test_names_are_of_the_layout(repository: FlagRepository) -> None:
    [document] = (repository.root.parent / "dist").glob("production/acme/members-*")
    assert re.fullmatch(r"members-[0-9a-f]{16}\.bin", document.name)
    assert document.stat().st_size == 200_000 * 16
