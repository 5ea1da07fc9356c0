"""Secrets at rest and between roles, all from one master key in the home folder."""

from stoa.adapters.secrets.vault import Secrets

__all__ = ["Secrets"]
