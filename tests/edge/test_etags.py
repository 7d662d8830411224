"""A 304 is given only where a fresh answer would be the same bytes, and always for an equal key.

Over random flags, contexts, clocks and edits, straight on the handlers.
"""

import json
from itertools import product
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from burgee.evaluation.footprint import Footprint, key
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import EnvironmentManifest
from burgee_edge.answers import ofrep_answer
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.etag import answer_key
from burgee_edge.figures import Figures
from burgee_edge.holder import Holder
from burgee_edge.node import Node
from burgee_edge.ofrep import bulk
from burgee_edge.served import Served, make_served
from burgee_edge.users import user_flags
from burgee_http.call import Call
from burgee_http.json_text import encode_json
from burgee_http.metrics import Cell
from burgee_http.tenancy import Gate
from support.random_flags import CLOCKS, CONTEXTS, START, TENANTS, VALUES
from support.snapshots import TenantParts, attribute, documents, flag, rule


class World:
    """A node whose flags and clock are set by hand."""

    def __init__(self) -> None:
        self.now = START
        self.sequence = 0
        self.figures = Figures()
        self.counts = CacheCounts(Cell(), Cell())
        holder = Holder()
        gate = Gate(None, default_tenant="acme")
        self.node = Node("production", holder, gate, self.figures, lambda: self.now)

    def serve(self, parts: TenantParts) -> None:
        self.sequence += 1
        self.node.holder.take(self._served(parts))

    def _served(self, parts: TenantParts) -> Served:
        files, digest = documents("acme", parts)
        files["manifest.json"] = canonical(
            EnvironmentManifest(
                compiler="0.1.0",
                environment="production",
                epoch=0,
                sequence=self.sequence,
                version=f"{self.sequence}-abcdef0",
                tenants={"acme": digest},
            )
        )

        def read(path: str) -> bytes:
            if path not in files:
                raise FileNotFoundError(path)
            return files[path]

        return make_served(read, "production", self.node.holder.current, self._cache)

    def _cache(self) -> ResponseCache:
        return ResponseCache(20_000, self.counts, self.figures.settle)

    def ask(self, context: dict[str, Any], etag: bytes = b"") -> tuple[int, bytes, bytes]:
        headers = {b"if-none-match": etag} if etag else {}
        body = encode_json({"context": context})
        reply = bulk(self.node, Call("POST", "/", b"", headers, "r", body))
        return reply.status, dict(reply.headers)[b"etag"], reply.body

    def fresh(self, context: dict[str, Any]) -> bytes:
        """What is answered where nothing is kept."""
        current = self.node.holder.current
        assert current is not None
        for view in current.views.values():
            view.cache = self._cache()
        return self.ask(context)[2]


@settings(max_examples=150, deadline=None)
@given(
    TENANTS,
    st.lists(CONTEXTS, min_size=4, max_size=12),
    st.lists(CLOCKS, min_size=4, max_size=10, unique=True),
)
def test_equal_keys_are_equal_answers(
    parts: TenantParts, contexts: list[dict[str, Any]], clocks: list[int]
) -> None:
    """Every context at every time against all others: one set, no edits."""
    world = World()
    world.serve(parts)
    current = world.node.holder.current
    assert current is not None
    view = current.views["acme"]
    selection = view.selection(browser=False)
    known: dict[bytes, bytes] = {}
    for context, now in product(contexts, clocks):
        answers = encode_json(
            [ofrep_answer(each) for each in view.evaluate_all(selection.keys, context, now)]
        )
        assert known.setdefault(answer_key(b"", selection, context, now), answers) == answers


Step = tuple[TenantParts | None, dict[str, Any], int]
STEPS = st.lists(st.tuples(st.none() | TENANTS, CONTEXTS, CLOCKS), min_size=2, max_size=6)


@settings(max_examples=100, deadline=None)
@given(TENANTS, STEPS)
def test_what_is_confirmed_is_what_would_be_sent(parts: TenantParts, steps: list[Step]) -> None:
    world = World()
    world.serve(parts)
    known: dict[bytes, bytes] = {}
    for edit, context, now in steps:
        if edit is not None:
            world.serve(edit)
        world.now = now
        confirmed = {tag: world.ask(context, tag) for tag in known}
        status, etag, body = world.ask(context)
        assert status == 200
        assert body == world.fresh(context)
        for tag, (told, same, empty) in confirmed.items():
            assert same == etag
            assert told == (304 if tag == etag else 200)
            if told == 304:
                assert empty == b""
                assert known[tag] == body
        known[etag] = body


@settings(max_examples=60, deadline=None)
@given(TENANTS, CONTEXTS, CLOCKS)
def test_what_is_not_read_changes_no_key(
    parts: TenantParts, context: dict[str, Any], now: int
) -> None:
    world = World()
    world.serve(parts)
    world.now = now
    current = world.node.holder.current
    assert current is not None
    selection = current.views["acme"].selection(browser=False)
    read = selection.footprint.paths(now)
    first = world.ask(context)
    if "a" not in read:
        assert world.ask({**context, "a": "something else"}) == first
    assert world.ask({**context, "nobody": 1}) == first


SPELLED = [(18, 18.0), (0, -0.0), (0.0, -0.0), (2**53 - 1, float(2**53 - 1)), (None, None)]
APART = [(2**53, 2.0**53), (1, True), (0, False), (1, "1"), (0.5, "0.5"), ("", None), ([], "")]


@given(st.sampled_from(["targetingKey", "a"]), st.sampled_from(SPELLED))
def test_numbers_go_by_value(path: str, pair: tuple[object, object]) -> None:
    world = World()
    world.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute(path, exists=True)),))}))
    first, second = ({path: each} for each in pair)
    assert world.ask(first) == world.ask(second)


@given(st.sampled_from(APART))
def test_what_evaluation_tells_apart_is_told_apart(pair: tuple[object, object]) -> None:
    prepared = World()
    prepared.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute("a", exists=True)),))}))
    assert prepared.ask({"a": pair[0]})[1] != prepared.ask({"a": pair[1]})[1]


@settings(max_examples=60, deadline=None)
@given(TENANTS, st.dictionaries(st.text(), VALUES, max_size=5), st.integers(-(2**70), 2**70))
@example(TenantParts({}), {}, 0)
def test_a_key_is_made_for_any_context(
    parts: TenantParts, context: dict[str, Any], now: int
) -> None:
    world = World()
    world.serve(parts)
    current = world.node.holder.current
    assert current is not None
    flags = current.views["acme"].flags
    footprint = Footprint.of(flags, flags.keys())
    prepared = [found for found in map(flags.get, flags.keys()) if found is not None]
    assert footprint.key(context, now) == key(prepared, context, now)


def test_deep_wide_and_huge_values_raise_nothing() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    world = World()
    world.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute("a", exists=True)),))}))
    current = world.node.holder.current
    assert current is not None
    footprint = current.views["acme"].selection(browser=False).footprint
    contexts: list[dict[str, Any]] = [
        deep,
        {"a": list(range(1_000_000))},
        {"a": 10**5000},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": object()},
    ]
    keys = [footprint.key(context, START) for context in contexts]
    assert keys[0] == keys[-1]  # of what is no scalar and no list, nothing but presence is read
    assert len(set(keys)) == len(keys) - 1


def test_a_clock_that_moves_changes_the_key_only_where_something_is_read_of_it() -> None:
    world = World()
    hour = 3_600_000_000
    form = flag(rules=(rule("new", when=attribute("joined", within_last=hour)),))
    world.serve(TenantParts({"f": form}))
    joined = {"joined": START // 1_000_000}
    tags = []
    for minutes in (0, 30, 59, 61, 120):
        world.now = START + minutes * 60_000_000
        tags.append(world.ask(joined)[1])
    assert tags[0] == tags[1] == tags[2] != tags[3] == tags[4]


def test_users_and_ofrep_do_not_share_what_is_kept() -> None:
    world = World()
    world.serve(TenantParts({"f": flag("on")}))
    ofrep = world.ask({"targetingKey": "u"})
    call = Call("GET", "/", b"", {}, "r", params={"id": "u"})
    reply = user_flags(world.node, call)
    assert dict(reply.headers)[b"etag"] != ofrep[1]
    assert json.loads(reply.body)["flags"][0]["flag_key"] == "f"


def test_answers_are_kept_in_bounded_room() -> None:
    world = World()
    world.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute("a", eq="x")),))}))
    for number in range(500):
        world.ask({"a": number})
        world.ask({"a": number})
    current = world.node.holder.current
    assert current is not None
    cache = current.views["acme"].cache
    assert cache is not None
    assert 0 < cache.bytes <= 20_000
    assert len(cache) < 100
    assert (world.counts.hits.value, world.counts.misses.value) == (0, 1000)
    world.ask({"a": 499})
    assert world.counts.hits.value == 1
    assert world.figures.read() == {("acme", "f", "off"): 1001}


def test_what_is_asked_for_once_is_not_kept() -> None:
    world = World()
    world.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute("a", eq="x")),))}))
    for number in range(5_000):
        world.ask({"a": number})
    current = world.node.holder.current
    assert current is not None
    cache = current.views["acme"].cache
    assert cache is not None
    assert (len(cache), cache.bytes) == (0, 0)
    assert world.counts.misses.value == 5_000
    assert world.figures.read() == {("acme", "f", "off"): 5_000}


def test_what_is_polled_is_known_without_its_body_being_sent() -> None:
    """The first answer is given whole; from the third request on the same word is at hand."""
    world = World()
    world.serve(TenantParts({"f": flag(rules=(rule("r", when=attribute("a", eq="x")),))}))
    _, etag, _ = world.ask({"a": 1})
    for _ in range(5):
        assert world.ask({"a": 1}, etag) == (304, etag, b"")
    current = world.node.holder.current
    assert current is not None
    cache = current.views["acme"].cache
    assert cache is not None
    assert len(cache) == 1
    assert world.figures.read() == {("acme", "f", "off"): 1}, "a 304 serves nothing"
