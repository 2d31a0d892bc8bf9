"""Dialogs: forms over a scrim, and the one seam for asking and telling."""
