;; H07: has a table that counts in 64 bits.
;; expect: refused 64-bit
(table i64 1 funcref)
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))
