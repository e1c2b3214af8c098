-- The pages of the site in turn, for wrk, which is the limit of what a client can do here:
--
--   wrk -t 1 -c 100 -d 2s -s wrk.lua http://127.0.0.1:8080 -- 1000 latency=10ms
--
-- After -- stand the number of pages, 1000 if there is none, and the query of each page's URL. At
-- the end one line of JSON follows what wrk itself prints: requests, errors, bytes (heads
-- included), and microseconds: us, of the whole run, and of the latencies.
--
-- The requests are made once, as making one costs more than sending it. There is no response
-- function either, for which wrk would make a table of each answer's head: so a status that counts
-- as an error is one above 399, and whether another than 200 was sent, the server's record says.
-- Each thread of wrk has its own Lua, and takes the pages in turn by itself.

local requests = {}
local at = 0

function init(args)
  local pages = tonumber(args[1] or 1000)
  if not pages or pages < 1 or pages ~= math.floor(pages) then
    io.stderr:write(string.format("wrk.lua: pages: %q, want a whole number above 0\n", args[1]))
    os.exit(2)
  end
  local query = args[2] and args[2] ~= "" and "?" .. args[2] or ""
  for i = 1, pages do
    requests[i] = wrk.format("GET", string.format("/page/%d%s", i - 1, query))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"errors":%d,"bytes":%d,"us":%d,"p50_us":%d,"p90_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    summary.bytes, summary.duration,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
