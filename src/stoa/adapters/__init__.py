"""The outside world, one folder a port. An adapter maps calls; it does not retry, log, bill or cache."""
