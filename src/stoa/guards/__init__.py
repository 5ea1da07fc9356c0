"""Pure detection: what in a text a guardrail would act on. No I/O; what is done about a finding is decided elsewhere."""
