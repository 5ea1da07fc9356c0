"""Embeddings for ingestion: any /v1/embeddings endpoint, and a fake that hashes words."""
