"""Stand-ins for Azure, so that everything can be run, tested and shown on one machine."""
