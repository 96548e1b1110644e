-- What tables of MariaDB can be besides what models say.
CREATE TABLE customer (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, email varchar(80) NOT NULL, name text, m enum('a','it''s') DEFAULT 'a', st set('x','y'), flags tinyint(1) NOT NULL DEFAULT 0, tiny tinyint DEFAULT 5, med mediumint, mt mediumtext, created timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(), seen datetime(6) DEFAULT current_timestamp(6), d0 datetime, doc json, code char(2), r float, dbl double, y year, b bit(1) DEFAULT b'0', bin varbinary(16), bl blob, uid char(32), dec1 decimal(10,2) DEFAULT 0.00, latin varchar(20) CHARACTER SET latin1 DEFAULT 'z', big bigint unsigned, t time(3), pt point, UNIQUE KEY customer_email_key (email), KEY nameprefix (name(10)), FULLTEXT KEY ft (name), KEY combo (code DESC, tiny)) COMMENT='it''s us' DEFAULT CHARSET=utf8mb4;
CREATE TABLE orders (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id int unsigned NOT NULL, total decimal(10,2) DEFAULT 0 CHECK (total >= 0), twice decimal(12,2) GENERATED ALWAYS AS (total * 2) STORED, v int AS (customer_id + 1) VIRTUAL, parent bigint, state varchar(10) NOT NULL DEFAULT 'new' COMMENT 'wh''at', CONSTRAINT ok CHECK (state in ('new','old')), CONSTRAINT fkc FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE, CONSTRAINT fkp FOREIGN KEY (parent) REFERENCES orders (id) ON DELETE SET NULL ON UPDATE CASCADE, KEY st (state)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE child (id int PRIMARY KEY, x int, y int, CONSTRAINT two FOREIGN KEY (x, y) REFERENCES pair (a, b));
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE mi (id int PRIMARY KEY, a int) ENGINE=MyISAM;
CREATE VIEW v AS SELECT id, email FROM customer;
CREATE TRIGGER tr BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = 'x';
CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1;
CREATE SEQUENCE sq START WITH 5;
CREATE TABLE `Odd Name` (`Id` int PRIMARY KEY, `select` text, `a``b` int, `key` int, KEY `key` (`key`));
CREATE TABLE remarked (id int PRIMARY KEY COMMENT 'it''s "c" \\ x', a int COMMENT 'two\nlines') COMMENT='c:\\new';
CREATE TABLE a_pair (a int, b int, c int, PRIMARY KEY (a, c), CONSTRAINT a_two FOREIGN KEY (a, b) REFERENCES pair (a, b));
SET @odd = @@SESSION.sql_mode; SET SESSION sql_mode = '';
CREATE TABLE aged (id int PRIMARY KEY, at datetime NOT NULL DEFAULT '0000-00-00 00:00:00', day date DEFAULT '2020-01-01');
SET SESSION sql_mode = @odd;
