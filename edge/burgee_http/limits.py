"""How large and how slow a request may be."""

import msgspec

__all__ = ["Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    head_bytes: int = 16 * 1024
    head_fields: int = 100
    head_seconds: float = 10.0
    body_bytes: int = 256 * 1024
    body_seconds: float = 30.0
    write_seconds: float = 30.0  # how long a client may leave an answer unread
    keep_alive_seconds: float = 75.0  # above the idle time of common load balancers, 60 s
    linger_seconds: float = 2.0  # how long a refused client may go on sending
