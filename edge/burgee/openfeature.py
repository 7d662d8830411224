"""OpenFeature in process: a provider over a client. Needs the extra `openfeature`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode, ProviderFatalError, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata
from openfeature.track import TrackingEventDetails

from burgee.client.client import Client
from burgee.client.context import plain_context
from burgee.client.known import Change, Details, Problem, State
from burgee.client.values import MISFIT, Accept, fresh, like

__all__ = ["BurgeeProvider", "Tracked"]

T = TypeVar("T")
Tracked = Callable[[str, Mapping[str, Any], TrackingEventDetails | None], object]
"""Takes what an app tracks: the event's name, the user's context in JSON's types, and details."""

_Object = Sequence[FlagValueType] | Mapping[str, FlagValueType]

_AFTER_READY_SECONDS: Final = 0.5

_CODES: Final[Mapping[Problem, ErrorCode]] = {
    "not_ready": ErrorCode.PROVIDER_NOT_READY,
    "flag_not_found": ErrorCode.FLAG_NOT_FOUND,
    "targeting_key_missing": ErrorCode.TARGETING_KEY_MISSING,
    "type_mismatch": ErrorCode.TYPE_MISMATCH,
    "error": ErrorCode.GENERAL,
}
_MESSAGES: Final[Mapping[Problem, str]] = {
    "not_ready": "no snapshot has been loaded yet",
    "flag_not_found": "there is no flag of this key",
    "targeting_key_missing": "a bucket is needed, and there is no targeting key",
    "type_mismatch": "the flag's value is of another type",
    "error": "the flag could not be evaluated",
}


class BurgeeProvider(AbstractProvider):
    """Evaluates by `client`, which it closes when it is shut down.

    `track` gets what the app tracks. Users who are given an arm of an experiment go to the
    client's `exposures`. It waits `ready_seconds` for a first snapshot.
    """

    def __init__(
        self, client: Client, *, track: Tracked | None = None, ready_seconds: float = 10.0
    ) -> None:
        super().__init__()
        self.client = client
        self._track = track
        self._ready_seconds = ready_seconds
        self._undo: list[Callable[[], None]] = []

    def get_metadata(self) -> Metadata:
        return Metadata(name="burgee")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Wait for a snapshot; fatal where the node does not let this client in."""
        self._stop_telling()
        self._undo = [
            self.client.on_change(self._tell_change),
            self.client.on_state(self._tell_state),
        ]
        if self.client.ready(0):
            self._tell_staleness()
            return
        if self.client.state.status != "fatal" and self.client.ready(self._ready_seconds):
            return
        state = self.client.state
        if state.status == "fatal":
            raise ProviderFatalError(_detail(state))
        raise ProviderNotReadyError(_detail(state))

    def shutdown(self) -> None:
        self._stop_telling()
        self.client.close()

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        if self._track is not None:
            context = plain_context(_context(evaluation_context))
            self._track(tracking_event_name, context, tracking_event_details)

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        return self._resolve(flag_key, default_value, evaluation_context, like(True))

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        return self._resolve(flag_key, default_value, evaluation_context, like(""))

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        return self._resolve(flag_key, default_value, evaluation_context, like(0))

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        return self._resolve(flag_key, default_value, evaluation_context, like(0.0))

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: _Object,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[_Object]:
        return self._resolve(flag_key, default_value, evaluation_context, _object)

    # The methods ending in `_async` are the base's, which call these: nothing here waits.

    def _resolve(
        self, key: str, default: T, context: EvaluationContext | None, accept: Accept
    ) -> FlagResolutionDetails[T]:
        details = self.client.resolve(key, _context(context), accept)
        value: T = default if details.origin == "default" else details.value
        metadata = _metadata(details)
        if details.origin == "configured":
            return FlagResolutionDetails(value, reason=Reason.DEFAULT, flag_metadata=metadata)
        if details.problem is not None:
            return FlagResolutionDetails(
                value,
                _CODES[details.problem],
                f"{key}: {_MESSAGES[details.problem]}",
                Reason.ERROR,
                flag_metadata=metadata,
            )
        result = details.result
        off = result.reason == "flag_off"
        return FlagResolutionDetails(
            value,
            reason=Reason.DISABLED if off else Reason(result.openfeature_reason),
            variant=result.variant,
            flag_metadata=metadata,
        )

    def _tell_change(self, change: Change) -> None:
        self.emit_provider_configuration_changed(
            ProviderEventDetails(
                flags_changed=sorted(change.keys), metadata={"burgee.version": change.version}
            )
        )

    def _tell_state(self, state: State) -> None:
        details = ProviderEventDetails(message=_detail(state))
        if state.status == "ready":
            self.emit_provider_ready(details)
        elif state.status == "stale":
            self.emit_provider_stale(details)
        else:
            fatal = state.status == "fatal"
            details.error_code = ErrorCode.PROVIDER_FATAL if fatal else ErrorCode.GENERAL
            self.emit_provider_error(details)

    def _tell_staleness(self) -> None:
        """The SDK says READY once `initialize` has returned; what is stale is told after that."""
        if self.client.state.status == "stale":
            timer = threading.Timer(_AFTER_READY_SECONDS, self._tell_if_stale)
            timer.daemon = True
            timer.start()
            self._undo.append(timer.cancel)

    def _tell_if_stale(self) -> None:
        state = self.client.state
        if state.status == "stale":
            self._tell_state(state)

    def _stop_telling(self) -> None:
        for undo in self._undo:
            undo()
        self._undo = []


def _object(value: Any) -> Any:
    return fresh(value) if isinstance(value, dict | list) else MISFIT


def _context(context: EvaluationContext | None) -> dict[str, Any]:
    if context is None:
        return {}
    if context.targeting_key is None:
        return dict(context.attributes)
    return {**context.attributes, "targetingKey": context.targeting_key}


def _metadata(details: Details) -> dict[str, bool | int | float | str]:
    result = details.result
    told: dict[str, bool | int | float | str] = {**result.metadata, "burgee.reason": result.reason}
    if result.rule is not None:
        told["burgee.rule"] = result.rule
    if result.experiment is not None:
        told["burgee.experiment"] = result.experiment
    if details.version is not None:
        told["burgee.version"] = details.version
        told.setdefault("version", details.version)  # where OpenTelemetry's conventions look
    return told


def _detail(state: State) -> str:
    if state.trouble is not None:
        return f"{state.trouble.reason}: {state.trouble.detail}"
    return "no snapshot came in time" if state.version is None else f"version {state.version}"
