-- Requests of different people with different bodies, for wrk.
-- Arguments: method, file of bodies, file of bearer tokens; "-" where there is none. The files have one entry a line.

dofile("bench/result.lua")

local requests = {}
local turn = 0

local function lines(name)
  local found = {}
  if name and name ~= "-" then
    for line in io.lines(name) do found[#found + 1] = line end
  end
  return found
end

-- All of them are built before the first is sent.
function init(arguments)
  local method, bodies, tokens = arguments[1], lines(arguments[2]), lines(arguments[3])
  for person = 1, math.max(#tokens, 1) do
    for kind = 1, math.max(#bodies, 1) do
      local headers = {}
      if tokens[person] then headers["authorization"] = "Bearer " .. tokens[person] end
      if bodies[kind] then headers["content-type"] = "application/json" end
      requests[#requests + 1] = wrk.format(method, nil, headers, bodies[kind])
    end
  end
  -- Each thread begins elsewhere, lest all of them ask for the same at the same time.
  math.randomseed(os.time() + tonumber(tostring(arguments):match("0x(%x+)"), 16) % 100000)
  for i = #requests, 2, -1 do
    local j = math.random(i)
    requests[i], requests[j] = requests[j], requests[i]
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
