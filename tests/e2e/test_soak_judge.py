"""Promise: the verdict of the soak finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

from support.soak.history import FLAGS
from support.soak.judge import growth, lags, unexcused, went_back, wrong
from support.soak.service import Service
from support.soak.watch import Answered, Down, Missed

EXPECTED = {f"{n}-abc": {"pair.left": f"v{n}", "pair.right": f"v{n}"} for n in range(1, 5)}
ARMS: dict[str, object] = {"u": "a"}


def answered(number: int, at: float = 0.0, **given: str) -> Answered:
    values: dict[str, object] = dict.fromkeys(FLAGS, f"v{number}")
    named = {key.replace("_", "."): value for key, value in given.items()}
    return Answered(at, "node-1", "u", f"{number}-abc", values | {"arms": "a"} | named)


def node(*down: Down) -> Service:
    made = Service("node-1", Path(), [], {})
    made.down += down
    return made


def test_a_wrong_answer() -> None:
    assert wrong([answered(1), answered(2)], EXPECTED, ARMS) == []
    mixed = answered(2, pair_right="v1")
    other_arm = answered(2, arms="b")
    nobodys = answered(9)
    found = wrong([answered(1), mixed, other_arm, nobodys], EXPECTED, ARMS)
    assert found == [mixed, other_arm, nobodys]


def test_a_version_that_goes_back() -> None:
    late = answered(1, at=9.0)
    overtaken = answered(2, at=5.1)
    seen = [answered(1, at=1.0), answered(3, at=5.0), overtaken, late]
    assert went_back(seen, [node()]) == [late]
    assert went_back(seen, [node(Down(8.0, 8.8))]) == []  # it began anew
    assert went_back(seen, [node(Down(2.0, 3.0))]) == [late]


def test_a_failure_that_nothing_excuses() -> None:
    down = Down(10.0, 12.0)
    of_node = [Missed(at - 0.1, at, "node-1", "x") for at in (5.0, 9.8, 11.0, 12.4, 20.0)]
    of_nginx = Missed(11.0, 11.1, "nginx", "502")
    cut = [Missed(at, at + 0.1, "nginx", "IncompleteReadError(…)") for at in (9.9, 11.0)]
    found = unexcused([*of_node, of_nginx, *cut], [node(down)])
    assert found == [of_node[0], of_node[-1], of_nginx, cut[1]]


def test_lag_and_growth() -> None:
    seen = [answered(number, at=number * 10.0 + 0.5) for number in range(1, 5)]
    lag = lags({number: number * 10.0 for number in range(1, 5)}, seen, [node()])
    assert (lag.p50, lag.most) == (0.5, 0.5)
    assert growth([10.0] * 3 + [20.0] * 3 + [50.0] * 3) == 30.0
