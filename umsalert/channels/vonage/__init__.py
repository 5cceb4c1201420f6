"""Vonage: SMS by the Messages API v1, calls by the Voice API v1, and their signed webhooks."""
