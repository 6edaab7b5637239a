-- Up Migration

-- Which connections follow which channels, on every node that runs. It is no data: a database that starts anew or takes over has none of
-- it, and the nodes write it again. The rows of a node go with the node.
CREATE UNLOGGED TABLE presence (
  channel text NOT NULL,
  node text NOT NULL REFERENCES nodes ON DELETE CASCADE,
  id text NOT NULL,
  account text NOT NULL,
  device text NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (channel, node, id)
);

CREATE INDEX presence_node ON presence (node);
