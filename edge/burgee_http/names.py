"""What a tenant may be called; the compiler holds the folders of a repository to the same."""

import re
from typing import Final

__all__ = ["TENANT", "TENANT_OR_ALL"]

_NAME: Final = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}"

TENANT: Final = re.compile(_NAME.encode())  # as it stands in a header
TENANT_OR_ALL: Final = re.compile(rf"\*|{_NAME}")  # as it stands in a grant
