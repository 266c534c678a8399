-- ARGV: organization, how many
local answer = {}
for _, entry in ipairs(redis.call('XREVRANGE', P .. 'journal:' .. ARGV[1], '+', '-', 'COUNT', ARGV[2])) do
  table.insert(answer, entry[2])
end
return answer
