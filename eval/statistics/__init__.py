"""Intervals, errors and paired comparisons, in closed form where there is one."""
