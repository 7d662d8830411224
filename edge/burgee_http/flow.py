"""How a connection is read and ended where uvicorn's own ways would lose something."""

from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl

__all__ = ["Flow", "Lingering"]


class Flow(FlowControl):
    """Whoever awaits a body resumes reading; here not while what was read is not parsed."""

    held = False

    def hold(self, held: bool) -> None:
        self.held = held
        if held:
            self.pause_reading()
        else:
            self.resume_reading()

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()


class _Transport(Protocol):
    def write(self, data: bytes) -> None: ...

    def is_closing(self) -> bool: ...


class _Connection(Protocol):
    @property
    def transport(self) -> _Transport: ...

    def linger(self) -> None: ...


class Lingering:
    """A transport as a refused request's cycle uses it."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        return self._connection.transport.is_closing()

    def close(self) -> None:
        self._connection.linger()
