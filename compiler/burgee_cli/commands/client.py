"""`burgee client`: keys for those who call the servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from burgee_cli.outcome import No, Usage
from burgee_http.client_keys import append_client, make_client_key
from burgee_http.clients import Client, ClientsError, parse_clients

__all__ = ["command"]


@click.group("client")
def command() -> None:
    """Make keys for clients of the servers; they stand in a clients file, by their SHA-256."""


@command.command("add", short_help="make a key for a client and add it to a clients file")
@click.argument("name")
@click.option(
    "--clients",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The clients file; made where there is none.",
)
@click.option(
    "--tenant", "tenants", required=True, multiple=True, metavar="T", help="Repeatable; '*': all."
)
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice(["evaluate", "flags:r", "flags:rw", "admin"]),
    help="What the key allows; repeatable.",
)
@click.option(
    "--environment", "environments", multiple=True, metavar="E", help="Repeatable; default: all."
)
@click.option("--browser", is_flag=True, help="The key is public: it sees client_side flags only.")
@click.option("--rate", type=float, metavar="N", help="Requests a second on average; default: any.")
@click.option("--another-key", is_flag=True, help="Give a name in use one key more.")
@click.option("--json", "as_json", is_flag=True, help="Print the key and its line as JSON.")
def add(name: str, file: Path, another_key: bool, as_json: bool, **line: Any) -> int:
    """Make a key for the client NAME, add it to the clients file, and print it.

    The key is printed this once: the file holds only its SHA-256. Running servers take the new
    client within a second. To change a key without a gap, add another one under the same name,
    and remove the old line once nobody uses it.

    \b
    Example:  burgee client add shop --clients clients.yaml --tenant acme --scope evaluate
    """
    secret, digest = make_client_key()
    client = _client(name, digest, **line)
    try:
        _refuse_taken(name, file, another_key)
        append_client(file, client)
    except ClientsError as error:
        raise No(f"{file}: {error}", "mend the clients file, then add the client again") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Usage(f"{file} cannot be changed: {reason}") from error
    if as_json:
        shown = {"secret": secret, **msgspec.to_builtins(client)}
        click.echo(msgspec.json.format(msgspec.json.encode(shown)))
    else:
        click.echo(secret)
        click.echo(f"added {name} to {file}; the key above is shown this once", err=True)
    return 0


def _client(
    name: str,
    digest: str,
    tenants: tuple[str, ...],
    scopes: tuple[str, ...],
    environments: tuple[str, ...],
    browser: bool,
    rate: float | None,
) -> Client:
    """Return the client's line; Usage where the options do not go together."""
    line = {
        "name": name,
        "sha256": digest,
        "scopes": scopes,
        "tenants": tenants,
        "environments": environments or None,
        "browser": browser,
        "rate": rate,
    }
    try:
        client = msgspec.convert(line, Client)
        parse_clients(msgspec.json.encode({"clients": [client]}))
    except (msgspec.ValidationError, ClientsError) as error:
        raise Usage(str(error).removeprefix("clients[0]: ")) from error
    return client


def _refuse_taken(name: str, file: Path, another_key: bool) -> None:
    text = file.read_bytes() if file.exists() else b""
    taken = {each.subject for each in parse_clients(text).principals.values()}
    if name in taken and not another_key:
        raise No(
            f"{file} has a client {name!r}", "take another name, or add a key with --another-key"
        )
