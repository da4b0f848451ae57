-- The result of a run of wrk as one line of JSON. On its own, the same request again and again: wrk builds it once,
-- and takes less of the machine from the server.

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"duration_us":%d,"requests":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.duration, summary.requests, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
