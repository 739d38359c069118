"""What may be done with certificates."""
