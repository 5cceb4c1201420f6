"""OVHcloud: SMS by its REST API."""
