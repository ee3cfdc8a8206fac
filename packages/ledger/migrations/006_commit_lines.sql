-- Up Migration

-- To compress a record of two kilobytes takes the server longer than all else it does with it.
alter table decisions set (toast_tuple_target = 8160);

drop function ledger_commit;

-- Applies a plan, the changes of many units folded into one row per thing they touch, in a few
-- statements over whole sets. All of it or nothing: any refusal raises. False means that this very
-- commit was already made, and its caller only missed the answer. Lists without rows are null. Those
-- that every decision brings along come as one array per column, which costs half of what a JSON
-- array of rows does; a column of documents comes as lines, one document in each, for JSON itself has
-- no line breaks: they are read once, and not as an array first.
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
  p_decision_checks text, p_decision_reasons text, p_decision_sizing text,
  p_decision_reservation_id text[], p_decision_correlation_id text[],
  p_decision_decided_at float8[],
  p_outbox_message_id text[], p_outbox_consumer text[], p_outbox_message text,
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
      select n.decision_id, n.intent_id, n.account, n.symbol, n.side, n.verdict,
             n.checks::json, n.reasons::json, n.sizing::json, n.reservation_id, n.correlation_id,
             to_timestamp(n.decided_at / 1000)
      from rows from (
        unnest(p_decision_id, p_decision_intent_id, p_decision_account, p_decision_symbol,
               p_decision_side, p_decision_verdict),
        string_to_table(p_decision_checks, E'\n'), string_to_table(p_decision_reasons, E'\n'),
        string_to_table(p_decision_sizing, E'\n'),
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
        select n.message_id, n.consumer, n.message::json
        from rows from (
          unnest(p_outbox_message_id, p_outbox_consumer), string_to_table(p_outbox_message, E'\n')
        )
          as n(message_id, consumer, message)
        returning sequence, consumer
    )
    insert into outbox_waiting (sequence, consumer) select sequence, consumer from said;
  end if;
  return true;
end
$$;

-- Down Migration

drop function ledger_commit;
alter table decisions reset (toast_tuple_target);
