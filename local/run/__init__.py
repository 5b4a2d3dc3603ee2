"""Starts all that Calbridge needs on one machine, and stops it again."""
