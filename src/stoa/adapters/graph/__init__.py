"""The graph of passages: packed segments in the home folder, and a memory fake that ships beside them."""
