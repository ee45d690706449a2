"""Beats that go on: long runs, live listening, the recorder's clock."""
