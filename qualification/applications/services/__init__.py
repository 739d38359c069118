"""What may be done to a case, one module per stage."""
