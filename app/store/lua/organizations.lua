-- ARGV: an organization; or '', the place of the first one wanted, and how many
local ids = {ARGV[1]}
if ARGV[1] == '' then
  ids = redis.call('ZRANGE', P .. 'orgs', ARGV[2], ARGV[2] + ARGV[3] - 1)
end
local answer = {}
for _, id in ipairs(ids) do
  local org = P .. 'org:' .. id
  if redis.call('EXISTS', org) == 1 then
    table.insert(answer, {id, redis.call('HGET', org, 'name'), field(org, 'balance'), field(org, 'open'),
      field(org, 'spent'), field(org, 'granted')})
  end
end
return answer
