"""A Celery task: the client is made where the module is imported, before workers are forked.

Each worker process follows the source by a thread of its own; nothing has to be set up for it.
"""

import os
from datetime import datetime

from celery import Celery
from shop_flags import client

app = Celery("shop", broker=os.environ.get("SHOP_BROKER", "memory://"))


@app.task
def letter(user: str, created_at: str) -> str:
    """Return which letter brings this customer back; a time may be a datetime, with a zone."""
    context = {"targetingKey": user, "created_at": datetime.fromisoformat(created_at)}
    return client.evaluate("emails.winback", context, default="none")
