"""The metrics that every HTTP server has: requests by route, method and status, and latency."""

from burgee_http.metrics import Metrics

__all__ = ["HttpMetrics"]

# Labels must stay few whatever clients send.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.requests = metrics.counter(
            "http_requests_total", "Requests answered.", ("path", "method", "status")
        )
        self.latency = metrics.histogram(
            "http_request_duration_seconds", "From the whole request to the answer.", ("path",)
        )

    def record(self, path: str, method: str, status: int, seconds: float) -> None:
        """`path` is the template of the route."""
        label = method if method in _METHODS else "OTHER"
        self.requests.cell(path, label, str(status)).value += 1
        self.latency.observe(seconds, path)
