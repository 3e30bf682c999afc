"""For Python services behind Sluicegate."""
