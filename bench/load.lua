-- Makes wrk send the lines of a file, one per request, and prints the results as JSON.
--
-- wrk ... -- KIND STATUS FILE
--   KIND    authorization: a line is the value of the header
--           body:          a line is a request body
--           chain:         a line is a refresh token, and each response contains the next one
--   STATUS  the expected status of every response

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  kind, expected = arguments[1], tonumber(arguments[2])
  if kind ~= "authorization" then
    wrk.method = "POST"
  end
  lines, first, last = {}, 0, 0
  for line in io.lines(arguments[3]) do
    last = last + 1
    lines[last] = line
  end
  unexpected = 0
  -- Inspecting responses takes processor time from the server: do it only where needed.
  if kind == "chain" then
    response = take_next_token
  elseif expected >= 400 then
    response = compare_status
  end
end

function request()
  first = first + 1
  local line = lines[first]
  if kind == "authorization" then
    first = first % last
    return wrk.format(nil, nil, { authorization = line })
  end
  if kind == "body" then
    first = first % last
    return wrk.format(nil, nil, nil, line)
  end
  lines[first] = nil
  return wrk.format(nil, nil, nil, '{"refresh_token":"' .. line .. '"}')
end

function compare_status(status)
  if status ~= expected then
    unexpected = unexpected + 1
  end
end

function take_next_token(status, _, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if status ~= expected or not token then
    unexpected = unexpected + 1
    return
  end
  last = last + 1
  lines[last] = token
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.timeout
  local thread = threads[1]
  if thread:get("expected") >= 400 then
    wrong = wrong + thread:get("unexpected")
  else
    wrong = wrong + math.max(errors.status, thread:get("unexpected"))
  end
  io.stderr:write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong
  ))
end
