"""Where documents come from: a connector a file, behind `Connector`, and the table that opens them."""
