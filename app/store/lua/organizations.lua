-- ARGV: an organization, or '' for all
local ids = ARGV[1] == '' and redis.call('ZRANGE', P .. 'orgs', 0, -1) or {ARGV[1]}
local answer = {}
for _, id in ipairs(ids) do
  local org = P .. 'org:' .. id
  if redis.call('EXISTS', org) == 1 then
    table.insert(answer, {id, redis.call('HGET', org, 'name'), field(org, 'balance'), field(org, 'open'),
      field(org, 'spent'), field(org, 'granted')})
  end
end
return answer
