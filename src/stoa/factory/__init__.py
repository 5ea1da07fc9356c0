"""The journey of a model: datasets in versions, which what evaluates and trains stands on."""
