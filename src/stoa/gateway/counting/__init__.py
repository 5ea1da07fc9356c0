"""Limits and budgets: what applies to a request, what is known to be spent, and the count within one process."""
