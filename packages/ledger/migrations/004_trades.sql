-- Up Migration

-- The trade journal: each position from flat to flat, or dust, again; written once, in the commit of the
-- fill that ends it. Amounts are in quote currency.
create table trades (
  account                text not null,
  venue                  text not null,
  symbol                 text not null,
  opening_trade_id       text not null,
  side                   text not null check (side in ('buy', 'sell')),
  strategy               text,
  intent_ids             text[] not null,
  correlation_id         text not null,
  opened_at              timestamptz not null,
  closed_at              timestamptz not null,
  quantity               numeric not null,
  average_entry_price    numeric,
  average_exit_price     numeric not null,
  stop                   numeric,
  fees                   numeric not null,
  other_fees             jsonb not null,
  gross_profit           numeric not null,
  net_profit             numeric not null,
  r_multiple             double precision,
  entry_slippage         numeric,
  entry_slippage_percent double precision,
  exit_slippage          numeric,
  exit_slippage_percent  double precision,
  exit_reason            text not null,
  exits                  jsonb not null,
  remaining              numeric not null,
  constraint trade_unique primary key (account, venue, symbol, opening_trade_id),
  constraint trade_amounts check (quantity > 0 and closed_at >= opened_at)
);
create index trades_by_time on trades (account, closed_at desc);

-- Called in the same statement after ledger_commit, by the few commits that end a trade.
create function ledger_commit_trades(plan json) returns boolean
language sql as $$
  insert into trades
    select n.account, n.venue, n.symbol, n.opening_trade_id, n.side, n.strategy,
           array(select json_array_elements_text(n.intent_ids)), n.correlation_id,
           to_timestamp(n.opened_at / 1000), to_timestamp(n.closed_at / 1000), n.quantity,
           n.average_entry_price, n.average_exit_price, n.stop, n.fees, n.other_fees,
           n.gross_profit, n.net_profit, n.r_multiple, n.entry_slippage, n.entry_slippage_percent,
           n.exit_slippage, n.exit_slippage_percent, n.exit_reason, n.exits, n.remaining
    from json_to_recordset(plan)
      as n(account text, venue text, symbol text, opening_trade_id text, side text, strategy text,
           intent_ids json, correlation_id text, opened_at double precision,
           closed_at double precision, quantity numeric, average_entry_price numeric,
           average_exit_price numeric, stop numeric, fees numeric, other_fees jsonb,
           gross_profit numeric, net_profit numeric, r_multiple double precision,
           entry_slippage numeric, entry_slippage_percent double precision, exit_slippage numeric,
           exit_slippage_percent double precision, exit_reason text, exits jsonb,
           remaining numeric);
  select true;
$$;

-- Down Migration

drop function ledger_commit_trades;
drop table trades;
