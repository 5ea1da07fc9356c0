"""The gateway's write-ahead log of usage: on disk, and in memory as its fake; and the way to control."""
