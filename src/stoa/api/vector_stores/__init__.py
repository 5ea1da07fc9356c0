"""`/v1/vector_stores`: collections in the form of OpenAI's vector stores. The gateway passes these paths on.

A vector store is a collection with its documents. Those that were made here have ids that begin with `vs_`, and applications of
their team change them; every other collection can be searched and read under its own name, and is changed where it was applied.
"""
