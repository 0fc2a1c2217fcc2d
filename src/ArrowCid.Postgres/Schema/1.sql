-- The registry of a pool, version 1. POOL.md says what each table means, and which step of the protocol uses it.

create sequence fact_seq;
create sequence generation;
create sequence member_id;

create table pool (
  id uuid not null,
  blocks text not null,
  created timestamptz not null default clock_timestamp()
);

create table member (
  id bigint primary key default nextval('member_id'),
  store uuid not null,
  host text not null,
  joined timestamptz not null default clock_timestamp(),
  lease_until timestamptz not null
);

create table follower (
  store uuid primary key,
  xid xid8 not null,
  seq bigint not null
);

-- The log: groups of FACTS.md, byte for byte. Readers go by (xid, seq) below the oldest transaction that is open.
create table fact_group (
  xid xid8 not null default pg_current_xact_id(),
  seq bigint not null default nextval('fact_seq'),
  member bigint not null,
  facts bytea not null check (octet_length(facts) between 1 and 65536),
  primary key (xid, seq)
);

-- Derived from fact_group: the value of each word that has the greatest stamp.
create table word (
  digest bytea not null,
  kind smallint not null,
  key bytea not null,
  stamp_time bigint not null,
  stamp_writer uuid not null,
  value bytea not null,
  codec bigint not null,
  text bytea,
  number bigint,
  links bytea[],
  facts bytea not null,
  primary key (digest, kind, key)
);
create index word_text on word (kind, key, text, digest);
create index word_number on word (kind, number) where number is not null;
create index word_links on word using gin (links) where links is not null;

-- Derived from fact_group.
create table name_history (
  name text collate "C" not null,
  stamp_time bigint not null,
  stamp_writer uuid not null,
  target bytea,
  codec bigint,
  previous_time bigint,
  previous_writer uuid,
  xid xid8 not null,
  seq bigint not null,
  primary key (name, stamp_time, stamp_writer)
);

create table name (
  name text collate "C" primary key,
  stamp_time bigint not null,
  stamp_writer uuid not null,
  target bytea,
  codec bigint
);
create index name_target on name (target);

create table block (
  digest bytea primary key check (octet_length(digest) = 32),
  codec bigint not null,
  kind smallint not null,
  schema bytea,
  rows bigint not null,
  bytes bigint not null,
  created timestamptz not null default clock_timestamp()
);
create index block_created on block (created, digest);
create index block_schema on block (schema, created, digest) where schema is not null;

create table link (
  parent bytea not null,
  child bytea not null,
  primary key (parent, child)
);
create index link_child on link (child);

-- States: U uploading, L live, D dead, X being deleted.
create table object (
  key text collate "C" primary key,
  state "char" not null default 'U' check (state in ('U', 'L', 'D', 'X')),
  member bigint not null,
  bytes bigint not null,
  since timestamptz not null default clock_timestamp()
);
create index object_state on object (state, since);

create table place (
  digest bytea not null,
  key text collate "C" not null references object (key),
  at bigint not null,
  length bigint not null,
  primary key (digest, key)
);
create index place_key on place (key);

-- What keeps a block: a recent claim of a member, or a hold while its member's lease runs.
create table claim (
  digest bytea not null,
  member bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (digest, member)
);

create table hold (
  digest bytea not null,
  member bigint not null references member (id) on delete cascade,
  primary key (digest, member)
);

create table sweep (
  one boolean primary key default true check (one),
  epoch bigint not null default 0,
  is_open boolean not null default false,
  opened timestamptz not null default clock_timestamp()
);
insert into sweep default values;

create unlogged table mark (
  epoch bigint not null,
  digest bytea not null,
  primary key (epoch, digest)
);

-- The roots of a collection. A claim counts while it is younger than `young`.
create function root(young timestamptz) returns table (digest bytea, reason text, detail text)
language sql stable as $$
  select n.target, 'name', n.name from name n where n.target is not null
  union all
  select w.digest, 'pin', '' from word w where w.kind = 8 and w.text = '\x31'
  union all
  select w.digest, 'expiry', to_char(to_timestamp(w.number / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from word w where w.kind = 6 and to_timestamp(w.number / 1000.0) > clock_timestamp()
  union all
  select h.digest, 'hold', m.id || ' on ' || m.host
  from hold h join member m on m.id = h.member where m.lease_until > clock_timestamp()
  union all
  select c.digest, 'recent', 'member ' || c.member from claim c where c.at > young
  union all
  select p.digest, 'recent', 'member ' || o.member
  from object o join place p on p.key = o.key where o.state in ('U', 'L') and o.since > young
$$;

-- The first step of every transaction that needs blocks: waits for a collector that opens or closes a sweep, and
-- refuses a member whose lease has ended.
create function enter(who bigint, out is_member boolean, out sweeping boolean, out now_ms bigint)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('arrowcid.pool'), hashtext(current_schema()));
  select exists (select from member m where m.id = who and m.lease_until > clock_timestamp()),
         (select s.is_open from sweep s), (extract(epoch from clock_timestamp()) * 1000)::bigint
    into is_member, sweeping, now_ms;
end $$;

-- Claims blocks that are live, under a shared lock that the collector's lock excludes. Returns those that are not.
create function claim_blocks(who bigint, wanted bytea[]) returns setof bytea
language plpgsql as $$
begin
  perform o.key from object o
    where o.key in (select p.key from place p where p.digest = any (wanted)) and o.state = 'L'
    order by o.key for share of o;
  insert into claim (digest, member)
    select distinct p.digest, who from place p join object o on o.key = p.key
    where p.digest = any (wanted) and o.state = 'L' order by 1
    on conflict (digest, member) do update set at = clock_timestamp();
  return query select w from unnest(wanted) w
    where not exists (select from place p join object o on o.key = p.key where p.digest = w and o.state = 'L');
end $$;

-- Changes a name where its last change is the expected one and the new stamp is later. The same call again answers as
-- the first one did. Outcomes: 0 done, 1 another change was first, 2 the member is fenced, 3 a block is missing.
create function swap_name(who bigint, the_name text, new_target bytea, new_codec bigint, new_time bigint,
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
