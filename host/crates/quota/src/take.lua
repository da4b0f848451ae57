-- One call under KEYS[1], by the clock of this server alone. ARGV: microseconds between two calls at an even
-- pace, and microseconds of the whole quota. Answers whether the call passes, and how much is used up after it.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
local used = math.min(math.max(full_at - now, 0), burst)
if used + interval > burst then
  -- Beyond a whole quota is only what a clock has left that was set back since: it would never get nearer.
  if full_at - now > burst then
    redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000))
  end
  return { 0, used }
end
used = used + interval
-- Not tostring: it keeps 14 digits, and a time in microseconds has 16.
redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000))
return { 1, used }
