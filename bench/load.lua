-- A scenario for wrk, and its result as one line of JSON.
-- Arguments: method, file of bodies, file of bearer tokens; "-" where there is none. The files have one entry a line.

local method, bodies, tokens = "GET", {}, {}
local turn = 0

local function lines(name)
  local found = {}
  if name and name ~= "-" then
    for line in io.lines(name) do found[#found + 1] = line end
  end
  return found
end

function init(arguments)
  method = arguments[1] or "GET"
  bodies, tokens = lines(arguments[2]), lines(arguments[3])
  -- Each thread begins elsewhere, lest all of them ask for the same at the same time.
  math.randomseed(os.time() + tonumber(tostring(arguments):match("0x(%x+)"), 16) % 100000)
  turn = math.random(0, 100000)
end

function request()
  turn = turn + 1
  local headers, body = {}, nil
  if #tokens > 0 then headers["authorization"] = "Bearer " .. tokens[turn % #tokens + 1] end
  if #bodies > 0 then
    headers["content-type"] = "application/json"
    body = bodies[math.random(#bodies)]
  end
  return wrk.format(method, nil, headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"duration_us":%d,"requests":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.duration, summary.requests, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
