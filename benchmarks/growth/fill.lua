-- ARGV: number of the first account, credits, now, the sha256 of a key for each account
-- Stands behind the store's prelude, so that what is filled in lies as the store lays it.
for i = 4, #ARGV do
  local n = string.format('%024d', ARGV[1] + i - 4)
  local org, account = 'org-' .. n, 'user-' .. n
  create_organization(org, 'Organization ' .. n, ARGV[2], ARGV[3])
  create_account(account, n .. '@example.com', 'https://example.com/picture.png', org, 'ADMIN', ARGV[3])
  create_key(ARGV[i], 'key-' .. n, account, 'filled in', 'sk-00…0000', ARGV[3])
  redis.call('XADD', P .. 'journal:' .. org, '*', 'id', n, 'org', org, 'key', 'key-' .. n, 'amount', '0',
    'engine', 'stable-diffusion-v1-6', 'task', 'text-to-image', 'samples', '1', 'at', ARGV[3],
    'state', 'given_back', 'spent', '0', 'reason', 'filled in', 'ended', ARGV[3])
end
return #ARGV - 3
