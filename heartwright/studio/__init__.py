"""The studio: a server with one going session, and the page on which it is seen, heard and asked.

`Session` owns the works and everything that is done to them; `app.create` puts it behind HTTP and WebSockets;
`serve.run` serves it. Python computes; the page draws, plays and asks. docs/studio.md describes protocol and rights.
"""
