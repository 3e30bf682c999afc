"""What the pytest plugin is made of: runs the program `sluicegate check` and reads what it found. Use
``sluicegate.testing``."""
