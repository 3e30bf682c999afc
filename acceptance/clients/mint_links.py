"""Mints download links as a service does: reads a JSON list of what is to be linked, prints the URLs as a JSON list.

Each entry has the arguments of ``download_url`` but the secret, which is in ``GRANT_SECRET``.
``lifetime`` is in seconds.
"""

import json
import os
import sys
from datetime import timedelta

from sluicegate.downloads import download_url

urls = []
for wanted in json.load(sys.stdin):
    lifetime = timedelta(seconds=wanted.pop("lifetime", 60))
    secret = wanted.pop("secret", os.environ["GRANT_SECRET"])
    urls.append(download_url(secret=secret, lifetime=lifetime, **wanted))
print(json.dumps(urls))
