"""What the routes share: settings, the table of what was received, the gate, and who is signed in."""

from sluicegate.fastapi import Gate

from examples.service.people import People
from examples.service.received import ReceivedFiles
from examples.service.settings import Settings

settings = Settings.read()
received = ReceivedFiles(settings.database)
gate = Gate(settings.gate_url, audience=settings.audience, issuer=settings.issuer, store_root=settings.store_root)
people = People()
