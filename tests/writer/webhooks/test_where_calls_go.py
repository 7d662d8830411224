"""Promise: a call goes to a host that the settings allow, at an address that is public, found once
and kept to; nothing that an answer says leads anywhere else, or costs more than it may."""

import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from burgee_writer.webhooks.addresses import Refused, Unreachable, addresses_of, place_of
from burgee_writer.webhooks.ledger import Delivery
from burgee_writer.webhooks.settings import WebhookSettings
from support.certificates import certificate_for
from support.hooked import ListedChanges, hasty, is_signed, running
from support.scripted_server import Reply, scripted_server
from support.waiting import until

PUBLIC = "93.184.216.34"


def allowed(url: str, *hosts: str, private: bool = False) -> bool:
    try:
        place_of(url, hosts, allow_private=private)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "hosts", "verdict"),
    [
        ("https://hooks.example.com/x", ("hooks.example.com",), True),
        ("https://HOOKS.example.com", ("Hooks.Example.com",), True),
        ("https://hooks.example.com:443/", ("hooks.example.com",), True),
        ("https://hooks.example.com:8443/", ("hooks.example.com",), False),
        ("https://hooks.example.com:8443/", ("hooks.example.com:8443",), True),
        ("https://hooks.example.com/", ("hooks.example.com:8443",), False),
        ("https://a.b.example.com/", ("*.example.com",), True),
        ("https://example.com/", ("*.example.com",), False),
        ("https://evilexample.com/", ("*.example.com", "example.com"), False),
        ("https://example.com.evil.com/", ("*.example.com", "example.com"), False),
        ("https://example.com/", (), False),
        ("https://example.com/", ("*",), False),
        ("https://user@example.com/", ("example.com",), False),
        ("https://example.com@evil.com/", ("example.com",), False),
        ("https://example.com:x/", ("example.com",), False),
        ("http://example.com/", ("example.com",), False),
        ("ftp://example.com/", ("example.com",), False),
        ("//example.com/", ("example.com",), False),
        ("https:///x", ("example.com",), False),
        ("https://ex\u00e4mple.com/", ("ex\u00e4mple.com",), False),
        ("https://[2606:4700::1]/", ("[2606:4700::1]",), True),
    ],
)
def test_hosts(url: str, hosts: tuple[str, ...], verdict: bool) -> None:
    assert allowed(url, *hosts) is verdict


def test_private_leave_is_for_http_and_nothing_else() -> None:
    assert allowed("http://localhost:1/", "localhost:1", private=True)
    assert not allowed("http://localhost:1/", "other:1", private=True)
    assert not allowed("ftp://localhost:1/", "localhost:1", private=True)


REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::ffff:93.184.216.34 ::ffff:127.0.0.1 ::127.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254
ff02::1 fec0::1 2001:db8::1 2001:0:4136:e378::1 2002:7f00:1:: 64:ff9b::7f00:1 64:ff9b:1::1 100::1
nonsense 1.2.3
"""
TAKEN = "93.184.216.34 8.8.8.8 172.32.0.1 100.128.0.1 2606:4700::1111 64:ff9b::5db8:d822"


@pytest.mark.parametrize("address", REFUSED.split())
def test_addresses_that_are_not_public(address: str) -> None:
    place = place_of("https://a.example/", ("a.example",), allow_private=False)
    for found in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(Unreachable, match="not a public one"):
            addresses_of(place, lambda _, __, found=found: found, allow_private=False)  # type: ignore[misc]


@pytest.mark.parametrize("address", TAKEN.split())
def test_addresses_that_are_public(address: str) -> None:
    place = place_of("https://a.example/", ("a.example",), allow_private=False)
    found = addresses_of(place, lambda _, __: [address], allow_private=False)
    assert found == [address]


class Net:
    """A resolver and a network of the test's own: what is asked, and what is connected to."""

    def __init__(self, port: int, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.connected: list[str] = []
        self._port = port

    def resolve(self, host: str, port: int) -> Sequence[str]:
        if len(self.answers) > 1:
            return self.answers.pop(0)
        return self.answers[0]

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append(address)
        return socket.create_connection(("127.0.0.1", self._port), seconds)


def strict(certificate: Path, **more: object) -> WebhookSettings:
    return hasty(hosts=("hooks.acme.example",), allow_private=False, ca_file=certificate, **more)


def server_context(certificate: Path, names: list[str | None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: names.append(name)
    return context


def attempts(found: Delivery) -> list[str]:
    return [each.text for each in found.attempts]


def test_a_name_that_is_bound_anew_is_not_followed(tmp_path: Path) -> None:
    """Public when it is checked and private when it is connected to: it is asked for once."""
    certificate, names = certificate_for(tmp_path, "hooks.acme.example"), list[str | None]()
    changes = ListedChanges()
    with scripted_server(tls=server_context(certificate, names)) as receiver:
        net = Net(receiver.port, [PUBLIC], ["127.0.0.1"])
        settings = strict(certificate, most_attempts=2)
        with running(
            tmp_path, changes, settings, resolve=net.resolve, connect=net.connect
        ) as hooks:
            first = changes.add("https://hooks.acme.example/in")
            until(lambda: receiver.asked, "the first call")
            changes.add("https://hooks.acme.example/in")
            until(lambda: hooks.log("acme", limit=1).deliveries[0].state == "dead", "a refusal")
            second, one = hooks.log("acme", limit=2).deliveries
    assert (one.commit, one.state, one.attempts[0].status) == (first.commit, "delivered", 200)
    assert attempts(second) == ["the host's address is not a public one"] * 2
    assert net.connected == [PUBLIC], "never the private one"
    assert names == ["hooks.acme.example"]
    (asked,) = receiver.asked
    assert asked.headers["host"] == "hooks.acme.example"
    assert is_signed(asked)


def test_the_certificate_has_to_be_the_hosts(tmp_path: Path) -> None:
    certificate = certificate_for(tmp_path, "other.example")
    changes = ListedChanges()
    with scripted_server(tls=server_context(certificate, [])) as receiver:
        net = Net(receiver.port, [PUBLIC])
        with running(
            tmp_path,
            changes,
            strict(certificate, most_attempts=1),
            resolve=net.resolve,
            connect=net.connect,
        ) as hooks:
            changes.add("https://hooks.acme.example/in")
            until(lambda: hooks.log("acme", limit=1, state="dead").deliveries, "a refusal")
            (found,) = hooks.log("acme", limit=1).deliveries
    assert attempts(found)[0].startswith("TLS: ")
    assert receiver.asked == []


def test_another_address_is_tried_where_one_does_not_answer(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver:
        tried: list[str] = []

        def connect(address: str, port: int, seconds: float) -> socket.socket:
            tried.append(address)
            if address == "127.0.0.9":
                raise ConnectionRefusedError(111, "Connection refused")
            return socket.create_connection((address, port), seconds)

        with running(
            tmp_path,
            changes,
            resolve=lambda _, __: ["127.0.0.9", "127.0.0.1"],
            connect=connect,
        ):
            changes.add(f"http://localhost:{receiver.port}/")
            until(lambda: receiver.asked, "a call")
    assert tried == ["127.0.0.9", "127.0.0.1"]


def last(folder: Path, url: str, **fields: object) -> Delivery:
    """What became of one delivery that is tried once."""
    changes = ListedChanges()
    with running(folder, changes, hasty(most_attempts=1, **fields)) as hooks:
        changes.add(url)
        until(lambda: not hooks.log("acme", limit=1, state="pending").deliveries
              and hooks.log("acme", limit=1).deliveries, "an end")  # fmt: skip
        (found,) = hooks.log("acme", limit=1).deliveries
    return found


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_redirects_are_not_followed(tmp_path: Path, status: int) -> None:
    with scripted_server() as inside:
        target = {"Location": f"{inside.url}/latest/meta-data"}
        with scripted_server(lambda _: Reply(status, b"", target)) as receiver:
            found = last(tmp_path, receiver.url)
        assert inside.connections == 0
    assert found.state == "dead"
    assert [each.status for each in found.attempts] == [status]
    assert attempts(found) == ["redirects are not followed"]


def test_proxies_of_the_environment_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_server() as proxy, scripted_server() as receiver:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert last(tmp_path, receiver.url).state == "delivered"
        assert proxy.connections == 0


def test_a_huge_answer_is_not_read(tmp_path: Path) -> None:
    body = "<script>\x00\u202e".encode() + b"x" * 50_000_000
    with scripted_server(lambda _: Reply(500, body)) as receiver:
        found = last(tmp_path, receiver.url)
    (attempt,) = found.attempts
    assert attempt.status == 500
    assert attempt.text.startswith("<script> ")
    assert len(attempt.text) == 200
    assert attempt.text.isprintable()
    assert attempt.seconds < 2


ODD = {
    "an endless head": (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000, "no HTTP: HTTPException"),
    "a long line": (b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000, "no HTTP: LineTooLong"),
    "no HTTP": (b"SSH-2.0-x\r\n", "no HTTP: BadStatusLine"),
    "nothing": (b"", "no HTTP: RemoteDisconnected"),
    "half a head": (b"HTTP/1.1 200 OK\r\nA: b\r\n", "the answer ended in its head"),
    "only 100s": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "no HTTP: RemoteDisconnected"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_answers(tmp_path: Path, name: str) -> None:
    raw, text = ODD[name]
    with scripted_server(lambda _: Reply(raw=raw)) as receiver:
        found = last(tmp_path, receiver.url)
    assert (found.state, attempts(found)) == ("dead", [text])


def test_what_is_said_counts_though_its_body_never_ends(tmp_path: Path) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthanks"
    with scripted_server(lambda _: Reply(raw=raw, hang=True)) as receiver:
        found = last(tmp_path, receiver.url, total_seconds=0.3)
    assert found.state == "delivered"


@pytest.mark.parametrize("step", ["in its head", "in the handshake"])
def test_who_dribbles_is_cut_off(tmp_path: Path, step: str) -> None:
    """Each byte in time, and the whole never."""
    server = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def dribble() -> None:
        connection, _ = server.accept()
        with connection:
            record = b"\x16\x03\x03\x40\x00" if step == "in the handshake" else b"HTTP/1.1 200 O"
            for byte in record + b"\0" * 200:
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    return
                if stopped.wait(0.05):
                    return

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        scheme = "http" if step == "in its head" else "https"
        found = last(
            tmp_path, f"{scheme}://127.0.0.1:{server.getsockname()[1]}/", total_seconds=0.4
        )
    finally:
        stopped.set()
        thread.join(5)
        server.close()
    (attempt,) = found.attempts
    assert (found.state, attempt.text) == ("dead", "no answer within 0.4 s")
    assert attempt.seconds < 2


def test_a_host_that_is_not_allowed_is_a_dead_letter_at_once(tmp_path: Path) -> None:
    with scripted_server() as receiver:
        found = last(tmp_path, receiver.url, hosts=("hooks.acme.example",))
        assert receiver.connections == 0
    assert attempts(found) == ["the writer's settings do not allow this host"]


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = last(tmp_path, f"http://127.0.0.1:{port}/")
    assert attempts(found) == ["Connection refused"]
