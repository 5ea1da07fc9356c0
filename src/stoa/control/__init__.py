"""Desired state and the people who change it: identity, keys, resources, snapshots, conversations."""
