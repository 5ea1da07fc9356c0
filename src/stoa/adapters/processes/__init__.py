"""Stoa's roles as processes of one machine: the lock on the home, the sockets, the supervisor that keeps the roles alive."""
