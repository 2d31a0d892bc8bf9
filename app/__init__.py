"""Deskbell without a screen: everything here is true whether or not a window is open."""

__version__ = "0.1.0"
