"""Wire forms of model APIs, and the one form in the middle that each is read into and written from. Pure: no I/O, no state."""
