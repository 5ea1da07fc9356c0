"""The journey of a request: key > admission > cache > augment > route > attempt > relay > settle."""
