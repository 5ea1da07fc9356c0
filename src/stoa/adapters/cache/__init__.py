"""Cached answers that gateways share."""
