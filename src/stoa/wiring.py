"""Where adapters meet features: one function a role, and nothing else knows both sides.

Each function imports late what its role alone needs, so that no role pays for another's libraries.
"""
