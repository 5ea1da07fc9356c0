"""What tells of the gateway to the outside: traces by OpenTelemetry, and the numbers of several workers as one."""
