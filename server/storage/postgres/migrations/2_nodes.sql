-- Up Migration

-- What many nodes need to stay right while parts fail: a write that depends on one item, the nodes that are running, and a
-- refusal for hubs that are older than the tables.

-- The nodes that run, each seen every few seconds, by the database's clock.
CREATE TABLE nodes (
  node text PRIMARY KEY,
  relay text NOT NULL,
  seen timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- The migration that a hub has to know to write. Each later migration that old hubs must not write to replaces it, and raises all fences.
CREATE FUNCTION needed_migration() RETURNS int LANGUAGE sql STABLE AS 'SELECT 2';

DROP FUNCTION take_lane(text);

-- What a hub calls that knows the first migration only. Its writes fail with this sentence.
CREATE FUNCTION take_lane(p_lane text) RETURNS lanes LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a newer Horai has migrated the database: install that version on this node too' USING ERRCODE = 'HOR02';
END
$$;

-- Takes a lane, or takes it back: whatever was sent over its older connection is over when this returns, or never begins.
CREATE FUNCTION take_lane(p_lane text, p_migration int) RETURNS lanes LANGUAGE plpgsql AS $$
DECLARE
  l lanes;
BEGIN
  IF p_migration < needed_migration() THEN
    RAISE EXCEPTION 'a newer Horai has migrated the database: install that version on this node too' USING ERRCODE = 'HOR02';
  END IF;
  INSERT INTO lanes (lane, fence) VALUES (p_lane, 1)
  ON CONFLICT (lane) DO UPDATE SET fence = lanes.fence + 1, used = now()
  RETURNING * INTO l;
  RETURN l;
END
$$;

DROP FUNCTION append(
  text, bigint, bigint, text[], bigint[], boolean[], text[], text[], bigint[], text[], text[], text[], bigint[], bigint[], bigint[]
);

-- A batch of writes, one row for each op. `p_name` begins a channel: each comes once, and in order of name, so that batches lock in
-- one order. `p_at` begins a write (null for one that goes on); a last one of -1 ends the batch. A write without ops is a row
-- without. Answered are, in the same order: for each write m(ade), r(eplayed), s(tale) or a(bsent), its seq and, after a colon, its steps;
-- for each op c(reate), u(pdate), d(elete) or - for nothing.
CREATE FUNCTION append(
  p_lane text, p_fence bigint, p_batch bigint,
  p_name text[], p_at bigint[], p_all boolean[], p_origin text[], p_id text[], p_base bigint[],
  p_needs text[],
  p_op text[], p_key text[], p_value text[], p_time bigint[], p_until bigint[], p_version bigint[],
  OUT outcomes text, OUT seqs text, OUT did text
) LANGUAGE plpgsql AS $$
DECLARE
  r record;
  w record;
  c channels;
  i items;
  before bigint;
  outcome text;
  moved boolean := false;
  same boolean;
  new_moment bigint;
  made_born bigint;
  same_seqs text;
BEGIN
  outcomes := '';
  seqs := '';
  did := '';
  UPDATE lanes SET used = now() WHERE lane = p_lane AND fence = p_fence;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another connection has this lane' USING ERRCODE = '08HOR';
  END IF;
  FOR r IN
    SELECT * FROM unnest(
      p_name, p_at, p_all, p_origin, p_id, p_base, p_needs, p_op, p_key, p_value, p_time, p_until, p_version
    ) AS t (name, at, keep_all, origin, id, base, needs, op, key, value, time, until, version)
  LOOP
    IF r.at IS NOT NULL THEN
      IF outcome = 'm' THEN
        seqs := seqs || ' ' || c.seq || ':' || c.seq - before;
        IF w.id IS NOT NULL THEN
          INSERT INTO answers (account, channel, seq, steps, at, id) VALUES (c.account, c.id, c.seq, c.seq - before, w.at, w.id);
        END IF;
        moved := moved OR c.seq > before;
      END IF;
      IF moved AND (r.name IS NOT NULL OR r.at = -1) THEN
        UPDATE channels SET seq = c.seq, version = c.version, items = c.items, longest = c.longest
        WHERE account = c.account AND name = c.name;
        moved := false;
      END IF;
      EXIT WHEN r.at = -1;

      IF r.name IS NOT NULL THEN
        c := lock_channel(r.name);
      END IF;
      w := r;
      before := c.seq;
      outcome := 'm';
      IF w.id IS NOT NULL THEN
        SELECT seqs || ' ' || a.seq || ':' || a.steps INTO same_seqs FROM answers a
        WHERE a.account = c.account AND a.channel = c.id AND a.id = w.id;
        IF FOUND THEN
          seqs := same_seqs;
          outcome := 'r';
        END IF;
      END IF;
      IF outcome = 'm' AND w.base IS NOT NULL AND w.base <> c.seq THEN
        seqs := seqs || ' ' || c.seq || ':0';
        outcome := 's';
      END IF;
      IF outcome = 'm' AND w.needs IS NOT NULL AND NOT EXISTS (
        SELECT FROM items WHERE account = c.account AND channel = c.id AND key = w.needs AND born IS NOT NULL
      ) THEN
        seqs := seqs || ' ' || c.seq || ':0';
        outcome := 'a';
      END IF;
      outcomes := outcomes || outcome;
    END IF;

    CONTINUE WHEN r.op IS NULL;
    IF outcome <> 'm' THEN
      did := did || '-';
      CONTINUE;
    END IF;

    SELECT * INTO i FROM items WHERE account = c.account AND channel = c.id AND key = r.key;
    same := i.born IS NULL AND r.op = 'remove' OR i.born IS NOT NULL AND r.op = 'add';
    IF i.born IS NOT NULL AND r.op = 'put' THEN
      SELECT s.value = r.value AND s.time IS NOT DISTINCT FROM r.time AND s.until IS NOT DISTINCT FROM r.until INTO same
      FROM steps s WHERE s.account = c.account AND s.channel = c.id AND s.seq = i.seq AND s.moment = i.moment;
    END IF;
    IF same THEN
      did := did || '-';
      CONTINUE;
    END IF;

    c.seq := c.seq + 1;
    c.version := greatest(c.version, r.version);
    c.longest := greatest(c.longest, r.until - r.time);
    new_moment := coalesce(r.time, w.at * 1000);
    made_born := CASE WHEN r.op = 'remove' THEN NULL ELSE coalesce(i.born, c.seq) END;
    IF i.key IS NULL OR w.keep_all THEN
      INSERT INTO steps (account, channel, seq, moment, time, until, version, at, born, prev, key, origin, value)
      VALUES (c.account, c.id, c.seq, new_moment, r.time, r.until, r.version, w.at, made_born, i.seq, r.key, w.origin, r.value);
    ELSE
      UPDATE steps s SET seq = c.seq, moment = new_moment, time = r.time, until = r.until, version = r.version,
        at = w.at, born = made_born, origin = w.origin, value = r.value
      WHERE s.account = c.account AND s.channel = c.id AND s.seq = i.seq AND s.moment = i.moment;
    END IF;
    IF i.key IS NULL THEN
      INSERT INTO items (account, channel, seq, moment, born, key)
      VALUES (c.account, c.id, c.seq, new_moment, made_born, r.key);
    ELSE
      UPDATE items SET seq = c.seq, moment = new_moment, born = made_born
      WHERE account = c.account AND channel = c.id AND key = r.key;
    END IF;
    IF made_born IS NULL THEN
      c.items := c.items - 1;
      did := did || 'd';
    ELSIF i.born IS NULL THEN
      c.items := c.items + 1;
      did := did || 'c';
    ELSE
      did := did || 'u';
    END IF;
  END LOOP;
  UPDATE lanes l SET batch = p_batch, outcomes = append.outcomes, seqs = append.seqs, did = append.did WHERE l.lane = p_lane;
END
$$;

-- Connections of older hubs lose their lanes, and are refused when they take them again.
UPDATE lanes SET fence = fence + 1;
