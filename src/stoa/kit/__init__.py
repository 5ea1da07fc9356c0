"""Small things every layer may use: ids, money, names, files. One topic a file; nothing here knows about Stoa's nouns."""
