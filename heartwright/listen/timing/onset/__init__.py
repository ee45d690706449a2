"""Where the mean waveforms of a take's sounds begin: `means.starts`.

`answers` are what a blow sounds like in samples, `strikes` explains both sides' waveforms at once, `origin` finds the
onset of one blow, `blows` of the first of several.
"""
