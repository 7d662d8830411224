"""`GET /v1/users/…`: attributes in the query have the types that the tenant declares."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from burgee_edge.users import query_context
from burgee_http.call import Call
from burgee_http.errors import ApiError
from support.edge import ACME, Edge, running_edge
from support.snapshots import write_environment


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME})
    with running_edge(source) as edge:
        yield edge


def asked(query: str) -> Call:
    return Call("GET", "/", query.encode(), {}, "r1", params={"id": "u1"})


TYPED: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("plan=pro", {"plan": "pro"}),
    ("plan=", {"plan": ""}),
    ("plan=5&other=true", {"plan": "5", "other": "true"}),
    ("age=42", {"age": 42}),
    ("age=42.0", {"age": 42.0}),
    ("age=-1", {"age": -1}),
    ("beta=true", {"beta": True}),
    ("beta=false", {"beta": False}),
    ("cart.total=12.5", {"cart.total": 12.5}),
    ("cart.total=1e3", {"cart.total": 1000.0}),
    ("joined=2026-01-01", {"joined": "2026-01-01"}),
    ("joined=2026-01-01T00%3A00%3A00%2B02%3A00", {"joined": "2026-01-01T00:00:00+02:00"}),
    ("joined=1767225600", {"joined": 1767225600}),
    ("roles=admin", {"roles": ["admin"]}),
    ("roles=admin&roles=dev", {"roles": ["admin", "dev"]}),
    ("tag=a&tag=b", {"tag": ["a", "b"]}),
    ("extra=%7B%22a%22%3A1%7D", {"extra": {"a": 1}}),
    ("plan=gr%C3%BC%C3%9F+dich", {"plan": "grüß dich"}),
    ("targetingKey=u2&user.id=u3", {}),
    ("flagConfigEtag=x", {}),
]


@pytest.mark.parametrize(("query", "expected"), TYPED)
def test_types(query: str, expected: dict[str, Any]) -> None:
    found = query_context(asked(query), ACME.attributes)
    assert found == {**expected, "targetingKey": "u1"}
    assert [type(found[name]) for name in expected] == [type(each) for each in expected.values()]


MALFORMED = [
    "age=x",
    "age=",
    "age=4.5",
    "age=0x10",
    "age=1_000",
    "age=true",
    "age=NaN",
    "age=" + "9" * 5000,
    "age=1&age=2",
    "beta=1",
    "beta=True",
    "cart.total=Infinity",
    "cart.total=%22x%22",
    "extra=[]",
    "extra=x",
    "plan=%FF",
    "&".join(f"a{n}=1" for n in range(2000)),
]


@pytest.mark.parametrize("query", MALFORMED)
def test_what_is_not_of_its_type_is_400(query: str) -> None:
    with pytest.raises(ApiError) as caught:
        query_context(asked(query), ACME.attributes)
    assert (caught.value.status, caught.value.code) == (400, "malformed_query")


def test_all_flags(edge: Edge) -> None:
    answer = edge.get("/v1/users/u1/flags?plan=pro")
    assert answer.status == 200
    assert answer.headers["burgee-version"] == "1-abcdef0"
    body = json.loads(answer.body)
    assert body.keys() == {"flags"}
    items = {item["flag_key"]: item for item in body["flags"]}
    assert list(items) == sorted(ACME.flags)
    assert items["targeted"]["enabled"] is True
    assert items["killed"]["enabled"] is False
    assert items["killed-none"]["enabled"] is None
    assert "enabled" not in items["integer"]
    for key, item in items.items():
        assert item == edge.get(f"/v1/users/u1/flags/{key}?plan=pro").json()


@pytest.mark.parametrize("user", ["vip", "%76ip"])
def test_the_id_stands_in_the_path(edge: Edge, user: str) -> None:
    assert edge.get(f"/v1/users/{user}/flags/pinned").json()["value"] is True


@pytest.mark.parametrize("user", ["a%2Fb", "a|b", "%E2%82%AC", "a%40b.example", "flags"])
def test_ids_may_hold_anything(edge: Edge, user: str) -> None:
    single = edge.get(f"/v1/users/{user}/flags/half")
    assert single.status == 200
    assert edge.get(f"/v1/users/{user}/flags").status == 200


@pytest.mark.parametrize("path", ["/v1/users/u1/flags", "/v1/users/u1/flags/targeted"])
def test_etags(edge: Edge, path: str) -> None:
    first = edge.get(f"{path}?plan=pro")
    tag = first.headers["etag"]
    assert edge.get(f"{path}?plan=pro&unread=1", If_None_Match=tag).status == 304
    assert edge.get(f"{path}?plan=free", If_None_Match=tag).status == 200


def test_the_paths_have_etags_of_their_own(edge: Edge) -> None:
    paths = ["/v1/users/u1/flags", "/v1/users/u1/flags/zero", "/v1/users/u1/flags/integer"]
    tags = {edge.get(path).headers["etag"] for path in paths}
    tags.add(
        edge.post("/ofrep/v1/evaluate/flags", {"context": {"targetingKey": "u1"}}).headers["etag"]
    )
    assert len(tags) == 4


def test_an_unknown_flag(edge: Edge) -> None:
    answer = edge.get("/v1/users/u1/flags/nope")
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "flag_not_found"
