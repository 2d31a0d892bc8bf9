"""Paper: a frozen snapshot in, PDF bytes out. The same snapshot gives the same bytes for ever."""
