"""Promise: what hangs on the writer hears of a write: who listens to events, whom a webhook tells,
and the Python client, which is answered as it asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burgee.writer import ClientCredentials, Conflict, Forbidden, Invalid, NotFound, WriterClient
from support.event_source import EventSource
from support.flag_repository import FlagRepository, git
from support.hooked import SECRET, is_signed
from support.scripted_server import scripted_server
from support.waiting import until
from support.writer_process import WriterProcess, bare_repository, writer_process

ROOT = "environments: [staging, production]\n"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return bare_repository(tmp_path, {"flags/f.yaml": "# comment\ndefault: on\n"})


@pytest.fixture
def writer(bare: Path, tmp_path: Path) -> Iterator[WriterProcess]:
    with writer_process(bare, tmp_path / "state") as found:
        yield found


def test_events_tell_of_calls_and_of_pushes(writer: WriterProcess, tmp_path: Path) -> None:
    tenant = {"X-Tenant-ID": "acme"}
    with EventSource(writer.port, "/v1/events", tenant) as stream:
        stream.comment()
        made = writer.done("PUT", "/v1/flags/f/state", {"state": "off"})
        told = stream.event()
        assert told.id == made["commit"]
        assert told.data == {
            "commit": made["commit"],
            "previous_commit": made["previous_commit"],
            "entities": ["flag/f"],
        }
        person = FlagRepository(tmp_path / "person")
        git(person.root, "pull", "--quiet", "origin", "main")
        pushed = person.commit({"segments/s.yaml": "members: [u1]\n"})
        git(person.root, "push", "--quiet", "origin", "main")
        assert stream.event().data["entities"] == ["segment/s"]
    with EventSource(writer.port, "/v1/events", {**tenant, "Last-Event-ID": told.id}) as stream:
        assert stream.event().data["commit"] == pushed, "what came since"
    with EventSource(writer.port, "/v1/events", {**tenant, "Last-Event-ID": "0" * 40}) as stream:
        assert stream.event().data["entities"] is None, "fetch all"
    with EventSource(writer.port, "/v1/events", {"X-Tenant-ID": "globex"}) as other:
        other.comment()
        writer.done("PUT", "/v1/flags/f/state", {"state": "on"})
        assert other.comments >= 1


def test_streams_end_with_the_writer(writer: WriterProcess) -> None:
    with EventSource(writer.port, "/v1/events", {"X-Tenant-ID": "acme"}) as stream:
        stream.comment()
        writer.terminate()
        assert stream.ended()
    assert writer.stop() == 0


def test_a_webhook_is_told_and_its_delivery_is_listed(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(
        f"secrets:\n- {{name: hook, tenants: [acme], values: ['{SECRET}']}}\n", encoding="utf-8"
    )
    with scripted_server() as hook:
        tenant = f"webhooks: [{{url: '{hook.url}/x', secret: hook}}]\n"
        files = {"flags/f.yaml": "default: on\n", "acme/tenant.yaml": tenant}
        bare = bare_repository(tmp_path, files)
        arguments = ("--webhook-host", "127.0.0.1:*", "--webhook-private")
        with writer_process(
            bare, tmp_path / "state", *arguments, "--webhook-secrets-file", str(secrets)
        ) as writer:
            made = writer.done("PUT", "/v1/flags/f/state?reason=incident", {"state": "off"})
            until(lambda: len(hook.asked) == 1, "the call")
            body = hook.asked[0].json()
            assert (body["commit"], body["reason"]) == (made["commit"], "incident")
            assert body["entities"] == [{"entity": "flag", "key": "f"}]
            assert is_signed(hook.asked[0])

            def delivery() -> Any:
                return writer.get("/v1/webhooks/deliveries")["deliveries"][0]

            until(lambda: bool(delivery()["state"] == "delivered"), "the log")
            path = f"/v1/webhooks/deliveries/{delivery()['id']}/redeliver"
            assert writer.done("POST", path)["state"] == "pending"
            until(lambda: len(hook.asked) == 2, "the call, once more")


def test_the_python_client(bare: Path, tmp_path: Path) -> None:
    clients = {"bot": {"scopes": ["flags:rw"]}, "reader": {"scopes": ["flags:r"]}}
    with writer_process(bare, tmp_path / "state", clients=clients) as writer:
        url = f"http://127.0.0.1:{writer.port}"
        bot = WriterClient(url, token=ClientCredentials("bot", "key-of-bot"), tenant="acme")
        made = bot.create_flag("new.flag", default={"serve": "on", "percentage": 50}, tags=["a"])
        assert made.created
        with pytest.raises(Conflict):
            bot.create_flag("new.flag", default="off")
        found = bot.get_flag("new.flag")
        assert found.value["default"] == {"serve": "on", "percentage": 50}
        bot.set_override("new.flag", "u/1", "on", reason="VIP")
        with pytest.raises(Conflict):
            bot.set_rollout("new.flag", "on", 20, etag=found.etag)
        bot.upsert_segment("vips", members=["u-1"])
        assert bot.add_to_group("vips", "u-2").changed
        assert not bot.add_to_group("vips", "u-2").changed
        off = bot.set_state("new.flag", "off", ["production"], reason="incident 7")
        assert off.commit == git(bare, "rev-parse", "main")
        with pytest.raises(Invalid) as told:
            bot.update_flag("new.flag", {"naem": "x"})
        assert told.value.findings[0]["code"] == "B201"
        assert bot.undo(str(off.commit)).changed
        assert [each["key"] for each in bot.list_flags(tag="a")] == ["new.flag"]
        audit = list(bot.audit(entity="flag", entity_key="new.flag"))
        assert [each["action"] for each in audit] == [
            "undo", "flag.state", "flag.override", "flag.create",
        ]  # fmt: skip
        assert audit[1]["reason"] == "incident 7"
        assert {each["author"]["name"] for each in audit} == {"bot"}
        assert bot.stats()["total"] == 2
        bot.delete_flag("new.flag")
        with pytest.raises(NotFound):
            bot.get_flag("new.flag")
        reader = WriterClient(url, token="key-of-reader", tenant="acme")
        with pytest.raises(Forbidden):
            reader.set_state("f", "off")
        assert git(bare, "log", "-1", "--format=%an <%ae>", "main") == (
            "bot <bot@users.burgee.invalid>"
        )


def test_405_names_the_methods_of_every_route(writer: WriterProcess) -> None:
    for path, allowed in (
        ("/v1/flags/f", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/v1/flags/f/experiments/r", "GET, HEAD, PATCH, PUT"),
        ("/v1/undo", "POST"),
    ):
        answer = writer.ask("OPTIONS", path)
        assert answer.status == 405
        assert answer.headers["allow"] == allowed
