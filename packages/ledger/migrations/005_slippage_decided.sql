-- Up Migration

-- Slippage in two parts: the whole way from the price that the intent reckoned with is in entry_slippage and
-- exit_slippage; what of it came after the decision of the risk manager is here. Null for earlier trades,
-- whose slippage was measured from the decision alone.
alter table trades
  add column entry_slippage_decided         numeric,
  add column entry_slippage_decided_percent double precision,
  add column exit_slippage_decided          numeric,
  add column exit_slippage_decided_percent  double precision;

create or replace function ledger_commit_trades(plan json) returns boolean
language sql as $$
  insert into trades
    (account, venue, symbol, opening_trade_id, side, strategy, intent_ids, correlation_id, opened_at,
     closed_at, quantity, average_entry_price, average_exit_price, stop, fees, other_fees,
     gross_profit, net_profit, r_multiple, entry_slippage, entry_slippage_percent, exit_slippage,
     exit_slippage_percent, entry_slippage_decided, entry_slippage_decided_percent,
     exit_slippage_decided, exit_slippage_decided_percent, exit_reason, exits, remaining)
    select n.account, n.venue, n.symbol, n.opening_trade_id, n.side, n.strategy,
           array(select json_array_elements_text(n.intent_ids)), n.correlation_id,
           to_timestamp(n.opened_at / 1000), to_timestamp(n.closed_at / 1000), n.quantity,
           n.average_entry_price, n.average_exit_price, n.stop, n.fees, n.other_fees,
           n.gross_profit, n.net_profit, n.r_multiple, n.entry_slippage, n.entry_slippage_percent,
           n.exit_slippage, n.exit_slippage_percent, n.entry_slippage_decided,
           n.entry_slippage_decided_percent, n.exit_slippage_decided,
           n.exit_slippage_decided_percent, n.exit_reason, n.exits, n.remaining
    from json_to_recordset(plan)
      as n(account text, venue text, symbol text, opening_trade_id text, side text, strategy text,
           intent_ids json, correlation_id text, opened_at double precision,
           closed_at double precision, quantity numeric, average_entry_price numeric,
           average_exit_price numeric, stop numeric, fees numeric, other_fees jsonb,
           gross_profit numeric, net_profit numeric, r_multiple double precision,
           entry_slippage numeric, entry_slippage_percent double precision, exit_slippage numeric,
           exit_slippage_percent double precision, entry_slippage_decided numeric,
           entry_slippage_decided_percent double precision, exit_slippage_decided numeric,
           exit_slippage_decided_percent double precision, exit_reason text, exits jsonb,
           remaining numeric);
  select true;
$$;

-- Down Migration

create or replace function ledger_commit_trades(plan json) returns boolean
language sql as $$
  insert into trades
    (account, venue, symbol, opening_trade_id, side, strategy, intent_ids, correlation_id, opened_at,
     closed_at, quantity, average_entry_price, average_exit_price, stop, fees, other_fees,
     gross_profit, net_profit, r_multiple, entry_slippage, entry_slippage_percent, exit_slippage,
     exit_slippage_percent, exit_reason, exits, remaining)
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

alter table trades
  drop column entry_slippage_decided,
  drop column entry_slippage_decided_percent,
  drop column exit_slippage_decided,
  drop column exit_slippage_decided_percent;
