"""Repair: faults and what answers them, the hand, the touch, and the rehearsal on a twin."""
