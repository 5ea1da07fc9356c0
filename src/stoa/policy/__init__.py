"""Pure decisions: may this principal do this action to this resource? No I/O, no network, no clock."""
