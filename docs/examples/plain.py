"""A program without a framework: asks a flag, tells how the answer came about, and ends."""

import sys

from shop_flags import client


def steps(user: str, plan: str) -> int:
    """Return in how many steps this user checks out."""
    page = client.evaluate(
        "checkout.one-page", {"targetingKey": user, "plan": plan}, default={"steps": 3}
    )
    return page["steps"]


if __name__ == "__main__":
    user, plan = sys.argv[1:]
    with client:
        details = client.details("checkout.one-page", {"targetingKey": user, "plan": plan})
        print(f"{steps(user, plan)} steps, by {details.result.reason} of {details.version}")
