"""The table of every finding: one line each, sorted by code, with a page in docs/reference."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["CODES", "Code", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "note", "off"]


class Code(msgspec.Struct, frozen=True):
    """What is said of a code wherever it appears; docs/reference/diagnostics has its page."""

    code: str
    name: str  # kebab-case; the title of the page
    since: str  # the first version that reports it
    severity: Severity  # before burgee.yaml's `levels`
    summary: str  # one line, no full stop


# B1 source and files · B2 shape of a file · B3 references · B4 distribution · B5 conditions ·
# B6 flag tests · B7 advice · B8 build and publish · B9 what a plan warns of
_TABLE: Final = (
    Code("B101", "not-utf8", "0.1", "error", "The file is not UTF-8"),
    Code("B102", "byte-order-mark", "0.1", "error", "The file begins with a byte order mark"),
    Code("B103", "control-character", "0.1", "error", "A character that YAML text may not hold"),
    Code("B104", "file-too-large", "0.1", "error", "The file is larger than may be read"),
    Code("B105", "empty-file", "0.1", "error", "The file holds nothing, or comments only"),
    Code("B106", "yaml-syntax", "0.1", "error", "The file is not well-formed YAML"),
    Code("B107", "several-documents", "0.1", "error", "The file holds more than one YAML document"),
    Code("B108", "duplicate-key", "0.1", "error", "A mapping has the same key twice"),
    Code("B109", "merge-key", "0.1", "error", "A merge key (<<) is used"),
    Code("B110", "yaml-tag", "0.1", "error", "A tag (!…) is used"),
    Code("B111", "key-not-scalar", "0.1", "error", "A mapping or a list is used as a key"),
    Code("B112", "too-deep", "0.1", "error", "Mappings and lists are nested more than 64 deep"),
    Code("B113", "aliases-too-large", "0.1", "error", "Aliases repeat more than 100,000 nodes"),
    Code("B114", "unknown-anchor", "0.1", "error", "An alias names an anchor that is not above it"),
    Code("B115", "alias-inside-itself", "0.1", "error", "An alias stands inside its own anchor"),
    Code("B116", "yaml-version", "0.1", "error", "The file asks for a YAML version other than 1.2"),
    Code("B117", "number-not-finite", "0.1", "error", "A number is infinite or not a number"),
    Code(
        "B118", "number-too-large", "0.1", "error", "A number is beyond what JSON readers can keep"
    ),
    Code("B120", "unknown-file", "0.1", "warning", "A file that a tenant does not have"),
    Code("B121", "yml-extension", "0.1", "error", "A file ends in .yml and is not read"),
    Code("B122", "symbolic-link", "0.1", "error", "A symbolic link stands in a tenant"),
    Code("B123", "folder-for-file", "0.1", "error", "A folder stands where a file should be"),
    Code("B124", "windows-name", "0.1", "error", "A name that Windows cannot check out"),
    Code("B125", "path-name", "0.1", "error", "A file's or folder's name is no proper name"),
    Code("B126", "case-twins", "0.1", "error", "Two names differ in case alone"),
    Code("B127", "no-burgee-yaml", "0.1", "error", "There is no burgee.yaml"),
    Code("B128", "no-tenant", "0.1", "error", "The repository holds no tenant"),
    Code("B129", "unreadable-file", "0.1", "error", "A file cannot be read"),
    Code(
        "B130",
        "blanks-around-id",
        "0.1",
        "warning",
        "An id in a member list has blanks at its ends",
    ),
    Code("B201", "unknown-field", "0.1", "error", "A field that is not known there"),
    Code("B202", "missing-field", "0.1", "error", "A required field is missing"),
    Code("B203", "wrong-type", "0.1", "error", "A value of the wrong type"),
    Code("B204", "empty-value", "0.1", "error", "A value is empty where one is needed"),
    Code("B205", "bad-name", "0.1", "error", "A name holds what names may not hold"),
    Code(
        "B206",
        "boolean-as-name",
        "0.1",
        "error",
        "A plain true or false stands where a name is expected",
    ),
    Code("B207", "bad-percentage", "0.1", "error", "A percentage that is none"),
    Code("B208", "bad-weight", "0.1", "error", "A weight that is none"),
    Code("B209", "bad-instant", "0.1", "error", "A time without an offset, or no time at all"),
    Code("B211", "value-type", "0.1", "error", "A variant's value does not have the flag's type"),
    Code("B212", "unknown-word", "0.1", "error", "A word that is none of the allowed ones"),
    Code("B213", "conflicting-fields", "0.1", "error", "Fields that cannot stand together"),
    Code(
        "B214", "empty-list", "0.1", "error", "A list or mapping is empty where something is needed"
    ),
    Code("B215", "listed-twice", "0.1", "error", "A name is listed twice"),
    Code("B216", "reserved-name", "0.1", "error", "A reserved name is used"),
    Code("B217", "metadata-name", "0.1", "error", "A metadata key that Burgee keeps for itself"),
    Code("B218", "unknown-level", "0.1", "error", "burgee.yaml sets the level of an unknown code"),
    Code("B219", "bad-url", "0.1", "error", "The address of a webhook that is none"),
    Code("B301", "unknown-segment", "0.1", "error", "A segment that does not exist"),
    Code("B302", "unknown-flag", "0.1", "error", "A flag that does not exist"),
    Code("B303", "unknown-variant", "0.1", "error", "A variant that the flag does not have"),
    Code("B304", "unknown-layer", "0.1", "error", "A layer that is not declared"),
    Code(
        "B305",
        "unknown-environment",
        "0.1",
        "error",
        "An environment that burgee.yaml does not list",
    ),
    Code("B306", "flag-cycle", "0.1", "error", "Flags that depend on each other in a circle"),
    Code("B307", "segment-cycle", "0.1", "error", "Segments that name each other in a circle"),
    Code("B308", "duplicate-rule", "0.1", "error", "Two rules of a flag have one name"),
    Code("B309", "flag-in-segment", "0.1", "error", "A segment's condition names a flag"),
    Code(
        "B310",
        "unknown-members-file",
        "0.1",
        "error",
        "A members_file that is not beside its segment",
    ),
    Code("B311", "member-and-excluded", "0.1", "error", "An id is a member and excluded"),
    Code("B312", "empty-segment", "0.1", "error", "A segment says nothing of who is in it"),
    Code(
        "B313",
        "overlay-variants",
        "0.1",
        "error",
        "An environment's variants are not those of the flag",
    ),
    Code("B314", "mixed-types", "0.1", "error", "Variants of several types without a stated one"),
    Code("B401", "no-weight", "0.1", "error", "All weights of a split are 0"),
    Code("B402", "arm-too-small", "0.1", "error", "A positive weight that gets no slot"),
    Code(
        "B403", "layer-overlap", "0.1", "error", "Two experiments of a layer claim the same slots"
    ),
    Code(
        "B404", "layer-claim", "0.1", "error", "A layer gives slots to what is not its experiment"
    ),
    Code("B405", "no-layer-slots", "0.1", "error", "An experiment has no slots in its layer"),
    Code("B406", "percentage-beside-layer", "0.1", "error", "A percentage stands beside a layer"),
    Code("B407", "moving-order", "0.1", "error", "A moving percentage ends before it starts"),
    Code(
        "B408",
        "schedule-order",
        "0.1",
        "error",
        "Schedule steps are out of order or at one instant",
    ),
    Code("B409", "stale-lock", "0.1", "warning", "A lock was made for other weights"),
    Code("B410", "malformed-lock", "0.1", "error", "A lock's ranges are malformed"),
    Code("B411", "lock-overlap", "0.1", "error", "Ranges of a lock overlap"),
    Code(
        "B412", "unused-lock", "0.1", "warning", "A lock names an arm, table or flag that is gone"
    ),
    Code("B413", "by-beside-layer", "0.1", "error", "An experiment's unit is not its layer's"),
    Code(
        "B414",
        "experiment-winner",
        "0.1",
        "error",
        "A concluded experiment without winner, or a winner too early",
    ),
    Code("B415", "bad-range", "0.1", "error", "A range of a layer is malformed"),
    Code("B416", "starts-after-end", "0.1", "error", "A rule ends before it starts"),
    Code("B417", "experiment-split", "0.1", "warning", "An experiment that measures nothing"),
    Code("B418", "repeated-lock", "0.1", "error", "A lock has two entries for one table"),
    Code(
        "B419",
        "missing-lock",
        "0.1",
        "warning",
        "A split moves more users than it has to, since it has no lock",
    ),
    Code("B420", "costly-lock", "0.1", "warning", "A lock moves more users than it has to"),
    Code("B501", "wrong-operand", "0.1", "error", "An operator is given what it does not take"),
    Code("B502", "bad-regex", "0.1", "error", "A regular expression that RE2 does not take"),
    Code("B503", "bad-version", "0.1", "error", "A version that is none"),
    Code("B505", "bad-duration", "0.1", "error", "A duration that is none"),
    Code("B506", "bad-network", "0.1", "error", "A network that is none"),
    Code("B507", "empty-condition", "0.1", "error", "An empty condition or list of conditions"),
    Code("B508", "condition-kind", "0.1", "error", "A condition of no kind, or of several"),
    Code("B509", "condition-depth", "0.1", "error", "Conditions are nested too deep"),
    Code("B510", "unknown-operator", "0.1", "error", "An operator or field that is not known"),
    Code("B511", "useless-ignore-case", "0.1", "error", "ignore_case where no text is compared"),
    Code("B512", "exists-with-others", "0.1", "error", "exists: false stands with other operators"),
    Code("B601", "test-failed", "0.1", "error", "A test of a flag or segment fails"),
    Code("B602", "test-needs-time", "0.1", "error", "A test depends on the clock and states none"),
    Code("B603", "test-too-wide", "0.1", "error", "A test's shares cannot be worked out exactly"),
    Code("B701", "unserved-null", "0.1", "warning", "A variant of value null that nothing serves"),
    Code(
        "B702",
        "masked-default",
        "0.1",
        "note",
        "An environment's default does not silence the rules",
    ),
    Code("B703", "unused-members-file", "0.1", "warning", "A member list that no segment names"),
    Code("B711", "impossible-condition", "0.1", "warning", "A condition that never holds"),
    Code("B712", "shadowed-rule", "0.1", "warning", "A rule whose users earlier rules take"),
    Code("B713", "rule-after-all", "0.1", "warning", "A rule after one that takes everyone"),
    Code("B714", "unserved-variant", "0.1", "warning", "A variant that nothing serves"),
    Code("B715", "one-answer", "0.1", "warning", "Rules and shares that all serve one variant"),
    Code("B716", "idle-gate", "0.1", "warning", "A gate of 0 or 100"),
    Code("B717", "twin-segments", "0.1", "warning", "Two segments that have the same users"),
    Code("B718", "unused-segment", "0.1", "warning", "A segment that nothing uses"),
    Code("B719", "undeclared-attribute", "0.1", "warning", "An attribute that is not declared"),
    Code("B720", "unlisted-value", "0.1", "warning", "A value that an attribute's enum lacks"),
    Code(
        "B721",
        "mistyped-condition",
        "0.1",
        "warning",
        "An operator or value that no attribute of the declared type satisfies",
    ),
    Code("B722", "endless-experiment", "0.1", "warning", "A running experiment without an end"),
    Code("B723", "expired-override", "0.1", "warning", "An override that expired"),
    Code("B724", "passed-step", "0.1", "warning", "A step of a schedule that has passed"),
    Code("B725", "overdue-flag", "0.1", "warning", "A flag past its `expires`"),
    Code("B726", "bad-excuse", "0.1", "warning", "An excuse without a code or a reason"),
    Code("B727", "idle-excuse", "0.1", "warning", "An excuse that excuses nothing"),
    Code("B801", "dirty-tree", "0.1", "note", "The work tree differs from the commit"),
    Code("B901", "experiment-reweighted", "0.1", "warning", "A running experiment is re-weighted"),
    Code("B902", "experiment-redrawn", "0.1", "warning", "A running experiment is drawn anew"),
    Code(
        "B903", "experiment-retargeted", "0.1", "warning", "A running experiment gets other users"
    ),
    Code(
        "B904", "experiment-loses-users", "0.1", "warning", "A running experiment loses its users"
    ),
    Code("B905", "layer-slots-move", "0.1", "warning", "Slots of a layer change hands"),
    Code("B906", "full-ramp-unattended", "0.1", "warning", "Everyone gets what nobody attends to"),
    Code("B907", "switch-out-of-reach", "0.1", "warning", "The stop switch no longer stops"),
    Code("B908", "others-change-too", "0.1", "note", "Other flags change with this one"),
    Code("B909", "needless-movement", "0.1", "warning", "More users are moved than needed"),
    Code("B910", "date-in-the-past", "0.1", "warning", "A date that has passed"),
    Code("B911", "environments-drift", "0.1", "note", "Environments drift apart"),
    Code("B912", "breaking-change", "0.1", "warning", "Code that asks for the flag may fail"),
    Code("B913", "users-reshuffled", "0.1", "warning", "Users are drawn anew"),
    Code("B914", "flag-removed", "0.1", "warning", "A flag goes that apps may still ask for"),
)

CODES: Final[dict[str, Code]] = {entry.code: entry for entry in _TABLE}
