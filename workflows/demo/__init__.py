"""Cases walked the whole way through the services: for the demo, for `smoke`, and for tests."""
