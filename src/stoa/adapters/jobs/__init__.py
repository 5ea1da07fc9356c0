"""Durable jobs: DBOS on a database, and a runner in memory for tests."""
