"""Results as JSON: the native form and OFREP's."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from burgee.evaluation import Flag, Result

__all__ = [
    "Details",
    "Failure",
    "NativeAnswer",
    "Success",
    "UserAnswer",
    "failure",
    "native_answer",
    "ofrep_answer",
    "user_answer",
]


_REASONS: Final = ("STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED")


class Details(Struct, frozen=True):
    """What more there is to say of a native answer."""

    bucket: float | None


class NativeAnswer(Struct, frozen=True, kw_only=True):
    """One flag for one user; `value` is null where the caller's default is to be used."""

    flag_key: str
    variant: str | None
    value: Any
    reason: str
    rule_id: str | UnsetType = UNSET
    experiment: str | UnsetType = UNSET
    details: Details
    request_id: str | UnsetType = UNSET
    version: str | UnsetType = UNSET


class UserAnswer(NativeAnswer, frozen=True, kw_only=True):
    """The same as the paths below `/v1/users` give it; `enabled` stands with boolean flags."""

    enabled: bool | UnsetType | None = UNSET


class Success(Struct, frozen=True, kw_only=True):
    """OFREP's answer. `variant` is always there, `value` wherever there is one."""

    key: str
    reason: Annotated[str, Meta(extra_json_schema={"enum": list(_REASONS)})]
    variant: str
    value: Any = UNSET
    metadata: dict[str, Any]


class Failure(Struct, frozen=True, kw_only=True):
    """A flag of OFREP's bulk answer that could not be evaluated."""

    key: str
    errorCode: str  # noqa: N815  the protocol's spelling
    errorDetails: str  # noqa: N815


_FAILURES = {
    "targeting_key_missing": ("TARGETING_KEY_MISSING", "This flag needs a targeting key."),
    "flag_not_found": ("FLAG_NOT_FOUND", "There is no flag of this key."),
}
_BROKEN = ("GENERAL", "This node cannot evaluate the flag.")


def native_answer(
    result: Result, *, request_id: str | None = None, version: str | UnsetType = UNSET
) -> NativeAnswer:
    """Return the native form of a result."""
    return NativeAnswer(
        flag_key=result.flag_key,
        variant=result.variant,
        value=result.value,
        reason=result.reason,
        rule_id=UNSET if result.rule is None else result.rule,
        experiment=UNSET if result.experiment is None else result.experiment,
        details=Details(result.bucket),
        request_id=UNSET if request_id is None else request_id,
        version=version,
    )


def user_answer(result: Result, flag: Flag | None) -> UserAnswer:
    """Return the form without version and request id: only what the answer itself is."""
    boolean = flag is not None and flag.type == "boolean"
    return UserAnswer(
        flag_key=result.flag_key,
        variant=result.variant,
        value=result.value,
        reason=result.reason,
        rule_id=UNSET if result.rule is None else result.rule,
        experiment=UNSET if result.experiment is None else result.experiment,
        details=Details(result.bucket),
        enabled=result.value if boolean else UNSET,
    )


def failure(result: Result) -> tuple[str, str]:
    """Return OFREP's code of an error, and its words."""
    return _FAILURES.get(result.reason, _BROKEN)


def ofrep_answer(result: Result) -> Success | Failure:
    """Return OFREP's form. Native reasons stand in the metadata: clients know a few words only."""
    if result.is_error:
        code, details = failure(result)
        return Failure(key=result.flag_key, errorCode=code, errorDetails=details)
    metadata: dict[str, Any] = {**result.metadata, "burgee.reason": result.reason}
    if result.rule is not None:
        metadata["burgee.rule"] = result.rule
    if result.experiment is not None:
        metadata["burgee.experiment"] = result.experiment
    return Success(
        key=result.flag_key,
        # DISABLED stands where there is no value, always and nowhere else: one client throws away
        # the value of an answer that says so, another makes an error of a valueless one that
        # does not.
        reason=result.openfeature_reason,
        variant=result.variant or "",
        value=UNSET if result.value is None else result.value,
        metadata=metadata,
    )
