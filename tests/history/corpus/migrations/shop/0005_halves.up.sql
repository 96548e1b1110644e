CREATE TABLE gate (id integer);
