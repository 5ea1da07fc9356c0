"""AWS Bedrock's Converse, its event stream framing, and its embedding models."""
