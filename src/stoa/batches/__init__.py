"""The journey of a batch: file > validate > ask, line by line > store > output and error file."""
