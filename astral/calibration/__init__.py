"""Judges held against labels that people gave: agreement, corrected rates, and cards that keep them."""
