"""Promise: the servers that tests talk to are the real ones, and answer."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import nats
import obstore
import pytest
import redis
from obstore.exceptions import PreconditionError
from obstore.store import S3Store

from support.servers.nats import nats_server
from support.servers.nginx import nginx_server
from support.servers.redis import redis_server
from support.servers.s3 import s3_bucket


def test_redis_hands_on_what_is_published(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url, redis.Redis.from_url(url) as client:
        with client.pubsub() as heard:
            heard.subscribe("burgee")
            heard.get_message(timeout=5)
            assert client.publish("burgee", "1.7-abc") == 1
            message = heard.get_message(timeout=5)
        assert message is not None
        assert message["data"] == b"1.7-abc"


def test_nats_hands_on_what_is_published(tmp_path: Path) -> None:
    async def scene(url: str) -> bytes:
        client = await nats.connect(url)
        heard = await client.subscribe("burgee")
        await client.publish("burgee", b"1.7-abc")
        message = await heard.next_msg(timeout=5)
        await client.close()
        return message.data

    with nats_server(tmp_path) as url:
        assert asyncio.run(scene(url)) == b"1.7-abc"


def test_the_store_keeps_to_conditions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_bucket(tmp_path) as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        store = S3Store.from_url(bucket.url, client_options={"allow_http": True})
        tag = obstore.put(store, "a/b.json", b"one", mode="create")["e_tag"]
        assert tag
        obstore.put(store, "a/b.json", b"two", mode={"e_tag": tag})
        with pytest.raises(PreconditionError):
            obstore.put(store, "a/b.json", b"x", mode={"e_tag": tag})
        assert (bucket.folder / "a/b.json").read_bytes() == b"two"


def test_nginx_serves_a_folder(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "x.json").write_text("{}")
    with (
        nginx_server(tmp_path / "nginx", f"location / {{ root {tmp_path}/dist; }}") as url,
        urllib.request.urlopen(f"{url}/x.json") as answer,
    ):
        assert answer.read() == b"{}"
        assert answer.headers["Server"].startswith("nginx")
