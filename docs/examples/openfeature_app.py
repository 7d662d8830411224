"""The vendor-neutral way: OpenFeature's API, evaluated in process by the same client."""

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from shop_flags import client

from burgee.openfeature import BurgeeProvider

api.set_provider_and_wait(BurgeeProvider(client))
features = api.get_client()


def read_only() -> bool:
    return features.get_boolean_value("platform.read-only", False)


def theme(user: str) -> str:
    return features.get_string_value("ui.theme", "light", EvaluationContext(user))


if __name__ == "__main__":
    print(read_only(), theme("u-1"))
    api.shutdown()
