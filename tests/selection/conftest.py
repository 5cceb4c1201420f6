"""A real SpatiaLite file for each test, as the tests of the store have."""

from tests.store.conftest import clock, database, empty_database, store

__all__ = ["clock", "database", "empty_database", "store"]
