"""From the text that names a target to the target."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from burgee_compiler.publish.folder import FolderTarget
from burgee_compiler.publish.target import Denied, Target, Unusable

__all__ = ["TOKEN_VARIABLE", "open_target"]

TOKEN_VARIABLE: Final = "BURGEE_PUBLISH_TOKEN"  # noqa: S105  a name, no token
_STORES: Final = ("s3", "gs", "az")
_MOST_TOKEN: Final = 1 << 16


def open_target(
    name: str, *, token_file: Path | None = None, single_publisher: bool = False
) -> Target:
    """Return the folder, bucket or server of a name; Unusable where it can be none.

    Nothing is asked yet. A token is read anew for each request, so that it can be exchanged.
    """
    scheme, separator, _ = name.partition("://")
    if not separator:
        return FolderTarget(Path(name))
    if scheme == "file":
        return FolderTarget(Path(name.removeprefix("file://")))
    if scheme in _STORES:
        from burgee_compiler.publish.store import StoreTarget  # noqa: PLC0415  80 ms

        return StoreTarget(name)
    if scheme in ("http", "https"):
        return _server(name, token_file, single_publisher)
    raise Unusable(
        f"nothing is published to {scheme}://",
        "a target is a folder, s3://, gs://, az://, http:// or https://",
    )


def _server(name: str, token_file: Path | None, single_publisher: bool) -> Target:
    from burgee_compiler.publish.http import HttpTarget, read_target_address  # noqa: PLC0415

    address = read_target_address(name)
    has_token = token_file is not None or bool(os.environ.get(TOKEN_VARIABLE))
    if has_token and address.scheme == "http" and not address.loopback:
        raise Unusable(
            f"a token would go to {address} for everybody on the way to read",
            "publish over https, or without a token to a server that nobody else reaches",
        )
    return HttpTarget(name, _token(token_file), single_publisher=single_publisher)


def _token(file: Path | None) -> Callable[[], str | None]:
    if file is None:
        return lambda: os.environ.get(TOKEN_VARIABLE, "").strip() or None

    def read() -> str:
        try:
            with file.open(encoding="utf-8") as opened:
                return opened.read(_MOST_TOKEN).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Denied(f"the token in {file} cannot be read: {error}") from error

    return read
