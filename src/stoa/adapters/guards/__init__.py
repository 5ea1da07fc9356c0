"""Guards that need a package or a service of somebody else's."""
