"""The only SQL: SpatiaLite behind the ports."""
