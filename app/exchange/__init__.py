"""Lists of people in and out: CSV, XLSX and vCard."""
