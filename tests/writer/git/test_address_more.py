"""Promise: an address is taken as git takes it; no secret in it reaches arguments or answers."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from burgee_writer.git.address import local_path, read_address

REMOTES = {
    "git@host:acme/flags.git": "git@host:acme/flags.git",
    "git@host:/srv/flags.git": "git@host:/srv/flags.git",
    "host:~/flags.git": "host:~/flags.git",
    "ssh://git@host:22/flags.git": "ssh://git@host:22/flags.git",
    "git://host/flags.git": "git://host/flags.git",
    "https://host/flags.git": "https://host/flags.git",
    "https://user:s3cret@host:8443/flags.git": "https://host:8443/flags.git",
    "https://s3cret@host/flags.git": "https://host/flags.git",
}
PATHS = {"/srv/flags": "/srv/flags", "flags": "flags", "file:///srv/a%20b": "/srv/a b"}
REFUSED = ["ftp://host/x", "https:///x", "ssh://-oProxy/x", "ssh://u:s3cret@host/x", "ext::sh -c x"]


@pytest.mark.parametrize("source", REMOTES)
def test_remotes(source: str) -> None:
    assert local_path(source) is None
    found = read_address(source, None)
    assert found.url == REMOTES[source]
    assert "s3cret" not in found.url


@pytest.mark.parametrize("source", PATHS)
def test_paths(source: str) -> None:
    assert local_path(source) == Path(PATHS[source])


@pytest.mark.parametrize("source", ["-o:x", "-x@host:y"])
def test_what_git_would_take_for_an_option(source: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        read_address(source, None)


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_no_address(source: str) -> None:
    with pytest.raises(ValueError, match=r"address|password") as told:
        read_address(source, None)
    assert "s3cret" not in str(told.value)


def test_what_git_is_told_apart() -> None:
    assert ("credential.username", "someone") in read_address("https://someone@host/x", None).config
    for source, told in {"https://host/x": "x-access-token", "https://ann@host/x": "ann"}.items():
        header = dict(read_address(source, "s3cret").config)["http.extraHeader"]
        assert base64.b64decode(header.rpartition(" ")[2]) == f"{told}:s3cret".encode()


def test_a_token_for_ssh_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        read_address("ssh://git@host/x", "s3cret")
