"""Pages of teams and draws, of offers, and of the pool."""
