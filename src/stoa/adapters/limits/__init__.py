"""Limits that the gateway workers of one machine count together."""
