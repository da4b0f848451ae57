;; H07: grows a table by 2^31 elements; traps if it gets them.
;; expect: fine
(table $table 1 funcref)
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (if (i32.ne (table.grow $table (ref.null func) (i32.const 0x7fffffff)) (i32.const -1))
    (then (unreachable)))
  (global.get $fine))
