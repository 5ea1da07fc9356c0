"""Raw and parsed documents as objects: a folder or a bucket through obstore, and a memory fake."""
