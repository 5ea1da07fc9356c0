"""The knowledge graph: what documents say in a ledger, and for each kind of caller a store of what is open to them."""
