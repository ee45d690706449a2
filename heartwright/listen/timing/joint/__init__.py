"""Sounds of a beat that ring into each other, timed together: `timed.time`.

`bank` is what each mode of the case sounds like behind the microphone, learnt from `lessons` (`learning`), `unravel`
how blows follow each other, `sequels` on both sides; `impulses` are those of impulse and second blow, `locks` those of
lock, banking and bounce. `volley` fits blows in every beat, `struck` holds the windows.
"""
