SELECT 'js',id,CAST(j AS CHAR) FROM v.js;
SELECT 'vec',id,HEX(v),HEX(w) FROM v.vec;
