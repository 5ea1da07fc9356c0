"""What is found out about a document beside its text: language, dates, names, keywords, and what it almost repeats."""
