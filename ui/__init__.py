"""The window: Qt widgets over the desk's functions. Knows no database."""
