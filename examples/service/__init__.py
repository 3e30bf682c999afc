"""A small service that takes files, to stand behind the gate."""
