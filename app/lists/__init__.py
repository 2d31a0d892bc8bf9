"""The read side: for each table on screen an id list and a page of rows; for each panel what stands in it."""
