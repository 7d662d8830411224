"""nginx, without a master of its own user and with its files in a folder of the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.servers.programs import program
from support.servers.running import free_port, running_server

__all__ = ["nginx_server"]

_WHOLE = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=cache:1m;
  {outside}
  server {{
    listen 127.0.0.1:{port};
    {inside}
  }}
}}
"""


@contextmanager
def nginx_server(
    folder: Path, inside: str, *, outside: str = "", port: int | None = None
) -> Iterator[str]:
    """Yield the URL of an nginx whose server block holds `inside`, its http block `outside`.

    A cache zone named `cache` is there to be used.
    """
    server = program("nginx")
    at = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""  # else its worker could not read the folder
    whole = _WHOLE.format(user=user, folder=folder, inside=inside, outside=outside, port=at)
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    arguments: list[str | Path] = [server, "-p", folder, "-c", folder / "nginx.conf"]
    arguments += ["-e", folder / "error.log"]
    with running_server(arguments, at, folder / "start.log"):
        yield f"http://127.0.0.1:{at}"
