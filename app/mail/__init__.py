"""Mail: frozen text in the event's transaction, MIME bytes once, then the wire; never a transaction across SMTP."""
