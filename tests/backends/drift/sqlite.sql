-- Changes of tables by hand on SQLite, one in a line; `T#` is a table of its own, `#` its number, `;;` stands between statements.
ALTER TABLE T# ADD COLUMN z int
ALTER TABLE T# DROP COLUMN twice
CREATE INDEX c#_i ON T# (n COLLATE NOCASE)
DROP INDEX c#_two ;; CREATE INDEX c#_two ON T# (n DESC, m)
DROP INDEX c#_two ;; CREATE INDEX c#_two ON T# (n, m) WHERE m > 3
DROP INDEX c#_two ;; CREATE UNIQUE INDEX c#_two ON T# (n, m)
CREATE UNIQUE INDEX c#_low ON T# (lower(c))
CREATE TRIGGER c#_t AFTER INSERT ON T# BEGIN SELECT 1; END
CREATE VIEW c#_v AS SELECT n FROM T#
CREATE VIRTUAL TABLE c#_fts USING fts5(body)
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, ' AUTOINCREMENT', '') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE ("m", "n")', 'UNIQUE ("m", "n") ON CONFLICT IGNORE') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'varchar(40) NOT NULL', 'varchar(40) NOT NULL ON CONFLICT FAIL') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'STORED', 'VIRTUAL') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, ' DEFERRABLE INITIALLY DEFERRED', '') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, ' DEFERRABLE INITIALLY DEFERRED', ' ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'ON DELETE CASCADE', 'ON DELETE SET NULL') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, '"t" text', '"t" text COLLATE NOCASE') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, '"t" text', '"t" blob') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'DEFAULT 5', 'DEFAULT 6') WHERE name='T#'
PRAGMA writable_schema = 1 ;; UPDATE sqlite_master SET sql = replace(sql, 'n > 0', 'n > 1') WHERE name='T#'
