"""From a configuration of LiteLLM's proxy to resources of Stoa, and an account of every key in it.

read (document) > settle deployments (deployments, addresses, models) > routes (routing) > account for the rest (settings).
"""
