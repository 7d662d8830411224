"""What the HTTP servers share: tokens and tenancy, errors, request ids, logs, metrics, OpenAPI."""
