"""The snapshot's JSON, as types: what the compiler writes and every reader reads.

How it may grow: new fields with defaults raise the minor number and older readers pass over
them; a field is never retyped or given another meaning without a new major number.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Raw, Struct, field

from burgee.paths import TARGETING_KEY

__all__ = [
    "FORMAT",
    "SEMANTICS",
    "ConditionForm",
    "DocumentRef",
    "EnvironmentManifest",
    "ExperimentForm",
    "FlagForm",
    "FlagsDocument",
    "GateForm",
    "HeartbeatForm",
    "LayerForm",
    "OutcomeForm",
    "OverrideForm",
    "PhaseForm",
    "RequireForm",
    "RuleForm",
    "SegmentForm",
    "SegmentsDocument",
    "Signature",
    "Signatures",
    "SignedHeartbeat",
    "SplitForm",
    "TenantManifest",
]

FORMAT: Final = (1, 0)
SEMANTICS: Final = 1
"""Raised when the same forms come to mean something else; part of every flag's digest."""

Format = Annotated[tuple[int, int], Meta(description="Major and minor number of the form.")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in hex.")]
ShortDigest = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="128 bits of SHA-256.")]
Micros = Annotated[int, Meta(description="An instant: microseconds since 1970-01-01T00:00Z.")]
VariantIndex = Annotated[int, Meta(ge=0, description="An index into the flag's `variants`.")]
Range = Annotated[tuple[int, int], Meta(description="Slots [start, end) that are let in.")]
ArmRange = Annotated[tuple[int, int, int], Meta(description="Slots [start, end), variant index.")]


class ConditionForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A condition; exactly one of `all any not segment flag attribute` is set."""

    all: tuple[ConditionForm, ...] | None = None
    any: tuple[ConditionForm, ...] | None = None
    not_: ConditionForm | None = field(name="not", default=None)
    segment: ShortDigest | None = None
    flag: str | None = None
    serves: tuple[str, ...] = ()
    attribute: str | None = None
    tests: dict[str, Any] = {}
    ignore_case: bool = False


class TableForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What every table says about how a unit becomes a slot; Burgee's own way is the default."""

    salt: str
    hash: str = "xxh3_64"
    key: str = "{tenant}/{salt}/{unit}"
    slots: int = 100_000
    comparison: str = "<"


class GateForm(TableForm, frozen=True, omit_defaults=True, kw_only=True):
    """Which slots are let in: fixed ranges, or a threshold that moves in time.

    `moving` is [from, to, start, end]: thousandths of a percent, and instants.
    """

    ranges: tuple[Range, ...] = ()
    moving: tuple[int, int, Micros, Micros] | None = None


class LayerForm(GateForm, frozen=True, omit_defaults=True, kw_only=True):
    """A layer's slots that belong to one experiment, and those held out of all of them."""

    name: str
    holdout: tuple[Range, ...] = ()


class SplitForm(TableForm, frozen=True, omit_defaults=True, kw_only=True):
    """Which slots get which variant; slots that no range names get none."""

    ranges: tuple[ArmRange, ...]


class ExperimentForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The state of an experiment and the variants it falls back to."""

    status: Literal["draft", "running", "paused", "concluded"]
    control: VariantIndex
    winner: VariantIndex | None = None


class OutcomeForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is served: one variant or a split, perhaps behind a gate."""

    serve: VariantIndex | None = None
    split: SplitForm | None = None
    gate: GateForm | None = None
    by: str = TARGETING_KEY


class RuleForm(OutcomeForm, frozen=True, omit_defaults=True, kw_only=True):
    """A rule: when it holds, from when until when, and what it serves."""

    name: str
    when: ConditionForm | None = None
    starts: Micros | None = None
    ends: Micros | None = None
    layer: LayerForm | None = None
    experiment: ExperimentForm | None = None


class OverrideForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One user, named by a digest of the id, pinned to a variant until `expires`."""

    member: ShortDigest
    serve: VariantIndex
    expires: Micros | None = None


class RequireForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A prerequisite: the flag must serve one of these variants."""

    flag: str
    serves: tuple[str, ...]


class PhaseForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What holds from `at` (included) until the next phase; the first has no `at`."""

    default: OutcomeForm
    at: Micros | None = None
    state: Literal["on", "off"] = "on"
    off_variant: VariantIndex | None = None
    overrides: tuple[OverrideForm, ...] = ()
    rules: tuple[RuleForm, ...] = ()


class FlagForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One flag in one environment; variants are sorted by name, null is the caller's default."""

    type: Literal["boolean", "string", "integer", "number", "object"]
    variants: tuple[tuple[str, Any], ...]
    phases: tuple[PhaseForm, ...]
    client_side: bool = False
    metadata: dict[str, str | int | float | bool] = {}
    tags: tuple[str, ...] = ()
    requires: tuple[RequireForm, ...] = ()


class SegmentForm(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A segment: not excluded, and a member or `when` holds.

    Short lists stand here as concatenated digests in hex, long ones in a document of their own.
    """

    name: str
    by: str = TARGETING_KEY
    when: ConditionForm | None = None
    members: str = ""
    members_document: Digest | None = None
    excluded: str = ""
    excluded_document: Digest | None = None


class FlagsDocument(Struct, frozen=True):
    """Flags by key, each its closure digest and its raw form, decoded on first use."""

    flags: dict[str, tuple[ShortDigest, Raw]]
    format: Format = FORMAT


class SegmentsDocument(Struct, frozen=True):
    """Segments by a digest of their content."""

    segments: dict[ShortDigest, Raw]
    format: Format = FORMAT


class DocumentRef(Struct, frozen=True):
    """Where to find a document and what must be found there."""

    digest: Digest
    bytes: int
    count: int


class TenantManifest(Struct, frozen=True, kw_only=True):
    """A tenant's documents in one environment; flags stand by the top bits of XXH3(key)."""

    environment: str
    tenant: str
    flags: tuple[DocumentRef, ...]
    segments: DocumentRef
    members: tuple[DocumentRef, ...] = ()
    attributes: dict[str, str] = {}
    held: dict[str, str] = {}
    format: Format = FORMAT


class EnvironmentManifest(Struct, frozen=True, kw_only=True):
    """The one file that changes: what an environment's tenants are, and of which commit."""

    compiler: str
    environment: str
    epoch: int
    sequence: int
    version: str
    tenants: dict[str, Digest]
    commit: str | None = None
    committed_at: str | None = None
    format: Format = FORMAT


class Signature(Struct, frozen=True):
    """One detached signature over the exact bytes of a manifest."""

    keyid: str
    alg: str
    sig: str


class Signatures(Struct, frozen=True):
    """What a `.sig` file holds; several signatures while keys are rotated."""

    signatures: tuple[Signature, ...]


class HeartbeatForm(Struct, frozen=True):
    """That a publisher was well at `time`, and what was in force then as far as it knows."""

    digest: Digest
    environment: str
    time: Micros


class SignedHeartbeat(Struct, frozen=True):
    """What `heartbeat.json` holds; signatures are over the canonical bytes of the inner object."""

    heartbeat: HeartbeatForm
    signatures: tuple[Signature, ...] = ()
