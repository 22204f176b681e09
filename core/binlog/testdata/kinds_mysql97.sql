-- One of each kind of event that MySQL 9.7 writes for a client's doing.
SET NAMES utf8mb4; SET SESSION sql_mode='', time_zone='+00:00'; CREATE DATABASE v; USE v;
CREATE TABLE mv (id INT PRIMARY KEY, j JSON, KEY mk ((CAST(j->'$.a' AS UNSIGNED ARRAY)))); INSERT INTO mv VALUES (1,'{"a":[1,2,3]}'); UPDATE mv SET j='{"a":[4]}';
CREATE TABLE mvc (id INT PRIMARY KEY, j JSON, KEY mk ((CAST(j->'$.a' AS CHAR(300) ARRAY)))); INSERT INTO mvc VALUES (1,'{"a":["x"]}'); DROP TABLE mvc;
CREATE TABLE fi (id INT PRIMARY KEY, a INT, b INT AS (a+1) VIRTUAL, c INT AS (a*2) STORED, KEY f ((a+5))); INSERT INTO fi(id,a) VALUES (1,10); UPDATE fi SET a=20;
CREATE TABLE inv (id INT, a INT INVISIBLE, b VARCHAR(10) COLLATE utf8mb4_bin, c VARCHAR(10) CHARACTER SET latin1, PRIMARY KEY (b(3), id)); INSERT INTO inv(id,a,b,c) VALUES (1,2,'x','y');
SET binlog_row_image=MINIMAL; CREATE TABLE mini (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b TEXT, c INT NULL); INSERT INTO mini(a) VALUES (1); UPDATE mini SET b='x'; UPDATE mini SET b=NULL; DELETE FROM mini;
CREATE TABLE nopk (a INT DEFAULT 5, b INT); INSERT INTO nopk VALUES (5,NULL); UPDATE nopk SET a=1; DELETE FROM nopk;
SET binlog_row_image=NOBLOB; INSERT INTO mini(a,b) VALUES (1,'t'); UPDATE mini SET a=5; SET binlog_row_image=FULL;
SET binlog_row_value_options=PARTIAL_JSON; CREATE TABLE pj(id INT PRIMARY KEY, j JSON); INSERT INTO pj VALUES (1,JSON_OBJECT('a',REPEAT('x',200),'b',1)); UPDATE pj SET j=JSON_SET(j,'$.b',2); SET binlog_row_value_options='';
SET binlog_transaction_compression=ON; BEGIN; INSERT INTO mini(a,b) VALUES (77,REPEAT('z',100000)); UPDATE mini SET a=78 WHERE a=77; COMMIT; SET binlog_transaction_compression=OFF;
SET gtid_next='aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:mytag:5'; INSERT INTO mini(a) VALUES (9); SET gtid_next=AUTOMATIC;
SET gtid_next='AUTOMATIC:other'; INSERT INTO mini(a) VALUES (10); SET gtid_next=AUTOMATIC;
XA START 'g','b',7; INSERT INTO mini(a) VALUES (11); XA END 'g','b',7; XA PREPARE 'g','b',7; XA COMMIT 'g','b',7;
XA START 'o'; INSERT INTO mini(a) VALUES (12); XA END 'o'; XA COMMIT 'o' ONE PHASE;
SET binlog_format=STATEMENT; SET @u=5; SET @n=NULL; INSERT INTO mini(a) VALUES (@u+RAND()); INSERT INTO mini(a) VALUES (LAST_INSERT_ID()); INSERT INTO mini(b) VALUES (@n); SET binlog_format=ROW;
SET foreign_key_checks=0, unique_checks=0; INSERT INTO mini(a) VALUES (13); SET foreign_key_checks=1, unique_checks=1;
SET binlog_rows_query_log_events=ON; INSERT INTO mini(a) VALUES (14);
