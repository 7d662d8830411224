"""One table says what a server can be told: options, variables and docs never differ."""

from pathlib import Path

import pytest

from burgee_http.settings import Setting, SettingsError, SettingsTable, read_settings, reference

TABLE = SettingsTable(
    "BURGEE_EDGE_",
    (
        Setting(name="host", type=str, default="127.0.0.1", help="Where to listen."),
        Setting(
            name="port", type=int, default=8080, help="0: a free one.", minimum=0, maximum=65535
        ),
        Setting(name="state-dir", type=Path, default=None, help="Kept between starts."),
        Setting(name="trust", type=Path, default=(), help="Public keys.", many=True),
        Setting(name="insecure", type=bool, default=False, help="Open access."),
        Setting(name="access-log-sample", type=float, default=1.0, help="Share.", maximum=1),
        Setting(
            name="log-level", type=str, default="info", help="Least.", choices=("info", "error")
        ),
        Setting(name="event-secret", type=str, default=None, help="For streams.", secret=True),
    ),
)


def read(
    argv: dict[str, object] | None = None, environ: dict[str, str] | None = None
) -> dict[str, object]:
    return dict(read_settings(TABLE, argv or {}, environ or {}))


def test_defaults() -> None:
    assert read() == {
        "host": "127.0.0.1",
        "port": 8080,
        "state_dir": None,
        "trust": (),
        "insecure": False,
        "access_log_sample": 1.0,
        "log_level": "info",
        "event_secret": None,
    }


CASES = [
    ({"port": "9"}, {}, "port", 9),
    ({"port": 9}, {"BURGEE_EDGE_PORT": "8"}, "port", 9),
    ({"port": None}, {"BURGEE_EDGE_PORT": " 8 "}, "port", 8),
    ({}, {"BURGEE_EDGE_PORT": ""}, "port", 8080),
    ({}, {"BURGEE_PORT": "1", "PORT": "2", "BURGEE_WRITER_PORT": "3"}, "port", 8080),
    ({}, {"BURGEE_EDGE_PORT": "tcp://10.0.0.1:80"}, "port", 8080),
    ({}, {"BURGEE_EDGE_STATE_DIR": "/var/x"}, "state_dir", Path("/var/x")),
    ({"state-dir": "/var/y"}, {}, "state_dir", Path("/var/y")),
    ({}, {"BURGEE_EDGE_TRUST": "a.pub, b.pub,"}, "trust", (Path("a.pub"), Path("b.pub"))),
    ({"trust": ("a,b.pub",)}, {}, "trust", (Path("a,b.pub"),)),
    ({"trust": ()}, {"BURGEE_EDGE_TRUST": "a.pub"}, "trust", (Path("a.pub"),)),
    ({}, {"BURGEE_EDGE_INSECURE": "TRUE"}, "insecure", True),
    ({}, {"BURGEE_EDGE_INSECURE": "off"}, "insecure", False),
    ({"insecure": False}, {"BURGEE_EDGE_INSECURE": "1"}, "insecure", False),
    ({}, {"BURGEE_EDGE_ACCESS_LOG_SAMPLE": "0.5"}, "access_log_sample", 0.5),
    ({}, {"BURGEE_EDGE_EVENT_SECRET": "s"}, "event_secret", "s"),
    ({"event_secret": "seen by all"}, {}, "event_secret", None),
]


@pytest.mark.parametrize(("argv", "environ", "key", "value"), CASES)
def test_where_a_value_comes_from(
    argv: dict[str, object], environ: dict[str, str], key: str, value: object
) -> None:
    assert read(argv, environ)[key] == value


BAD = [
    ({"port": "x"}, "--port: 'x' is no whole number"),
    ({"port": "70000"}, "--port: 70000 is outside 0..65535"),
    ({"port": "-1"}, "--port: -1 is outside 0..65535"),
    ({"log_level": "loud"}, "--log-level: 'loud' is none of info, error"),
    ({"access_log_sample": "nan"}, "--access-log-sample: 'nan' is no number"),
    ({"access_log_sample": "inf"}, "--access-log-sample: 'inf' is no number"),
    ({"access_log_sample": 2}, "--access-log-sample: 2.0 is outside ..1"),
    ({"insecure": "maybe"}, "--insecure: 'maybe' is no true or false"),
]


@pytest.mark.parametrize(("argv", "problem"), BAD)
def test_bad_values(argv: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(argv)
    assert error.value.problems == (problem,)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read({"port": "x"}, {"BURGEE_EDGE_INSECURE": "maybe", "BURGEE_EDGE_LOG_LEVEL": "?"})
    assert len(error.value.problems) == 3
    assert error.value.problems[1].startswith("BURGEE_EDGE_INSECURE: ")


def test_the_docs_come_from_the_table() -> None:
    lines = reference(TABLE).splitlines()
    assert lines[3] == "| `--port` | `BURGEE_EDGE_PORT` | `8080` | 0: a free one. |"
    assert lines[-1] == "| (environment only) | `BURGEE_EDGE_EVENT_SECRET` |  | For streams. |"
    assert len(lines) == 2 + len(TABLE.settings)
