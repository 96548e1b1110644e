-- depends: shop.0002_changes
-- up
CREATE TABLE crate (
  id integer PRIMARY KEY, -- counted by hand
  label varchar(40)
);
INSERT INTO crate VALUES (1, 'apples;  pears'); /* one row */
-- down
DROP TABLE crate;
