"""The index of passages: LanceDB in the home folder, and a memory fake that ships beside it."""
