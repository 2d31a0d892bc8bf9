"""One module per area: MESSAGES maps a key to its English sentence. `app.text.messages` gathers them."""
