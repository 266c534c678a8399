-- ARGV: organization, how many rows its journal gets, now
for n = 1, tonumber(ARGV[2]) do
  redis.call('XADD', P .. 'journal:' .. ARGV[1], '*', 'id', tostring(n), 'org', ARGV[1], 'key', 'key-1', 'amount', '0',
    'engine', 'stable-diffusion-v1-6', 'task', 'text-to-image', 'samples', '1', 'at', ARGV[3],
    'state', 'given_back', 'spent', '0', 'reason', 'filled in', 'ended', ARGV[3])
end
return ARGV[2]
