"""The roof: configs, the command line, jobs on clusters, and reports."""
