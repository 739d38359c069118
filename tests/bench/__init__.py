"""Measurements: ratios of one interleaved run, never a test."""
