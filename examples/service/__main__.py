"""``python -m examples.service``: the service on 127.0.0.1, port SERVICE_PORT."""

import uvicorn

from examples.service.settings import Settings

if __name__ == "__main__":
    port = Settings.read().port
    uvicorn.run("examples.service.app:app", host="127.0.0.1", port=port, access_log=False, log_level="warning")
