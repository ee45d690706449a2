"""Sounds of a beat that ring into each other, timed together: `timed.time`.

`bank` learns what each mode of the case sounds like behind the microphone, `unravel` how blows follow each other,
`volley` fits them in every beat, `struck` holds the windows.
"""
