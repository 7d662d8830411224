"""The client of an app: follows a source of snapshots, evaluates in process, never raises."""

from __future__ import annotations

from burgee.client.client import Client
from burgee.client.known import Change, Details, Exposure, State, Trouble

__all__ = ["Change", "Client", "Details", "Exposure", "State", "Trouble"]
