"""Settings → Safe keeping: a page of cards, one file a card."""
