"""The rules of the front desk: the only writers. One module per flow, plain functions, `actor` first."""
