"""Promise: the keys' folder is its owner's alone, is shared by processes, and survives what happens
to files; tokens stay good through a change of keys.
"""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from burgee_http.jwks import KeySet, parse_jwks
from burgee_writer.tokens.issuer import Grant, Issuer, make_issuer
from burgee_writer.tokens.key_folder import KeysUnusable
from support.command import environment
from support.token_writer import Clock, writer_options

DAY = 86_400
GRANT = Grant(
    subject="ci",
    audience="writer",
    scopes=("flags:rw",),
    tenants=("acme",),
    environments=None,
    key_mark="00",
)


def made(folder: Path, clock: Clock, **settings: Any) -> Issuer:
    return Issuer(folder / "tokens", "https://writer.example", clock=clock, **settings)


def kids(issuer: Issuer) -> list[str]:
    return [key["kid"] for key in json.loads(issuer.jwks())["keys"]]


def signed_by(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def holds(token: str, keys: KeySet) -> bool:
    """Whether one of the keys signed it; when it expires does not count."""
    found = keys.find(signed_by(token), "EdDSA")
    if found is None:
        return False
    unchecked: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    jwt.decode(token, found.key, algorithms=["EdDSA"], options=unchecked)
    return True


def test_the_claims_of_a_token(tmp_path: Path) -> None:
    clock = Clock()
    issued = made(tmp_path, clock, token_seconds=600).issue(GRANT)
    header = jwt.get_unverified_header(issued.token)
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    assert (header["alg"], set(header)) == ("EdDSA", {"alg", "typ", "kid"})
    now = int(clock.now)
    assert claims == {
        "iss": "https://writer.example",
        "sub": "ci",
        "aud": "writer",
        "iat": now,
        "exp": now + 600,
        "jti": issued.id,
        "scopes": ["flags:rw"],
        "tenants": ["acme"],
        "key_mark": "00",
    }
    assert issued.seconds == 600


def test_no_two_tokens_have_one_id(tmp_path: Path) -> None:
    issuer = made(tmp_path, Clock())
    assert len({issuer.issue(GRANT).id for _ in range(50)}) == 50


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir()
    folder.chmod(0o777)
    old = os.umask(0)
    try:
        made(tmp_path, Clock())
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = sorted(folder.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert [path.suffix for path in files].count(".pem") == 2
    pems = [path for path in files if path.suffix == ".pem"]
    assert all(path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----") for path in pems)


def test_a_private_key_that_others_may_read_is_closed(tmp_path: Path) -> None:
    made(tmp_path, Clock())
    pem = next((tmp_path / "tokens").glob("*.pem"))
    pem.chmod(0o644)
    made(tmp_path, Clock())
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600


def test_the_public_keys_are_public_only(tmp_path: Path) -> None:
    issuer = made(tmp_path, Clock())
    for key in json.loads(issuer.jwks())["keys"]:
        assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert [key.kid for key in parse_jwks(issuer.jwks()).keys] == kids(issuer)
    assert b"PRIVATE" not in issuer.jwks()


def test_keys_outlast_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    token = made(tmp_path, clock).issue(GRANT).token
    again = made(tmp_path, clock)
    assert holds(token, again.keys.value)
    assert signed_by(again.issue(GRANT).token) == signed_by(token)


def test_tokens_stay_good_through_the_change(tmp_path: Path) -> None:
    """Two writers over one folder, for three months; a node fetches their keys every six hours."""
    clock = Clock()
    writers = [made(tmp_path, clock), made(tmp_path, clock)]
    node, out, signers = parse_jwks(writers[0].jwks()), [], set()
    for step in range(4 * 92):
        clock.now += 6 * 3_600
        for index, writer in enumerate(writers):
            token = writer.issue(GRANT).token
            out.append((clock.now + 21_600, token))
            signers.add(signed_by(token))
            assert holds(token, node), "a node met a key that it had not fetched yet"
            assert holds(token, writers[1 - index].keys.value)
        assert kids(writers[0]) == kids(writers[1])
        node = parse_jwks(writers[step % 2].jwks())
        out = [(expires, token) for expires, token in out if expires >= clock.now]
        assert all(holds(token, node) for _, token in out), "a key went before its last token"
    assert len(signers) == 4
    assert len(kids(writers[0])) == 2
    named = {f"{kid}.pem" for kid in kids(writers[0])}
    assert {path.name for path in (tmp_path / "tokens").glob("*.pem")} == named


def test_rotating_at_once(tmp_path: Path) -> None:
    clock = Clock()
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    clock.now += DAY
    before = two.issue(GRANT).token
    known = parse_jwks(two.jwks())
    assert one.rotate() == clock.now
    after = one.issue(GRANT).token
    assert signed_by(after) != signed_by(before)
    assert holds(after, known)
    assert holds(before, parse_jwks(one.jwks()))
    clock.now += 1  # the other looks once a second
    assert signed_by(two.issue(GRANT).token) == signed_by(after)
    assert kids(one) == kids(two)
    assert len(kids(one)) == 3


def test_a_clock_that_is_set_back(tmp_path: Path) -> None:
    clock = Clock()
    issuer = made(tmp_path, clock)
    known = parse_jwks(issuer.jwks())
    clock.now -= 10 * DAY
    assert holds(issuer.issue(GRANT).token, known)
    assert len(kids(issuer)) == 2


_RACER = """
import sys, json
from pathlib import Path
from burgee_writer.tokens.issuer import Issuer
sys.stdin.readline()
print(Issuer(Path(sys.argv[1]), "w").jwks().decode())
"""


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path / "tokens")],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    told = {racer.communicate(timeout=30)[0].splitlines()[-1] for racer in racers}
    assert [racer.returncode for racer in racers] == [0] * 4
    assert len(told) == 1
    assert len(list((tmp_path / "tokens").glob("*.pem"))) == 2


def test_a_lock_that_another_holds_keeps_nobody_waiting(tmp_path: Path) -> None:
    clock = Clock()
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    clock.now += 30 * DAY
    with one.keys._folder.locked(wait=True):
        tokens: list[str] = []
        asking = threading.Thread(target=lambda: tokens.append(two.issue(GRANT).token), daemon=True)
        asking.start()
        asking.join(5)
        [token] = tokens  # by the next key, which signs by itself
    assert len(kids(two)) == 2  # nothing was made yet
    clock.now += 1
    assert len(kids(two)) == 3
    assert signed_by(token) == kids(two)[1]


def test_a_key_that_was_made_for_nothing_goes(tmp_path: Path) -> None:
    """A process died between the key and the index that names it."""
    clock = Clock()
    issuer = made(tmp_path, clock)
    issuer.keys._folder.make(0, 0, 600)
    assert len(list((tmp_path / "tokens").glob("*.pem"))) == 3
    clock.now += 31 * DAY
    named = {f"{kid}.pem" for kid in kids(issuer)}
    assert {path.name for path in (tmp_path / "tokens").glob("*.pem")} == named


def other_index(index: Path) -> None:
    keys = json.loads(index.read_text())
    keys[0]["kid"], keys[1]["kid"] = keys[1]["kid"], keys[0]["kid"]
    index.write_text(json.dumps(keys))


def other_pem(index: Path) -> None:
    one, two = index.parent.glob("*.pem")
    one.write_bytes(two.read_bytes())


BREAKS: dict[str, Callable[[Path], object]] = {
    "cut short": lambda index: index.write_bytes(index.read_bytes()[:-9]),
    "emptied": lambda index: index.write_bytes(b""),
    "no keys": lambda index: index.write_bytes(b"[]"),
    "other names": other_index,
    "no public key": lambda index: index.write_text(
        json.dumps([{**key, "x": "AAAA"} for key in json.loads(index.read_text())])
    ),
    "a private key is gone": lambda index: next(index.parent.glob("*.pem")).unlink(),
    "a private key is another's": other_pem,
    "a private key is none": lambda index: next(index.parent.glob("*.pem")).write_text("x"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_keys_are_told_at_the_start_and_not_written_over(tmp_path: Path, name: str) -> None:
    clock = Clock()
    running = made(tmp_path, clock)
    token = running.issue(GRANT).token
    BREAKS[name](tmp_path / "tokens" / "keys.json")
    left = {path.name: path.read_bytes() for path in (tmp_path / "tokens").iterdir()}
    with pytest.raises(KeysUnusable, match="tokens"):
        made(tmp_path, Clock())
    # Who runs already goes on with what was good, also when keys are due.
    for seconds in (1, 31 * DAY):
        clock.now += seconds
        assert holds(running.issue(GRANT).token, running.keys.value)
        assert holds(token, running.keys.value)
    assert {path.name: path.read_bytes() for path in (tmp_path / "tokens").iterdir()} == left


def test_it_mends_once_the_files_do(tmp_path: Path) -> None:
    clock = Clock()
    issuer = made(tmp_path, clock)
    index = tmp_path / "tokens" / "keys.json"
    good = index.read_bytes()
    index.write_bytes(b"[")
    clock.now += 1
    issuer.keys.follow()
    assert issuer.keys.refused
    index.write_bytes(good)
    clock.now += 1
    issuer.keys.follow()
    assert not issuer.keys.refused


def test_an_index_that_goes_while_it_runs(tmp_path: Path) -> None:
    clock = Clock()
    issuer = made(tmp_path, clock)
    (tmp_path / "tokens" / "keys.json").unlink()
    before = kids(issuer)
    clock.now += 1
    assert kids(issuer) == before
    assert issuer.keys.refused


def test_a_state_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    options = writer_options(tmp_path, insecure=True)
    with pytest.raises(ValueError, match=r"--state-dir .*tokens: "):
        make_issuer(options)
