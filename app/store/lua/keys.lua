-- ARGV: an account or '' for all, how many accounts are done with, where to go on in the keys of the next one
--       ('0' for its first), about how many keys
local id, done, cursor, many = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local ids = done == 0 and {id} or {}
if id == '' then
  ids = redis.call('ZRANGE', P .. 'accounts', done, done + many - 1)
end
local rows = {}
for _, one in ipairs(ids) do
  repeat
    local found = redis.call('SSCAN', P .. 'account:' .. one .. ':keys', cursor, 'COUNT', many)
    cursor = found[1]
    for _, hash in ipairs(found[2]) do
      table.insert(rows, redis.call('HMGET', P .. 'key:' .. hash, 'id', 'account', 'label', 'hint', 'created', 'revoked'))
    end
  until cursor == '0' or #rows >= many
  if cursor == '0' then
    done = done + 1
  end
  if #rows >= many then
    break
  end
end
return {done, cursor, rows}
