"""The policy engine."""

from stoa.adapters.policy.cedar import CedarPolicy

__all__ = ["CedarPolicy"]
