"""What `make bench` runs: times of the pipeline, beside hand-written SQL for the same KPIs.

Belongs here: running the demo on a copy, the hand-written SQL, the comparison and its bounds. Does
not belong here: anything that pytest collects; times are for reading, and no test waits on them.
"""
