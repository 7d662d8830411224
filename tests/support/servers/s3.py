"""An S3-compatible store: versitygw over a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from obstore.store import S3Store

from support.servers.programs import program
from support.servers.running import free_port, running_server

__all__ = ["Bucket", "opened", "s3_bucket"]


class Bucket(Struct, frozen=True):
    """An empty bucket: its URL, what a client of it needs in its environment, and where its
    objects lie as files.
    """

    url: str
    environment: Mapping[str, str]
    folder: Path
    port: int


@contextmanager
def s3_bucket(folder: Path, port: int | None = None) -> Iterator[Bucket]:
    """Yield a bucket of a store that keeps its objects below `folder`."""
    server = program("versitygw")
    at = port or free_port()
    for each in ("objects/flags", "aside"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    keys = {"access": "tester", "secret": "of-this-test"}
    arguments: list[str | Path] = [server, "--access", keys["access"], "--secret", keys["secret"]]
    arguments += ["--port", f"127.0.0.1:{at}", "--quiet"]
    arguments += ["posix", "--sidecar", folder / "aside", folder / "objects"]
    environment = {
        "AWS_ACCESS_KEY_ID": keys["access"],
        "AWS_SECRET_ACCESS_KEY": keys["secret"],
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{at}",
        "AWS_ALLOW_HTTP": "true",
    }
    with running_server(arguments, at, folder / "s3.log"):
        yield Bucket("s3://flags", environment, folder / "objects" / "flags", at)


def opened(environment: Mapping[str, str]) -> S3Store:
    """Return a client of the bucket, beside what is tested."""
    return S3Store(
        "flags",
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        endpoint=environment["AWS_ENDPOINT_URL"],
        region=environment["AWS_REGION"],
        client_options={"allow_http": True},
    )
