CREATE TABLE shop_customer (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(80) NOT NULL UNIQUE, kind tinytext);
CREATE TABLE orders (number varchar(10) NOT NULL PRIMARY KEY, customer_id integer NOT NULL REFERENCES shop_customer (id) ON DELETE CASCADE, sort text NOT NULL DEFAULT 'x', total integer NOT NULL DEFAULT 1, twice integer GENERATED ALWAYS AS (total * 2) STORED, CONSTRAINT some CHECK (total > 0));
CREATE INDEX by_customer ON orders (customer_id, sort DESC) WHERE total > 1;
CREATE UNIQUE INDEX once ON orders (customer_id, total);
CREATE TABLE shop_detail (id integer NOT NULL PRIMARY KEY, customer_id integer NULL UNIQUE COLLATE NOCASE REFERENCES shop_customer (email));
