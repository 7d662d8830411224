"""Making client keys, and adding a client to the clients file without losing what is in it."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import yaml

from burgee_http.clients import Client, ClientsError, parse_clients

__all__ = ["append_client", "key_digest", "make_client_key"]


def make_client_key() -> tuple[str, str]:
    """A new key of 256 random bits, and its SHA-256 in hex. Only the second is ever stored."""
    secret = "burgee_" + secrets.token_urlsafe(32)
    return secret, key_digest(secret.encode()).hex()


def key_digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def append_client(path: Path, client: Client) -> None:
    """Adds one line to the clients file; comments and other lines stay as they are.

    The new file replaces the old in one step, under a lock, so that readers see one or the other
    and of two who add at once both are kept.
    """
    path = Path(os.path.realpath(path))
    with _locked(path) as old:
        before = parse_clients(old)
        new = _with_line(old.decode("utf-8"), client).encode("utf-8")
        after = parse_clients(new)
        kept = before.principals.items() <= after.principals.items()
        if not kept or bytes.fromhex(client.sha256) not in after.principals:
            raise ClientsError(f"{client.name!r} could not be added: is its name revoked?")
        _replace(path, new)


@contextmanager
def _locked(path: Path) -> Iterator[bytes]:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Another may have put a new file in its place while we waited.
            if os.path.samestat(os.fstat(handle), path.stat()):
                with os.fdopen(os.dup(handle), "rb") as file:
                    yield file.read()
                return
        finally:
            os.close(handle)


def _replace(path: Path, text: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise


def _with_line(text: str, client: Client) -> str:
    # JSON is YAML's flow form, quoted throughout: the line reads the same in either kind of file.
    line = json.dumps(msgspec.to_builtins(client), ensure_ascii=False)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = _clients_node(root)
    if root is None or found is None:
        return _without_list(text, root, line)
    if not isinstance(found, yaml.SequenceNode):  # `clients:` with nothing after it
        return _after(text, found.start_mark.index, f"- {line}")
    if found.flow_style:
        return _in_flow(text, found, line)
    indent = " " * found.start_mark.column
    return _after(text, _last_index(found), f"{indent}- {line}")


def _after(text: str, index: int, line: str) -> str:
    """The text with a line more, below the one that the index is in."""
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{line}\n{text[end + 1 :]}"


def _clients_node(root: yaml.Node | None) -> yaml.Node | None:
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value == "clients" and isinstance(value, yaml.Node):
            return value
    return None


def _without_list(text: str, root: yaml.Node | None, line: str) -> str:
    if root is None or (isinstance(root, yaml.MappingNode) and not root.flow_style):
        return f"{_ended(text)}clients:\n- {line}\n"
    if isinstance(root, yaml.MappingNode):
        at = root.start_mark.index + 1
        comma = ", " if root.value else ""
        return f'{text[:at]}"clients": [{line}]{comma}{text[at:]}'
    raise ClientsError("the file is no mapping")


def _in_flow(text: str, found: yaml.SequenceNode, line: str) -> str:
    if not found.value:
        at = found.start_mark.index + 1
        return f"{text[:at]}{line}{text[at:]}"
    at = found.value[-1].end_mark.index
    return f"{text[:at]},\n{line}{text[at:]}"


def _last_index(node: yaml.Node) -> int:
    """The index of the last character of a node; a block's end mark lies beyond it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_index(last[1] if isinstance(last, tuple) else last)
    return max(node.start_mark.index, node.end_mark.index - 1)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
