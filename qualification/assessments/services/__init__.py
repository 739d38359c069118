"""What may be done in a technical review, one module per stage."""
