"""A collector of OpenTelemetry: takes OTLP over HTTP, reads it with the official messages (opentelemetry-proto), and
tells on its standard output what has arrived, one JSON object a line.

Arguments: the port (0 for any); `hang` if it is to take connections and never answer.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

OUTPUT = threading.Lock()
HANGS = "hang" in sys.argv[2:]


def tell(kind, what):
    with OUTPUT:
        print(json.dumps({"kind": kind, **what}), flush=True)


def plain(value):
    chosen = value.WhichOneof("value")
    return getattr(value, chosen) if chosen else None


def attributes(of):
    return {pair.key: plain(pair.value) for pair in of}


def spans(body):
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield "span", {
                    "resource": attributes(resource.resource.attributes),
                    "trace": span.trace_id.hex(),
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "role": Span.SpanKind.Name(span.kind),
                    "status": Status.StatusCode.Name(span.status.code),
                    "took_ns": span.end_time_unix_nano - span.start_time_unix_nano,
                    "attributes": attributes(span.attributes),
                    "links": [{"trace": link.trace_id.hex(), "span": link.span_id.hex()} for link in span.links],
                }


def lines(body):
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield "line", {
                    "trace": record.trace_id.hex(),
                    "span": record.span_id.hex(),
                    "level": record.severity_number,
                    "text": plain(record.body),
                    "attributes": attributes(record.attributes),
                }


def metrics(body):
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                chosen = metric.WhichOneof("data")
                for point in getattr(metric, chosen).data_points:
                    figure = point.as_double if chosen in ("sum", "gauge") else point.count
                    yield "metric", {
                        "resource": attributes(resource.resource.attributes),
                        "name": metric.name,
                        "unit": metric.unit,
                        "data": chosen,
                        "attributes": attributes(point.attributes),
                        "value": figure,
                        "buckets": list(point.bucket_counts) if chosen == "histogram" else [],
                    }


READERS = {"/v1/traces": spans, "/v1/logs": lines, "/v1/metrics": metrics}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        tell("message", {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}})
        if HANGS:
            threading.Event().wait()
        for kind, what in READERS[self.path](body):
            tell(kind, what)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
tell("listening", {"port": server.server_port})
server.serve_forever()
