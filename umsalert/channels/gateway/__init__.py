"""A gateway of our own, spoken to as docs/gateway.md says."""
