-- What SQLite's tables can be besides what models say.
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE COLLATE NOCASE, name TEXT DEFAULT 'x''y', created TIMESTAMP DEFAULT CURRENT_TIMESTAMP, score REAL, flag BOOLEAN DEFAULT 0, "select" anything, bare);
CREATE TABLE orders (id integer primary key autoincrement, customer_id int references customers on delete cascade on update cascade, total decimal(10,2) check (total >= 0), meta json, key text not null default (lower('A')), twice generated always as (total * 2) stored, CONSTRAINT pos CHECK (total < 1000));
CREATE INDEX orders_part ON orders (total DESC, lower(meta)) WHERE total > 5;
CREATE INDEX binary_order ON orders (key COLLATE BINARY);
CREATE UNIQUE INDEX once ON orders (customer_id, total);
CREATE UNIQUE INDEX once_part ON orders (customer_id) WHERE total > 5;
CREATE TABLE strict_one (id integer primary key, n int) STRICT;
CREATE TABLE pair (a int, b int, primary key (a, b)) without rowid;
CREATE TABLE child (id integer primary key, x int, y int, foreign key (x, y) references pair (a, b));
CREATE TABLE [Odd Name] ([Id] integer primary key, `a"b` int);
CREATE VIEW v AS SELECT id, email FROM customers;
CREATE TRIGGER tr AFTER INSERT ON customers BEGIN SELECT 1; SELECT 2; END;
CREATE VIRTUAL TABLE docs USING fts5(body);
CREATE TABLE said_otherwise (id integer primary key, yes boolean default true not null, no boolean default FALSE, r int);
CREATE INDEX mixed ON said_otherwise (lower(no), r);
CREATE INDEX mixed_down ON said_otherwise (lower(no), r DESC);
CREATE TABLE named (name text primary key collate nocase);
CREATE TABLE naming (id integer primary key, name text references named (name), other text collate rtrim references named (name));
