"""Promise: at every moment one key signs, the next one has long been public, and a key that has
signed stays public until its last token has expired; whatever the clock and the settings do.
"""

from hypothesis import given
from hypothesis import strategies as st

from burgee_writer.tokens.schedule import MAX_AGE, Plan, TokenKey, advanced, signer, tended

HOUR, DAY = 3_600, 86_400
PLAN = Plan(token_seconds=6 * HOUR, period=30 * DAY)


class Maker:
    """Makes keys that are called by their number."""

    def __init__(self) -> None:
        self.made = 0
        self.now = 0
        self.token_seconds = PLAN.token_seconds

    def __call__(self, signs_from: int) -> TokenKey:
        self.made += 1
        return TokenKey(str(self.made), "", self.now, signs_from, self.token_seconds)


def kids(keys: tuple[TokenKey, ...]) -> str:
    return "".join(key.kid for key in keys)


def test_the_life_of_keys() -> None:
    make = Maker()
    start = 1_000 * DAY
    keys: tuple[TokenKey, ...] = ()
    seen: list[tuple[str, str]] = []
    for hours in range(24 * 70):
        now = make.now = start + hours * HOUR
        keys = tended(keys, now, PLAN, make)
        seen.append((kids(keys), signer(keys, now).kid))
    stages = list(dict.fromkeys(seen))
    assert stages == [("12", "1"), ("123", "2"), ("23", "2"), ("234", "3"), ("34", "3")]
    # After the change the old key stays for the life of a token and of a kept JWKS.
    stayed = [hours for hours, (listed, _) in enumerate(seen) if listed == "123"]
    assert (stayed[0], stayed[-1]) == (30 * 24, 30 * 24 + 6)


def test_a_new_key_is_public_for_long_before_it_signs() -> None:
    make = Maker()
    keys = tended((), 0, PLAN, make)
    assert [key.signs_from for key in keys] == [0, 30 * DAY]
    make.now = 90 * DAY  # nothing ran for three months
    keys = tended(keys, make.now, PLAN, make)
    assert signer(keys, make.now).kid == "2"
    assert keys[-1].signs_from - keys[-1].published == PLAN.lead == 6 * HOUR + MAX_AGE


def test_a_key_signs_for_less_than_a_token_lives() -> None:
    plan = Plan(token_seconds=DAY, period=HOUR)
    make = Maker()
    keys = tended((), 0, plan, make)
    assert keys[1].signs_from == DAY + MAX_AGE


def test_tokens_of_a_longer_life_keep_their_key() -> None:
    make = Maker()
    keys = tended((), 0, PLAN, make)
    longer = Plan(token_seconds=DAY, period=PLAN.period)
    keys = tended(keys, HOUR, longer, make)
    assert {key.token_seconds for key in keys} == {DAY}
    # A shorter life, set later, does not shorten that of tokens that are out.
    keys = tended(keys, 2 * HOUR, PLAN, make)
    assert {key.token_seconds for key in keys} == {DAY}
    assert kids(tended(keys, 30 * DAY + 12 * HOUR, PLAN, make))[0] == "1"
    assert kids(tended(keys, 31 * DAY + MAX_AGE, PLAN, make))[0] == "2"


def test_rotating_before_its_time() -> None:
    make = Maker()
    keys = tended((), 0, PLAN, make)
    at_once = advanced(keys, DAY)
    assert (at_once[-1].signs_from, signer(at_once, DAY).kid) == (DAY, "2")
    make.now = DAY
    keys = tended(at_once, DAY, PLAN, make)
    assert kids(keys) == "123"
    # Again at once: the third key is so new that nodes may not have fetched it.
    again = advanced(keys, DAY)
    assert again[-1].signs_from == DAY + 2 * MAX_AGE
    assert signer(again, DAY).kid == "2"


def test_a_clock_behind_all_keys() -> None:
    keys = tended((), 10 * DAY, PLAN, Maker())
    assert signer(keys, 0).kid == "1"
    assert tended(keys, 0, PLAN, Maker()) == keys


STEPS = st.lists(
    st.tuples(st.integers(0, 40 * DAY), st.sampled_from([600, HOUR, 6 * HOUR, DAY]), st.booleans()),
    max_size=30,
)


@given(STEPS)
def test_no_token_outlives_its_key(steps: list[tuple[int, int, bool]]) -> None:
    make = Maker()
    keys: tuple[TokenKey, ...] = ()
    tokens: list[tuple[str, int]] = []
    for wait, token_seconds, rotates in steps:
        make.now += wait
        plan = Plan(token_seconds, 30 * DAY)
        make.token_seconds = token_seconds
        keys = tended(keys, make.now, plan, make)
        if rotates:
            keys = tended(advanced(keys, make.now), make.now, plan, make)
        public = {key.kid for key in keys}
        assert {kid for kid, expires in tokens if expires > make.now} <= public
        key = signer(keys, make.now)
        assert key.signs_from <= make.now
        assert keys[-1].signs_from > make.now
        assert key.kid == "1" or make.now - key.published >= 2 * MAX_AGE
        assert tended(keys, make.now, plan, make) == keys
        tokens.append((key.kid, make.now + token_seconds))
