-- Up Migration

-- The ledger. Names of constraints are part of its interface: a commit that breaks one is refused
-- with that name, and the memory ledger gives the same names.

create table accounts (
  account   text not null,
  venue     text not null,
  mode      text not null check (mode in ('paper', 'live')),
  currency  text not null,
  opened_at timestamptz not null,
  constraint account_unique primary key (account)
);

-- Available is total - reserved. Whatever a book in memory believes, more than there is cannot be
-- reserved or spent here. A hot row: room is left in its pages for updates in place.
create table balances (
  account  text not null,
  asset    text not null,
  total    numeric not null,
  reserved numeric not null,
  version  bigint not null,
  constraint balance_unique primary key (account, asset),
  constraint account_exists foreign key (account) references accounts,
  constraint balance_not_overcommitted check (0 <= reserved and reserved <= total)
) with (fillfactor = 50);

-- The account is proved by the balance that every commit of a reservation moves.
create table reservations (
  reservation_id text not null,
  account        text not null,
  intent_id      text not null,
  asset          text not null,
  amount         numeric not null,
  consumed       numeric not null,
  state          text not null,
  created_at     timestamptz not null,
  ended_at       timestamptz,
  end_reason     text,
  constraint reservation_unique primary key (reservation_id),
  constraint reservation_one_per_intent unique (account, intent_id),
  constraint reservation_amounts check (0 <= consumed and consumed <= amount),
  constraint reservation_held check (
    state in ('held', 'settled', 'released') and (state = 'held') = (ended_at is null)
  )
);
create index reservations_open on reservations (account, created_at) where state = 'held';

-- The parts that only people read are kept as they were written, which is quicker than jsonb.
create table decisions (
  decision_id    text not null,
  intent_id      text not null,
  account        text not null,
  symbol         text not null,
  side           text not null,
  verdict        text not null check (verdict in ('approved', 'denied')),
  checks         json not null,
  reasons        json not null,
  sizing         json,
  reservation_id text,
  correlation_id text not null,
  decided_at     timestamptz not null,
  constraint decision_one_per_intent primary key (account, intent_id)
);
create index decisions_by_time on decisions (account, decided_at desc);

create table orders (
  client_order_id text not null,
  account         text not null,
  venue           text not null,
  symbol          text not null,
  intent_id       text not null,
  reservation_id  text,
  leg             text not null,
  attempt         integer not null,
  side            text not null check (side in ('buy', 'sell')),
  type            text not null,
  quantity        numeric not null,
  price           numeric,
  stop_price      numeric,
  time_in_force   text,
  state           text not null,
  venue_order_id  text,
  list_id         text,
  filled_quantity numeric not null,
  quote_filled    numeric not null,
  created_at      timestamptz not null,
  submitted_at    timestamptz,
  updated_at      timestamptz not null,
  version         integer not null,
  reason          text,
  correlation_id  text not null,
  details         jsonb,
  constraint order_unique primary key (client_order_id),
  constraint order_attempt_unique unique (account, intent_id, leg, attempt),
  -- An order that risk has approved rests on a reservation, and the reservation is in the ledger.
  constraint order_reservation_exists foreign key (reservation_id) references reservations,
  constraint order_reservation_required check (
    leg not in ('entry', 'exit') or reservation_id is not null
  ),
  constraint order_amounts check (
    quantity > 0 and filled_quantity >= 0 and quote_filled >= 0 and attempt >= 1
    and (price is null or price > 0) and (stop_price is null or stop_price > 0)
  ),
  constraint order_version check (version >= 1)
) with (fillfactor = 70);
create index orders_open on orders (account, created_at)
  where state not in ('filled', 'rejected', 'canceled', 'expired', 'not-placed');
create index orders_by_time on orders (account, created_at desc);

create table fills (
  account         text not null,
  venue           text not null,
  symbol          text not null,
  trade_id        text not null,
  client_order_id text not null,
  side            text not null check (side in ('buy', 'sell')),
  price           numeric not null,
  quantity        numeric not null,
  fee             numeric not null,
  fee_asset       text not null,
  filled_at       timestamptz not null,
  -- The account belongs to the key: two accounts of ours may be the two sides of one trade.
  constraint fill_unique primary key (account, venue, symbol, trade_id),
  constraint fill_order_exists foreign key (client_order_id) references orders,
  -- A fee can be negative: venues pay makers.
  constraint fill_amounts check (price > 0 and quantity > 0)
);
create index fills_by_order on fills (client_order_id);
create index fills_by_time on fills (account, filled_at);

create table positions (
  account             text not null,
  venue               text not null,
  symbol              text not null,
  quantity            numeric not null,
  cost_basis          numeric not null,
  average_entry_price numeric,
  realised_profit     numeric not null,
  protection          jsonb,
  opened_at           timestamptz,
  updated_at          timestamptz not null,
  version             integer not null,
  constraint position_version primary key (account, venue, symbol),
  constraint position_version_positive check (version >= 1)
) with (fillfactor = 70);

create table agent_memory (
  agent text not null,
  key   text not null,
  value jsonb not null,
  constraint agent_memory_unique primary key (agent, key)
) with (fillfactor = 70);

-- What each consumer has processed: the row is in the same transaction as its effects.
create table inbox (
  consumer    text not null,
  message_id  text not null,
  received_at timestamptz not null default now(),
  constraint inbox_unique primary key (consumer, message_id)
);

-- What was said, in the order of the commits. Written once and never changed; what the bus does not
-- have yet stands in the second table as well, and is deleted there when it is confirmed.
create table outbox (
  sequence   bigint generated always as identity,
  message_id text not null,
  consumer   text not null,
  message    json not null,
  created_at timestamptz not null default now(),
  constraint outbox_sequence_unique primary key (sequence),
  constraint outbox_message_unique unique (message_id)
);

create table outbox_waiting (
  sequence bigint not null,
  consumer text not null,
  constraint outbox_waiting_unique primary key (consumer, sequence)
);

-- One row per role; a commit proves its epoch, so that a leader of yesterday changes nothing.
create table leadership (
  role       text not null,
  epoch      bigint not null,
  holder     text not null,
  instance   text not null,
  expires_at timestamptz not null,
  constraint leadership_unique primary key (role)
) with (fillfactor = 50);

-- The last commit of each committing connection: after a lost connection it tells whether the
-- transaction in question was committed.
create table commit_slots (
  slot     text not null,
  sequence bigint not null,
  used_at  timestamptz not null default now(),
  constraint commit_slots_unique primary key (slot)
) with (fillfactor = 50);

-- For people and the auditor: where positions and the sum of their fills differ. Empty when right.
create view position_differences as
select coalesce(p.account, f.account) as account, coalesce(p.venue, f.venue) as venue,
       coalesce(p.symbol, f.symbol) as symbol, coalesce(p.quantity, 0) as position_quantity,
       coalesce(f.quantity, 0) as fills_quantity
from positions p
full join (
  select account, venue, symbol,
         sum(case side when 'buy' then quantity else -quantity end
             - case when fee_asset = split_part(symbol, '/', 1) then fee else 0 end) as quantity
  from fills group by account, venue, symbol
) f using (account, venue, symbol)
where coalesce(p.quantity, 0) <> coalesce(f.quantity, 0);

-- Likewise where a balance's reserved part is not the sum of what its held reservations have left.
create view reservation_differences as
select coalesce(b.account, r.account) as account, coalesce(b.asset, r.asset) as asset,
       coalesce(b.reserved, 0) as balance_reserved, coalesce(r.remaining, 0) as held_remaining
from balances b
full join (
  select account, asset, sum(amount - consumed) as remaining
  from reservations where state = 'held' group by account, asset
) r using (account, asset)
where coalesce(b.reserved, 0) <> coalesce(r.remaining, 0);

-- Down Migration

drop view reservation_differences;
drop view position_differences;
drop table commit_slots, leadership, outbox_waiting, outbox, inbox, agent_memory, positions, fills, orders, decisions,
  reservations, balances, accounts;
