SELECT 'ints',id,t,tu,s,su,m,mu,i,iu,b,bu,y,b1+0,b10+0,b64+0 FROM v.ints;
SELECT 'nums',id,f+0e0,d,d1,d5,d10,d18,d65,d650 FROM v.nums;
SELECT 'times',times.* FROM v.times;
SELECT 'strs',id,HEX(c),HEX(c255),HEX(cl),HEX(vc),HEX(vl),HEX(v2),HEX(bn),HEX(vb),HEX(tt),HEX(tx),HEX(mt),HEX(lt),HEX(tb),HEX(bl),HEX(mb),HEX(lb),e+0,s+0,HEX(g),HEX(p) FROM v.strs;
