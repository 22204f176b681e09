-- One of each kind of event and the types that MariaDB 11.8 has of its own.
SET NAMES utf8mb4; SET SESSION sql_mode='', time_zone='+00:00'; CREATE DATABASE v; USE v;
CREATE TABLE geo (id INT PRIMARY KEY, c CHAR(5) CHARACTER SET latin1, g GEOMETRY, t VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p POINT, e ENUM('a','ü') CHARACTER SET latin1, j JSON, s SET('q') CHARACTER SET utf8mb4, b BLOB);
INSERT INTO geo VALUES (1,'a',ST_GeomFromText('POINT(1 2)'),'b',ST_GeomFromText('POINT(1 2)'),'ü','{"a":1}','q','x');
CREATE TABLE net (id INT PRIMARY KEY, c CHAR(5) CHARACTER SET latin1, u UUID, v6 INET6, v4 INET4, t VARCHAR(10) COLLATE utf8mb4_bin);
INSERT INTO net VALUES (1,'a','123e4567-e89b-12d3-a456-426655440000','2001:db8::ff00:42:8329','10.0.0.1','x'),(2,'b',NULL,'::','0.0.0.0','y'),(3,'c','00000000-0000-0000-0000-000000000000','::1','255.255.255.0','z');
CREATE TABLE comp (id INT PRIMARY KEY, x VARCHAR(10) COLLATE latin1_bin, c VARCHAR(1000) COMPRESSED, b BLOB COMPRESSED, y VARCHAR(10) COLLATE utf8mb4_bin); INSERT INTO comp VALUES (1,'x',REPEAT('a',500),REPEAT('b',500),'y');
CREATE TABLE ver (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING; INSERT INTO ver VALUES (1,2); UPDATE ver SET a=3; DELETE FROM ver;
CREATE SEQUENCE sq; SELECT NEXTVAL(sq);
SET binlog_row_image=MINIMAL; CREATE TABLE nopk (a INT DEFAULT 5, b INT); INSERT INTO nopk VALUES (); INSERT INTO nopk() VALUES (),(); UPDATE nopk SET a=1; SET binlog_row_image=FULL;
SET GLOBAL log_bin_compress=ON, log_bin_compress_min_len=10; CREATE TABLE lb (id INT PRIMARY KEY, t TEXT, n INT UNSIGNED); INSERT INTO lb VALUES (1,REPEAT('hello',1000),4294967295),(2,'x',2); UPDATE lb SET n=n-1; DELETE FROM lb; CREATE TABLE lb2 (id INT PRIMARY KEY, t TEXT, n INT UNSIGNED COMMENT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'); SET GLOBAL log_bin_compress=OFF;
XA START 'g','b',7; INSERT INTO lb VALUES (5,'x',5); XA END 'g','b',7; XA PREPARE 'g','b',7; XA COMMIT 'g','b',7;
SET binlog_format=STATEMENT; SET @u=5; INSERT INTO lb(id) VALUES (@u+5+RAND()); SET binlog_format=ROW;
SET GLOBAL mysql56_temporal_format=OFF; CREATE TABLE oldt (id INT PRIMARY KEY, t TIME, d DATETIME, s TIMESTAMP NULL); SET GLOBAL mysql56_temporal_format=ON;
INSERT INTO oldt VALUES (1,'-838:59:59','9999-12-31 23:59:59','2038-01-19 03:14:07'),(2,'12:34:56','2020-00-00','1970-01-01 00:00:01'),(3,'00:00:00','0000-00-00','0000-00-00');
CREATE TABLE newer (id INT PRIMARY KEY, s TIMESTAMP NULL); INSERT INTO newer VALUES (1,'2106-02-07 06:28:15'),(2,'2038-01-19 03:14:08');
SET STATEMENT binlog_alter_two_phase=ON FOR ALTER TABLE newer ADD COLUMN z INT;
CREATE TABLE vecm (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR INDEX (v)); INSERT INTO vecm VALUES (1, Vec_FromText('[1,2,3]'));
