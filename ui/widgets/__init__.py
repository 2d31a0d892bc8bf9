"""Shared parts: painted to the design tokens, named for screen readers and for tests."""
