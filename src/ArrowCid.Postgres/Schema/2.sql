-- The registry of a pool, version 2: names refuse stamps that are far ahead. A member with such a clock would stop every
-- store whose clock is right from reading on.

-- Changes a name where its last change is the expected one and the new stamp is later. The same call again answers as
-- the first one did. Outcomes: 0 done, 1 another change was first, 2 the member is fenced, 3 a block is missing,
-- 4 the stamp is more than an hour ahead of the clock here.
create or replace function swap_name(who bigint, the_name text, new_target bytea, new_codec bigint, new_time bigint,
  new_writer uuid, expected_time bigint, expected_writer uuid, new_facts bytea,
  out outcome int, out missing bytea, out at_xid xid8, out at_seq bigint)
language plpgsql as $$
declare
  entered record;
  needed bytea[];
begin
  select * into entered from enter(who);
  select 0, h.xid, h.seq into outcome, at_xid, at_seq from name_history h
    where h.name = the_name and h.stamp_time = new_time and h.stamp_writer = new_writer;
  if found then
    return;
  end if;
  if not entered.is_member then
    outcome := 2;
    return;
  end if;
  if new_time >> 16 > entered.now_ms + 3600000 then
    outcome := 4;
    return;
  end if;
  if new_target is not null then
    needed := array[new_target];
    if entered.sweeping then
      with recursive below(digest) as (
        select new_target union select l.child from below b join link l on l.parent = b.digest)
      select array_agg(digest) into needed from below;
    end if;
    select c into missing from claim_blocks(who, needed) c limit 1;
    if missing is not null then
      outcome := 3;
      return;
    end if;
  end if;
  if expected_time is null then
    insert into name values (the_name, new_time, new_writer, new_target, new_codec) on conflict do nothing;
  else
    update name set stamp_time = new_time, stamp_writer = new_writer, target = new_target, codec = new_codec
      where name = the_name and stamp_time = expected_time and stamp_writer = expected_writer
        and (new_time, new_writer) > (stamp_time, stamp_writer);
  end if;
  if not found then
    -- An earlier attempt of this very call may have been committed while this one waited for it.
    select 0, h.xid, h.seq into outcome, at_xid, at_seq from name_history h
      where h.name = the_name and h.stamp_time = new_time and h.stamp_writer = new_writer;
    outcome := coalesce(outcome, 1);
    return;
  end if;
  insert into fact_group (member, facts) values (who, new_facts) returning xid, seq into at_xid, at_seq;
  insert into name_history values (the_name, new_time, new_writer, new_target, new_codec, expected_time,
    expected_writer, at_xid, at_seq);
  outcome := 0;
end $$;
