"""Finding model servers on this machine."""
