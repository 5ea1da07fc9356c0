"""Guardrails as stages of a request: before it goes to a model, while its answer streams, and after."""
