"""Pages of applications: the laboratory's and the officers'."""
