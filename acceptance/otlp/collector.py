"""A collector for tests: OTLP over HTTP, read with OpenTelemetry's own message types. What does not fit is told.

    python collector.py PORT

GET /seen answers what has come, as JSON.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}
IDS = ("traceId", "spanId", "parentSpanId")
seen: dict[str, list[Any]] = {"/v1/traces": [], "/v1/metrics": [], "faults": []}


def with_base64_ids(value: Any) -> Any:
    """OTLP's JSON has ids as hex, where protobuf's own has base64 (OTLP specification, JSON Protobuf encoding)."""
    if isinstance(value, list):
        return [with_base64_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(one)).decode() if key in IDS else with_base64_ids(one)
        for key, one in value.items()
    }


app = FastAPI()


@app.get("/seen")
def what_was_seen() -> dict[str, list[Any]]:
    return seen


@app.post("/v1/{kind}")
async def take(kind: str, request: Request) -> JSONResponse:
    path = f"/v1/{kind}"
    body = await request.body()
    try:
        message = KINDS[path]()
        if request.headers["Content-Type"].startswith("application/json"):
            json_format.ParseDict(with_base64_ids(json.loads(body)), message)
        else:
            message.ParseFromString(body)
    except Exception as error:
        seen["faults"].append(f"{path}: {error}")
        return JSONResponse({}, 400)
    seen[path].append(json_format.MessageToDict(message))
    return JSONResponse({})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
