"""The command line: one file a verb group. Nothing heavy is imported before a verb runs, so that `stoa --help` is quick."""
