"""Prompt injection: text that tries to take the model away from its instructions, or to get at what they guard."""

from stoa.guards.injection.detector import STRICT, THRESHOLD, InjectionDetector

__all__ = ["STRICT", "THRESHOLD", "InjectionDetector"]
