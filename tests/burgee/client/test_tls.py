"""Promise: over TLS a node has to be who it says, and all else is as without it."""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from burgee import Client
from support.scripted_node import scripted_node
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON = TenantParts({"f": flag("on")})
OFF = TenantParts({"f": flag("off")})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own making for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "node.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_it_follows_by_events_and_ends_at_once(tmp_path: Path, certificate: Path) -> None:
    write_environment(tmp_path, {"acme": ON})
    known = ssl.create_default_context(cafile=certificate)
    with scripted_node(tmp_path, server(certificate)) as node:
        node.events = True
        with Client(
            node.url, tenant="acme", allow_unsigned=True, poll_seconds=3600, ssl_context=known
        ) as client:
            assert client.evaluate("f", {}, False) is True
            until(lambda: node.streams, "the stream")
            write_environment(tmp_path, {"acme": OFF}, sequence=2)
            node.tell()
            until(lambda: client.evaluate("f", {}, True) is False, "the newer one")


def test_a_node_that_nobody_vouches_for_is_not_believed(tmp_path: Path, certificate: Path) -> None:
    write_environment(tmp_path, {"acme": ON})
    with (
        scripted_node(tmp_path, server(certificate)) as node,
        Client(node.url, tenant="acme", token="key", allow_unsigned=True) as client,
    ):
        assert client.evaluate("f", {}, None) is None
        trouble = client.state.trouble
        assert trouble is not None
        assert trouble.reason == "unreachable"
        assert "certificate" in trouble.detail
        assert node.asked == [], "nor told the token"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_a_connection_of_its_own(tmp_path: Path, certificate: Path) -> None:
    """Two processes that write to one TLS connection would break it for both."""
    write_environment(tmp_path, {"acme": ON})
    known = ssl.create_default_context(cafile=certificate)
    with (
        scripted_node(tmp_path, server(certificate)) as node,
        Client(
            node.url,
            tenant="acme",
            environment="production",
            allow_unsigned=True,
            poll_seconds=0.05,
            events=False,
            ssl_context=known,
        ) as client,
    ):
        assert client.ready()
        child = fork_and_follow(client)
        write_environment(tmp_path, {"acme": OFF}, sequence=2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        until(lambda: client.evaluate("f", {}, True) is False, "the parent's own")
        assert client.state.trouble is None


def fork_and_follow(client: Client) -> int:
    # Threads are here; what is tried is that the child gets on with them gone.
    child = os.fork()
    if child == 0:
        try:
            until(lambda: client.evaluate("f", {}, True) is False, "the newer one")
            os._exit(0 if client.state.trouble is None else 2)
        finally:
            os._exit(1)
    return child
