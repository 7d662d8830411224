"""One exposure, as it is written."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Exposure"]


class Exposure(Struct, frozen=True, kw_only=True):
    """A user was given an arm of a running experiment, in an answer about that flag alone."""

    time: Annotated[str, Meta(description="RFC 3339, when the node answered.")]
    environment: str
    tenant: str
    flag: str
    experiment: Annotated[str, Meta(description="The name of the rule.")]
    layer: str | None
    variant: str | None
    bucket: Annotated[float | None, Meta(description="Of the table that chose the arm, in [0, 1).")]
    user: Annotated[
        str | None,
        Meta(
            description="The targeting key, by default as the first 32 hex digits of the SHA-256 "
            "of `<tenant>/@member/<key>`; null where there was none."
        ),
    ]
    version: Annotated[str, Meta(description="Of the snapshot that decided.")]
