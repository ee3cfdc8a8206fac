-- Up Migration

-- Refuses the transaction in the name of a constraint that a statement found broken.
create function ledger_refuse(constraint_name text, detail text) returns void
language plpgsql as $$
begin
  raise exception 'the ledger refuses: %', constraint_name
    using errcode = '23514', constraint = constraint_name, detail = detail;
end
$$;

-- Applies a plan, the changes of many units folded into one row per thing they touch, in a few
-- statements over whole sets. All of it or nothing: any refusal raises. False means that this very
-- commit was already made, and its caller only missed the answer. Lists without rows are null. Those
-- that every decision brings along come as one array per column, which costs half of what a JSON
-- array of rows does.
-- Errors of our own:
-- FL001 some messages were already processed, FL002 the leadership has been taken over.
--
-- Every statement finds its rows by key. The planner is told so, because a plan made while the
-- tables were small would otherwise be kept when they have grown.
create function ledger_commit(
  p_slot text, p_sequence bigint, p_role text, p_epoch bigint,
  p_inbox_consumer text[], p_inbox_message_id text[],
  p_reservation_id text[], p_reservation_account text[], p_reservation_intent_id text[],
  p_reservation_asset text[], p_reservation_amount numeric[], p_reservation_consumed numeric[],
  p_reservation_state text[], p_reservation_created_at float8[], p_reservation_ended_at float8[],
  p_reservation_end_reason text[],
  p_decision_id text[], p_decision_intent_id text[], p_decision_account text[],
  p_decision_symbol text[], p_decision_side text[], p_decision_verdict text[],
  p_decision_checks json, p_decision_reasons json, p_decision_sizing json,
  p_decision_reservation_id text[], p_decision_correlation_id text[],
  p_decision_decided_at float8[],
  p_outbox_message_id text[], p_outbox_consumer text[], p_outbox_message json,
  p_accounts json, p_reservation_steps json, p_balances json, p_order_changes json, p_orders json,
  p_fills json, p_positions json, p_memory json
) returns boolean
language plpgsql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  applied integer;
begin
  update commit_slots s set sequence = p_sequence, used_at = now()
    where s.slot = p_slot and s.sequence < p_sequence;
  if not found then
    insert into commit_slots (slot, sequence) values (p_slot, p_sequence) on conflict do nothing;
    if not found then return false; end if;
  end if;

  -- The share lock makes a successor wait for this commit, so that what it loads is complete.
  if p_role is not null then
    perform from leadership l where l.role = p_role and l.epoch = p_epoch for share;
    if not found then
      raise exception 'the leadership has been taken over' using errcode = 'FL002';
    end if;
  end if;

  if p_inbox_message_id is not null then
    insert into inbox (consumer, message_id)
      select * from unnest(p_inbox_consumer, p_inbox_message_id)
      on conflict do nothing;
    get diagnostics applied = row_count;
    if applied < cardinality(p_inbox_message_id) then
      raise exception 'already processed' using errcode = 'FL001';
    end if;
  end if;

  if p_accounts is not null then
    insert into accounts (account, venue, mode, currency, opened_at)
      select n.account, n.venue, n.mode, n.currency, to_timestamp(n.opened_at / 1000)
      from json_to_recordset(p_accounts)
        as n(account text, venue text, mode text, currency text, opened_at double precision);
  end if;
  if p_reservation_id is not null then
    insert into reservations (reservation_id, account, intent_id, asset, amount, consumed, state,
                              created_at, ended_at, end_reason)
      select n.reservation_id, n.account, n.intent_id, n.asset, n.amount, n.consumed, n.state,
             to_timestamp(n.created_at / 1000), to_timestamp(n.ended_at / 1000), n.end_reason
      from unnest(p_reservation_id, p_reservation_account, p_reservation_intent_id,
                  p_reservation_asset, p_reservation_amount, p_reservation_consumed,
                  p_reservation_state, p_reservation_created_at, p_reservation_ended_at,
                  p_reservation_end_reason)
        as n(reservation_id, account, intent_id, asset, amount, consumed, state, created_at,
             ended_at, end_reason);
  end if;
  if p_reservation_steps is not null then
    perform ledger_commit_reservation_steps(p_reservation_steps);
  end if;
  -- Late, because from here to the commit the account's row is locked for everybody else.
  if p_balances is not null then perform ledger_commit_balances(p_balances); end if;
  if p_decision_id is not null then
    insert into decisions (decision_id, intent_id, account, symbol, side, verdict, checks, reasons,
                           sizing, reservation_id, correlation_id, decided_at)
      select n.decision_id, n.intent_id, n.account, n.symbol, n.side, n.verdict, n.checks,
             n.reasons, n.sizing, n.reservation_id, n.correlation_id,
             to_timestamp(n.decided_at / 1000)
      from rows from (
        unnest(p_decision_id, p_decision_intent_id, p_decision_account, p_decision_symbol,
               p_decision_side, p_decision_verdict),
        json_array_elements(p_decision_checks), json_array_elements(p_decision_reasons),
        json_array_elements(p_decision_sizing),
        unnest(p_decision_reservation_id, p_decision_correlation_id, p_decision_decided_at)
      )
        as n(decision_id, intent_id, account, symbol, side, verdict, checks, reasons, sizing,
             reservation_id, correlation_id, decided_at);
  end if;
  if p_order_changes is not null then
    perform ledger_commit_order_changes(p_order_changes);
  end if;
  if p_orders is not null then
    insert into orders (client_order_id, account, venue, symbol, intent_id, reservation_id, leg,
                        attempt, side, type, quantity, price, stop_price, time_in_force, state,
                        venue_order_id, list_id, filled_quantity, quote_filled, created_at,
                        submitted_at, updated_at, version, reason, correlation_id, details)
      select n.client_order_id, n.account, n.venue, n.symbol, n.intent_id, n.reservation_id, n.leg,
             n.attempt, n.side, n.type, n.quantity, n.price, n.stop_price, n.time_in_force, n.state,
             n.venue_order_id, n.list_id, n.filled_quantity, n.quote_filled,
             to_timestamp(n.created_at / 1000), to_timestamp(n.submitted_at / 1000),
             to_timestamp(n.updated_at / 1000), n.version, n.reason, n.correlation_id, n.details
      from json_to_recordset(p_orders)
        as n(client_order_id text, account text, venue text, symbol text, intent_id text,
             reservation_id text, leg text, attempt integer, side text, type text, quantity numeric,
             price numeric, stop_price numeric, time_in_force text, state text, venue_order_id text,
             list_id text, filled_quantity numeric, quote_filled numeric,
             created_at double precision, submitted_at double precision,
             updated_at double precision, version integer, reason text, correlation_id text,
             details jsonb);
  end if;
  if p_fills is not null then
    insert into fills (account, venue, symbol, trade_id, client_order_id, side, price, quantity,
                       fee, fee_asset, filled_at)
      select n.account, n.venue, n.symbol, n.trade_id, n.client_order_id, n.side, n.price,
             n.quantity, n.fee, n.fee_asset, to_timestamp(n.filled_at / 1000)
      from json_to_recordset(p_fills)
        as n(account text, venue text, symbol text, trade_id text, client_order_id text, side text,
             price numeric, quantity numeric, fee numeric, fee_asset text,
             filled_at double precision);
  end if;
  if p_positions is not null then perform ledger_commit_positions(p_positions); end if;
  if p_memory is not null then
    delete from agent_memory m
      using json_to_recordset(p_memory) as n(agent text, key text, value jsonb)
      where m.agent = n.agent and m.key = n.key and n.value is null;
    insert into agent_memory (agent, key, value)
      select n.agent, n.key, n.value
      from json_to_recordset(p_memory) as n(agent text, key text, value jsonb)
      where n.value is not null
      on conflict (agent, key) do update set value = excluded.value;
  end if;
  if p_outbox_message_id is not null then
    with said as (
      insert into outbox (message_id, consumer, message)
        select * from rows from (
          unnest(p_outbox_message_id, p_outbox_consumer), json_array_elements(p_outbox_message)
        )
        returning sequence, consumer
    )
    insert into outbox_waiting (sequence, consumer) select sequence, consumer from said;
  end if;
  return true;
end
$$;

-- The running lows say how far the units of the batch, one after another, reach down: a batch that
-- is sound at its end but not in between is refused like its units would be one by one.
create function ledger_commit_balances(plan json) returns void
language plpgsql as $$
declare
  applied integer;
begin
  insert into balances (account, asset, total, reserved, version)
    select n.account, n.asset, 0, 0, 0
    from json_to_recordset(plan) as n(account text, asset text)
    where not exists (select from balances b where b.account = n.account and b.asset = n.asset)
    on conflict do nothing;
  update balances b
    set total = b.total + n.total, reserved = b.reserved + n.reserved,
        version = b.version + n.moves
    from json_to_recordset(plan)
      as n(account text, asset text, total numeric, reserved numeric, lowest_available numeric,
           lowest_reserved numeric, moves integer)
    where b.account = n.account and b.asset = n.asset
      and b.total - b.reserved + n.lowest_available >= 0 and b.reserved + n.lowest_reserved >= 0;
  get diagnostics applied = row_count;
  if applied < json_array_length(plan) then
    perform ledger_refuse('balance_not_overcommitted', (
      select format('%s %s: total %s, reserved %s, change of total %s, of reserved %s', b.account,
                    b.asset, b.total, b.reserved, n.total, n.reserved)
      from json_to_recordset(plan)
        as n(account text, asset text, total numeric, reserved numeric, lowest_available numeric,
             lowest_reserved numeric)
      join balances b on b.account = n.account and b.asset = n.asset
      where b.total - b.reserved + n.lowest_available < 0 or b.reserved + n.lowest_reserved < 0
      limit 1));
  end if;
end
$$;

create function ledger_commit_reservation_steps(plan json) returns void
language plpgsql as $$
declare
  applied integer;
begin
  update reservations r
    set consumed = r.consumed + n.consumed, amount = r.amount - n.shrunk,
        state = coalesce(n.state, r.state), ended_at = to_timestamp(n.ended_at / 1000),
        end_reason = n.end_reason
    from json_to_recordset(plan)
      as n(reservation_id text, account text, asset text, consumed numeric, shrunk numeric,
           ended numeric, state text, ended_at double precision, end_reason text)
    where r.reservation_id = n.reservation_id and r.account = n.account and r.asset = n.asset
      and r.state = 'held'
      and case when n.ended is null then r.amount - r.consumed >= n.consumed + n.shrunk
               else r.amount - r.consumed = n.consumed + n.shrunk + n.ended end;
  get diagnostics applied = row_count;
  if applied < json_array_length(plan) then
    perform ledger_refuse(
      case when count(r.reservation_id) < json_array_length(plan)
        then 'reservation_held' else 'reservation_remaining' end,
      format('%s of %s reservations are held', count(r.reservation_id), json_array_length(plan)))
    from json_to_recordset(plan) as n(reservation_id text, account text, asset text)
    -- Those that were changed by the statement above count as held: they were.
    left join reservations r on r.reservation_id = n.reservation_id and r.account = n.account
      and r.asset = n.asset and (r.state = 'held' or r.xmin = pg_current_xact_id()::xid);
  end if;
end
$$;

create function ledger_commit_order_changes(plan json) returns void
language plpgsql as $$
declare
  applied integer;
begin
  update orders o
    set quantity = n.quantity, price = n.price, stop_price = n.stop_price,
        time_in_force = n.time_in_force, state = n.state, venue_order_id = n.venue_order_id,
        list_id = n.list_id, filled_quantity = n.filled_quantity, quote_filled = n.quote_filled,
        submitted_at = to_timestamp(n.submitted_at / 1000),
        updated_at = to_timestamp(n.updated_at / 1000), version = n.version, reason = n.reason,
        details = n.details
    from json_to_recordset(plan)
      as n(client_order_id text, account text, symbol text, intent_id text, leg text, side text,
           quantity numeric, price numeric, stop_price numeric, time_in_force text, state text,
           venue_order_id text, list_id text, filled_quantity numeric, quote_filled numeric,
           submitted_at double precision, updated_at double precision, version integer,
           base_version integer, reason text, details jsonb)
    where o.client_order_id = n.client_order_id and o.version = n.base_version
      and o.account = n.account and o.symbol = n.symbol and o.intent_id = n.intent_id
      and o.leg = n.leg and o.side = n.side;
  get diagnostics applied = row_count;
  if applied < json_array_length(plan) then
    perform ledger_refuse('order_version', format('%s of %s orders stand at the expected version',
      applied, json_array_length(plan)));
  end if;
end
$$;

create function ledger_commit_positions(plan json) returns void
language plpgsql as $$
declare
  updated integer;
  inserted integer;
begin
  update positions p
    set quantity = n.quantity, cost_basis = n.cost_basis,
        average_entry_price = n.average_entry_price, realised_profit = n.realised_profit,
        protection = n.protection, opened_at = to_timestamp(n.opened_at / 1000),
        updated_at = to_timestamp(n.updated_at / 1000), version = n.version
    from json_to_recordset(plan)
      as n(account text, venue text, symbol text, quantity numeric, cost_basis numeric,
           average_entry_price numeric, realised_profit numeric, protection jsonb,
           opened_at double precision, updated_at double precision, version integer,
           base_version integer)
    where p.account = n.account and p.venue = n.venue and p.symbol = n.symbol
      and p.version = n.base_version;
  get diagnostics updated = row_count;
  if updated = json_array_length(plan) then return; end if;
  insert into positions (account, venue, symbol, quantity, cost_basis, average_entry_price,
                         realised_profit, protection, opened_at, updated_at, version)
    select n.account, n.venue, n.symbol, n.quantity, n.cost_basis, n.average_entry_price,
           n.realised_profit, n.protection, to_timestamp(n.opened_at / 1000),
           to_timestamp(n.updated_at / 1000), n.version
    from json_to_recordset(plan)
      as n(account text, venue text, symbol text, quantity numeric, cost_basis numeric,
           average_entry_price numeric, realised_profit numeric, protection jsonb,
           opened_at double precision, updated_at double precision, version integer,
           base_version integer)
    where n.base_version = 0;
  get diagnostics inserted = row_count;
  if updated + inserted < json_array_length(plan) then
    perform ledger_refuse('position_version', format('%s of %s positions stand at the expected version',
      updated + inserted, json_array_length(plan)));
  end if;
end
$$;

-- Down Migration

drop function ledger_commit(text, bigint, text, bigint, jsonb);
drop function ledger_commit_balances(json);
drop function ledger_commit_reservation_steps(json);
drop function ledger_commit_order_changes(json);
drop function ledger_commit_positions(json);
drop function ledger_refuse(text, text);
