"""The clients file: what it may say, that mistakes are told, that adding a client loses nothing."""

import hashlib
import json
import threading
from pathlib import Path

import pytest

from burgee_http.client_keys import append_client, make_client_key
from burgee_http.clients import Client, ClientsError, mark_of, parse_clients
from burgee_http.principal import Rate

A, B = "a" * 64, "0" * 63 + "b"
ONE = f'clients:\n- {{name: web, sha256: "{A}", scopes: [evaluate], tenants: [acme]}}\n'


def test_a_client_with_everything() -> None:
    text = f"""
clients:  # who may call
- {{name: web, sha256: "{A}", scopes: [evaluate], tenants: [acme], browser: true, rate: 5}}
- name: ci
  sha256: "{B}"
  scopes: [flags:rw]
  tenants: ["*"]
  environments: [staging]
  rate: {{per_second: 0.5, burst: 3}}
revoked: [old-laptop, 7f3a]
"""
    clients = parse_clients(text.encode())
    web, ci = (clients.principals[bytes.fromhex(digest)] for digest in (A, B))
    assert (web.subject, web.kind, web.browser) == ("web", "client", True)
    assert web.rate == Rate(5.0, 5)
    assert web.environments is None
    assert ci.scopes == {"evaluate", "flags:r", "flags:rw"}
    assert (ci.tenants, ci.environments) == (frozenset({"*"}), frozenset({"staging"}))
    assert ci.rate == Rate(0.5, 3)
    assert clients.revoked == {"old-laptop", "7f3a"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "clients:\n", "clients: []\nrevoked: []\n"])
def test_a_file_may_be_empty(text: str) -> None:
    assert parse_clients(text.encode()).principals == {}


def test_json_will_do() -> None:
    client = {"name": "web", "sha256": A, "scopes": ["evaluate"], "tenants": ["acme"]}
    assert len(parse_clients(json.dumps({"clients": [client]}).encode()).principals) == 1


def test_a_revoked_client_has_no_key() -> None:
    assert parse_clients(f"{ONE}revoked: [web]\n".encode()).principals == {}


def with_fields(fields: str) -> str:
    return f'clients: [{{name: web, sha256: "{A}", scopes: [evaluate], tenants: [acme], {fields}}}]'


BAD = {
    "no yaml": ("clients: [", "no valid YAML"),
    "not utf-8": ("clients: \udcff", "no valid YAML"),
    "a list": ("- 1", "object"),
    "unknown field": ("client: []", "client"),
    "field twice": ("clients: []\nclients: []", "twice"),
    "unknown field of a client": (with_fields("scope: x"), "scope"),
    "field of a client twice": (with_fields("browser: true, browser: false"), "twice"),
    "no key": ("clients: [{name: web, scopes: [evaluate], tenants: [a]}]", "sha256"),
    "a digest too short": (ONE.replace(A, "abc"), "64 lower-case hex"),
    "a digest in capitals": (ONE.replace(A, "A" * 64), "64 lower-case hex"),
    "a digest with a newline": (ONE.replace(f'"{A}"', f'"{A}\\n"'), "64 lower-case hex"),
    "a digest that YAML takes for a number": (ONE.replace(f'"{A}"', "1" * 64), "str"),
    "one key twice": (ONE + ONE.splitlines()[1], "listed twice"),
    "unknown scope": (ONE.replace("evaluate", "write"), "write"),
    "no scope": (ONE.replace("[evaluate]", "[]"), "scopes"),
    "no tenant": (ONE.replace("[acme]", "[]"), "tenants"),
    "no name of a tenant": (ONE.replace("[acme]", "['a b']"), "'a b'"),
    "a name that YAML takes for a boolean": (ONE.replace("web", "on"), "name"),
    "a browser that reads": (
        ONE.replace("[evaluate]", "[flags:r]").replace("}", ", browser: true}"),
        "browser key is public",
    ),
    "rate of nothing": (with_fields("rate: 0"), "rate"),
    "rate below nothing": (with_fields("rate: -1"), "rate"),
    "rate without end": (with_fields("rate: .inf"), "rate"),
    "rate that is no number": (with_fields("rate: .nan"), "rate"),
    "rate that never comes": (with_fields("rate: 1.0e-310"), "rate"),
    "burst without end": (with_fields(f"rate: {{per_second: 1, burst: {10**400}}}"), "burst"),
    "burst of nothing": (with_fields("rate: {per_second: 1, burst: 0}"), "burst"),
    "rate half said": (with_fields("rate: {per_second: 1}"), "burst"),
    "deep": ("[" * 100_000, "deep"),
    "deep braces": ("{a: " * 100_000, "deep"),
    "deep lists": ("- " * 100_000, "deep"),
    "deep keys": ("? " * 100_000, "deep"),
    "no time": ("revoked: [!!timestamp x]", "groupdict"),
    "python object": ("clients: !!python/object/apply:os.getcwd []", "no valid YAML"),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_mistakes_are_told(text: str, says: str) -> None:
    with pytest.raises(ClientsError, match=says):
        parse_clients(text.encode("utf-8", "surrogateescape"))


def test_a_key_is_random_and_only_its_digest_is_kept() -> None:
    secret, digest = make_client_key()
    other, _ = make_client_key()
    assert secret != other
    assert len(secret) >= 43
    assert hashlib.sha256(secret.encode()).hexdigest() == digest


def client(name: str = "new") -> Client:
    return Client(name, make_client_key()[1], ("evaluate",), ("acme",))


FILES = {
    "none": None,
    "empty": "",
    "comment": "# clients of the shop\n",
    "one": ONE,
    "no last newline": ONE.rstrip("\n"),
    "revoked after": f"{ONE}\n# gone\nrevoked:\n- x\n",
    "revoked before": f"revoked: [x]\n{ONE}",
    "revoked only": "revoked: [x]\n",
    "indented": ONE.replace("\n- ", "\n    - ") + "# end\n",
    "block": f"clients:\n- name: w\n  sha256: {A}\n  tenants:\n  - a\n  scopes:\n  - evaluate\n\n",
    "empty list": "clients: []  # none yet\nrevoked: []\n",
    "nothing yet": "clients:  # none yet\nrevoked: []\n",
    "flow": f'clients: [{{name: w, sha256: "{A}", scopes: [evaluate], tenants: [a]}},]\n',
    "json": '{"revoked": ["x"]}\n',
    "json with clients": '{"clients": [], "revoked": []}\n',
    "windows": ONE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("before", FILES.values(), ids=FILES)
def test_adding_keeps_what_is_there(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "clients.yaml"
    if before is not None:
        path.write_bytes(before.encode())
    old = parse_clients((before or "").encode())
    first, second = client('zo\u00eb: "#1"'), client("b")
    append_client(path, first)
    append_client(path, second)
    text = path.read_text()
    new = parse_clients(text.encode())
    assert {p.subject for p in new.principals.values()} == {
        *(p.subject for p in old.principals.values()),
        first.name,
        second.name,
    }
    assert new.revoked == old.revoked
    comments = [line.partition("#")[2] for line in (before or "").splitlines() if "#" in line]
    assert [comment for comment in comments if comment not in text] == []
    assert sum(second.sha256 in line for line in text.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["clients.yaml"]


def test_a_new_file_is_private_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    append_client(path, client())
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    append_client(path, client("b"))
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(ONE)
    link = tmp_path / "clients.yaml"
    link.symlink_to("real.yaml")
    append_client(link, client())
    assert link.is_symlink()
    assert len(parse_clients((tmp_path / "real.yaml").read_bytes()).principals) == 2


@pytest.mark.parametrize("before", ["clients: 5", "clients: [", "- x"])
def test_a_broken_file_is_left_alone(tmp_path: Path, before: str) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text(before)
    with pytest.raises(ClientsError):
        append_client(path, client())
    assert path.read_text() == before


def test_a_revoked_name_is_not_added(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text("revoked: [new]\n")
    with pytest.raises(ClientsError, match="revoked"):
        append_client(path, client())
    assert path.read_text() == "revoked: [new]\n"


def test_of_many_who_add_at_once_all_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    threads = [
        threading.Thread(target=append_client, args=(path, client(f"c{n}"))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {p.subject for p in parse_clients(path.read_bytes()).principals.values()}
    assert names == {f"c{n}" for n in range(20)}


def test_a_key_is_found_by_the_mark_that_tokens_carry() -> None:
    text = ONE + f'- {{name: web, sha256: "{"c" * 64}", scopes: [admin], tenants: [acme]}}\n'
    clients = parse_clients(text.encode())
    assert [digest.hex() for digest, _ in clients.keys_of("web")] == [A, "c" * 64]
    assert clients.keys_of("we") == []
    found = clients.marked("web", mark_of(bytes.fromhex("c" * 64)))
    assert found is not None
    assert found.scopes == {"evaluate", "flags:r", "flags:rw", "admin"}
    for name, mark in (("web", "0" * 16), ("web", None), ("web", ""), ("ci", mark_of(b"c" * 32))):
        assert clients.marked(name, mark) is None
