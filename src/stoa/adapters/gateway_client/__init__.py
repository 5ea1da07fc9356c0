"""How control asks the gateway for an answer: over HTTP, as any application does, or from a script in tests."""
