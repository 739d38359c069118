"""Rows for tests, one module per package of the domain."""
