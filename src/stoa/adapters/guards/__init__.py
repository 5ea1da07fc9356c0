"""Detectors of other packages."""
