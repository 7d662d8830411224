"""Promise: a remote's secrets reach git and nothing else: no argument, file, message or other host
holds them; and no address can be taken for an option or a command."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee_writer.git.address import local_path, read_address
from burgee_writer.git.branch import Done, Published, Unreachable
from support.flag_repository import git
from support.git_remotes import Exchange, HttpRemote, http_remote
from support.remote_truth import (
    bare_repository,
    contains,
    hook,
    processes_naming,
    push_as_somebody,
    tried,
)
from support.writer_git import branch_of, must_write

SECRET = "s3cret/%Token+42"
QUOTED = "s3cret%2F%25Token+42"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[HttpRemote]:
    with http_remote(bare_repository(tmp_path)) as found:
        yield found


@pytest.mark.parametrize(
    "source",
    ["git@host:acme/flags.git", "git@host:/srv/flags.git", "host.example:flags.git",
     "git@host:~ann/flags", "git@[::1]:flags.git", "h@h:x", "my_host:x",
     "ssh://git@host/x.git", "ssh://git@host:2222/srv/x.git", "git://host/x", "https://host/x"],
)  # fmt: skip
def test_addresses_of_remotes(source: str) -> None:
    assert local_path(source) is None
    assert read_address(source, None).url == source


@pytest.mark.parametrize(
    "source", ["/srv/flags.git", "flags", "./host:x", "C:/flags", r"C:\flags", "a/b:c", "::", "-x"]
)
def test_paths(source: str) -> None:
    assert local_path(source) == Path(source)


def test_a_file_that_is_named_like_a_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert local_path("host:flags") is None
    (tmp_path / "host:flags").mkdir()
    assert local_path("host:flags") == Path("host:flags")
    assert local_path("file:///srv/a%20b") == Path("/srv/a b")


@pytest.mark.parametrize(
    "source",
    ["ext::sh -c touch% x", "-u:x", "--upload-pack=touch@host:x", "-oProxyCommand=x@host:y",
     "ext://x/y", "ftp://u:s3cret@host/x", "https:///x", "https://-x/y", "ssh://-oProxyCommand=x/y",
     "https://u:s3cret/x@host/y", "https://host:s3cret/x", "ssh://u:s3cret@host/x", "//host/x"],
)  # fmt: skip
def test_what_git_could_take_for_something_else(source: str) -> None:
    with pytest.raises(ValueError, match=r"address|known") as told:
        read_address(source, None)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("source", ["git@host:x", "ssh://git@host/x", "git://host/x"])
def test_a_token_is_for_http_alone(source: str) -> None:
    with pytest.raises(ValueError, match="https remotes only"):
        read_address(source, "s3cret")


@pytest.mark.parametrize(
    ("source", "token", "sent"),
    [
        ("https://host/x", "t", "x-access-token:t"),
        ("https://ann@host/x", "t", "ann:t"),
        ("https://ann:p@host:8/x", None, "ann:p"),
        ("https://ann:p@host/x", "t", "ann:t"),
        ("https://:p@host/x", None, "x-access-token:p"),
        ("https://a%40b:p%3A%2Fq@host/x", None, "a@b:p:/q"),
    ],
)
def test_what_is_sent(source: str, token: str | None, sent: str) -> None:
    found = read_address(source, token)
    assert "@" not in found.url
    name, value = found.config[0]
    assert name == "http.extraHeader"
    assert base64.b64decode(value.rpartition(" ")[2]).decode() == sent


def sources(remote: HttpRemote) -> dict[str, tuple[str, str | None]]:
    host = remote.url.removeprefix("http://")
    return {
        "a token": (remote.url, SECRET),
        "a token for somebody": (f"http://ann@{host}", SECRET),
        "a password": (f"http://ann:{QUOTED}@{host}", None),
        "a name": (f"http://{QUOTED}@{host}", None),
    }


@pytest.mark.parametrize("how", ["a token", "a token for somebody", "a password", "a name"])
def test_a_secret_is_sent_and_never_told(remote: HttpRemote, tmp_path: Path, how: str) -> None:
    """While git runs no argument of any process holds it, and nothing that is left behind does."""
    source, token = sources(remote)[how]
    remote.password = f"{SECRET}:" if how == "a name" else SECRET
    seen: list[str] = []

    def look(_: Exchange) -> None:
        seen.extend(processes_naming(remote.url))
        encoded = base64.b64encode(f"ann:{SECRET}".encode()).decode()
        for each in (SECRET, QUOTED, encoded):
            assert processes_naming(each) == []

    remote.before = look
    state = tmp_path / "state"
    branch = branch_of(source, state, token=token, branch=None)
    must_write(branch, {"acme/flags/f.yaml": b"default: on\n"})
    assert any("remote-http" in each for each in seen), "git's helper was looked at"
    remote.before = None
    for path in state.rglob("*"):
        if path.is_file():
            assert b"s3cret" not in path.read_bytes(), path
    # The remote takes it no longer, or says it aloud.
    for answers in (_forgotten, _said_aloud, _said_by_a_hook):
        answers(remote)
        _, found = tried(branch, "default: off # 2\n")
        _require_untold(found)
        if answers is _said_by_a_hook:
            assert "<***> is no good" in str(found), "it was said, and is not told"
            continue
        with pytest.raises(Unreachable) as told:
            branch.refresh()
        _require_untold(told.value)
        with pytest.raises(Unreachable) as told:
            branch_of(source, tmp_path / "another", token=token, branch=None)
        _require_untold(told.value)


def _forgotten(remote: HttpRemote) -> None:
    remote.password = "another"


def _said_aloud(remote: HttpRemote) -> None:
    remote.password = None
    remote.before = lambda exchange: exchange.refuse(
        403, f"{SECRET} is no good", Content_Type="text/plain"
    )


def _said_by_a_hook(remote: HttpRemote) -> None:
    remote.before = None
    hook(remote.bare, "pre-receive", f"echo '<{SECRET}>' is no good >&2; exit 1")


def _require_untold(found: Published | Unreachable) -> None:
    for each in ("s3cret", base64.b64encode(SECRET.encode()).decode().rstrip("=")):
        assert each not in str(found)


def test_a_wrong_token_is_told_in_words(remote: HttpRemote, tmp_path: Path) -> None:
    remote.password = SECRET
    with pytest.raises(Unreachable) as told:
        branch_of(remote.url, tmp_path / "state", token="wrong")
    assert str(told.value) == (
        "the remote cannot be read: it does not take our credentials, or asks for some"
    )


def test_a_secret_does_not_follow_a_redirect(remote: HttpRemote, tmp_path: Path) -> None:
    """The header would go wherever it leads; without a secret it is followed, as git does."""
    given: list[str | None] = []
    with http_remote(remote.bare) as other:
        other.before = lambda exchange: given.append(exchange.authorization)
        remote.before = lambda exchange: exchange.refuse(
            302, Location=other.url.rpartition("/")[0] + exchange.path
        )
        with pytest.raises(Unreachable, match="another address"):
            branch_of(remote.url, tmp_path / "state", token=SECRET)
        assert given == []
        must_write(branch_of(remote.url, tmp_path / "state"), {"acme/flags/f.yaml": b"x: 1\n"})
        assert given


SSH = """#!/bin/sh
printf '%s\\n' "$*" >> "$LOG"
test "$1" = -G && exit 0
while test $# -gt 2; do shift; done
exec sh -c "$2"
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in ssh's place that runs the command here; what it is given stands in the log."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(SSH, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    for name in ("GIT_SSH_COMMAND", "GIT_SSH"):
        monkeypatch.delenv(name, raising=False)
    return program


@pytest.mark.parametrize("form", ["git@host.example:{0}", "ssh://git@host.example:2222{0}"])
def test_ssh(ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Ssh is told to ask nobody where the user has not said how it is run."""
    monkeypatch.setenv("PATH", f"{ssh.parent}:/usr/local/bin:/usr/bin:/bin")
    bare = bare_repository(tmp_path)
    branch = branch_of(form.format(bare), tmp_path / "state", branch=None)
    commit, found = tried(branch, "default: on\n")
    assert found == Done(commit)
    assert contains(bare, commit)
    hook(bare, "update", "echo not you >&2; exit 1")
    _, refused = tried(branch, "default: off # 2\n")
    assert "not you" in str(refused)
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert lines
    assert all("-o BatchMode=yes" in each for each in lines)
    assert any("git@host.example" in each and "git-receive-pack" in each for each in lines)
    bare.rename(tmp_path / "elsewhere")
    with pytest.raises(Unreachable, match="does not appear to be a git repository"):
        branch.refresh()


@pytest.mark.parametrize("how", ["GIT_SSH_COMMAND", "GIT_SSH", "core.sshCommand"])
def test_the_users_own_ssh(
    ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "core.sshCommand":
        (tmp_path / "gitconfig").write_text(f"[core]\n sshCommand = {ssh} -o Mine=yes\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    else:
        monkeypatch.setenv(how, str(ssh))
    bare = bare_repository(tmp_path)
    assert branch_of(f"git@host.example:{bare}", tmp_path / "state").tip()
    assert "BatchMode" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_an_ssh_that_does_not_get_through(
    ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over before anything is sent: certain, and told in its own words."""
    bare = bare_repository(tmp_path)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    branch = branch_of(f"git@host.example:{bare}", tmp_path / "state")
    script = "echo 'ssh: connect to host host.example port 22: No route to host' >&2; exit 255"
    ssh.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    _, found = tried(branch, "default: on\n")
    assert isinstance(found, Unreachable)
    assert "No route to host" in str(found)


SETTINGS = (
    "push.followTags=true", "push.recurseSubmodules=check", "push.default=nothing",
    "push.useForceIfIncludes=true", "fetch.prune=true", "fetch.recurseSubmodules=true",
    "fetch.fsckObjects=true", "transfer.fsckObjects=true", "init.defaultBranch=trunk",
    "core.logAllRefUpdates=always", "user.useConfigOnly=true", "color.ui=always",
    "protocol.version=0", "init.templateDir=/nowhere", "http.followRedirects=true",
)  # fmt: skip


def test_the_users_settings_change_nothing(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gitconfig"
    for setting in SETTINGS:
        name, _, value = setting.partition("=")
        subprocess.run(["git", "config", "--file", str(file), name, value], check=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    branch = branch_of(remote.url, tmp_path / "state", branch=None)
    git(branch.repository_path, "tag", "-a", "-m", "mine", "v1", "main")
    must_write(branch, {"acme/flags/f.yaml": b"default: on\n"})
    names = git(remote.bare, "for-each-ref", "--format=%(refname)")
    assert names == "refs/heads/main"
    somebody = push_as_somebody(remote.bare, "x")
    assert branch.refresh() == somebody
