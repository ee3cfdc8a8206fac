-- Up Migration

-- Rows come in the order of their time, so that a few pages of index find the old ones.
create index inbox_by_time on inbox using brin (received_at);
create index outbox_by_time on outbox using brin (created_at);

-- Down Migration

drop index outbox_by_time;
drop index inbox_by_time;
