-- Sends one request again and again for some seconds, then lets every connection finish the one it is at: nothing is
-- cut off, so that requests, bytes and credits add up. wrk itself only ends when it is told to, by SIGINT.
--
-- Arguments: a file with the request as it goes over the wire, seconds, connections, and for requests that must all
-- be different the first of the numbers that take turns in the place of the ten digits 1234567890.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; int microseconds; int filler; } moment;
  int gettimeofday(moment *now, void *zone);
]]

local MARK = "1234567890"
local FOREVER = 3600000
local threads = {}
local now = ffi.new("moment")
local whole, head, tail, number, limit, connections
parked, began, ended = 0, 0, 0

local function clock()
  ffi.C.gettimeofday(now, nil)
  return tonumber(now.seconds) + now.microseconds / 1e6
end

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  whole = file:read("*a")
  file:close()
  limit, connections, number = tonumber(arguments[2]), tonumber(arguments[3]), tonumber(arguments[4])
  if number then
    local from, to = whole:find(MARK, 1, true)
    head, tail = whole:sub(1, from - 1), whole:sub(to + 1)
  end
end

-- Called before each request: milliseconds to wait. A connection whose time is up is parked.
function delay()
  local moment = clock()
  if began == 0 then began = moment end
  if moment - began < limit then return 0 end
  parked = parked + 1
  if parked == connections then
    ended = moment
    io.stderr:write("drained\n")
    io.stderr:flush()
  end
  return FOREVER
end

function request()
  if not number then return whole end
  number = number + 1
  return head .. string.format("%d", number) .. tail
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local first = threads[1]
  io.write(string.format(
    'figures {"requests":%d,"bytes":%d,"seconds":%.6f,"refused":%d,"lost":%d,"p50":%.1f,"p99":%.1f}\n',
    summary.requests, summary.bytes, first:get("ended") - first:get("began"), errors.status, lost,
    latency:percentile(50), latency:percentile(99)))
end
