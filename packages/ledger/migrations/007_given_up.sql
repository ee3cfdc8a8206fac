-- Up Migration

-- Orders that were given up are few among many, and all of a symbol are looked for when balances differ.
create index orders_given_up on orders (account, created_at desc) where state = 'not-placed';

-- Down Migration

drop index orders_given_up;
