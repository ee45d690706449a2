"""Taking sound in: files, streams and microphones, one clean channel, and what is wrong with it."""
