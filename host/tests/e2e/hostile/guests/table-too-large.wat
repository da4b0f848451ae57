;; H07: has a table larger than any instance may have.
;; expect: refused table
(table 1000000 funcref)
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))
