"""The flags of a shop: one client for the whole process, which every example here asks.

`SHOP_FLAGS` names where they come from: what `burgee build --out` wrote, or an edge node's URL.
"""

import logging
import os

from burgee import Client
from burgee.client import Exposure

_log = logging.getLogger("shop")


def tell_analytics(exposure: Exposure) -> None:
    """Note who was given which arm of an experiment, where your own tracking picks it up."""
    _log.info("%s: %s", exposure.flag_key, exposure.variant)


source = os.environ["SHOP_FLAGS"]
client = Client(
    source,
    tenant="acme",
    environment="production",
    token=os.environ.get("SHOP_FLAGS_KEY"),  # for a node that asks for one
    allow_unsigned=source.startswith("http"),  # better: trust=["signing.pub"]
    defaults={"support.chat-hours": "9-17"},  # where the snapshot has no such flag
    exposures=tell_analytics,
)
