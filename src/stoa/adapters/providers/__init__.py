"""Upstreams over HTTP/1.1: connections that are kept, callbacks instead of tasks; and a scripted fake of the same port."""
