"""heartwright: a workbench for things that beat."""
