"""A year of work in virtual time: the same services, sweeps, draws and papers as in production, acted by invented people."""
