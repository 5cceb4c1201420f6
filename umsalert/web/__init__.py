"""The ASGI application: provider webhooks (later the tap page)."""
