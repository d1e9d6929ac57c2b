"""Proof by mutation: good data and sound machinery, spoilt in one way at a time.

`world` makes the market, whose data is clean. `catalogue/*.yml` says how each mutation spoils it
and what must follow; `spoiling` does it, `expected` works out which rows lose their value,
`running` runs and compares, `matrix` writes docs/measurability_matrix.md.
"""
