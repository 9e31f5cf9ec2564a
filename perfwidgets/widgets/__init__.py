"""Widgets that show a `Monitor`, each of use alone, and the `Dashboard` of them all."""
